"""Files that people send to the bot, read from Slack and from nowhere else."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp

from bot.errors import DeliveryError, UsageError
from bot.messages import clip
from bot.outcomes import PAUSE, NotSent
from bot.slack import Slack

MOST_BYTES = 2_000_000
_TOO_LARGE = f"is larger than {MOST_BYTES // 1_000_000} MB; send me a part of it."


class Attachment(NamedTuple):
    """A file in a message: what it is called, where Slack keeps it, and how many bytes it has."""

    name: str
    url: str
    size: int = 0


class Attachments:
    """Reads files with the bot's token, which goes to Slack's own hosts alone.

    https://docs.slack.dev/reference/objects/file-object: `url_private_download` wants the token as a bearer.
    """

    def __init__(self, slack: Slack) -> None:
        self.slack = slack

    async def text(self, file: Attachment) -> str:
        """What a text file says.

        Raises UsageError for one that is too large or is kept elsewhere, DeliveryError when the bot may not read
        files, NotSent when Slack can't be reached.
        """
        name = clip(file.name, 100)
        if not is_slacks(file.url, self.slack.client.base_url):
            raise UsageError(f"I can't read {name}, because it is not kept in this Slack workspace.")
        if file.size > MOST_BYTES:
            raise UsageError(f"{name} {_TOO_LARGE}")
        try:
            body = await self._body(file.url, name)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotSent(PAUSE) from error
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            # Whatever it is, these are the bytes of an older file, and what matters of it is ASCII.
            return body.decode("latin-1")

    async def _body(self, url: str, name: str) -> bytes:
        headers = {"Authorization": f"Bearer {self.slack.client.token}"}
        # A redirect could lead, with the token, to another host.
        async with self.slack.session.get(url, headers=headers, allow_redirects=False) as answer:
            # Without the right scope Slack shows its sign-in page, or leads to it.
            if answer.status in (301, 302, 303, 307, 308, 401, 403) or answer.content_type == "text/html":
                raise DeliveryError(
                    "missing_scope", "I may not read files; reinstall the app from its manifest"
                )
            if answer.status == 404:
                raise UsageError(f"{name} is gone. Send it again.")
            answer.raise_for_status()
            body = bytearray()
            async for chunk in answer.content.iter_chunked(65_536):
                body += chunk
                if len(body) > MOST_BYTES:
                    raise UsageError(f"{name} {_TOO_LARGE}")
        return bytes(body)


def is_slacks(url: str, api_url: str) -> bool:
    """Whether an address is at the host of the Web API, or at one of Slack's, over HTTPS."""
    try:
        asked, api = urlsplit(url), urlsplit(api_url)
        if (asked.scheme, asked.hostname, asked.port) == (api.scheme, api.hostname, api.port):
            return bool(asked.hostname) and "@" not in asked.netloc
        secure = asked.scheme == "https" and asked.port in (None, 443) and "@" not in asked.netloc
    except ValueError:
        return False
    return secure and (asked.hostname or "").endswith(".slack.com")
