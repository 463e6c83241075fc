"""Files of the bot's own: their bytes go to an address that Slack gives out for them, then they are shared.

https://docs.slack.dev/messaging/working-with-files#upload
"""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import DeliveryError
from bot.outcomes import PAUSE, BadMessage, MaybeSent, NotSent, outcome, refusal, repeatable
from bot.slack import Slack

#: An address takes a file once; for a second try there is another one.
_TRIES = 2


class Uploaded(NamedTuple):
    """A file that stands in a channel, by its id and its address in Slack."""

    file_id: str
    permalink: str


class Uploads:
    """Sends one workspace's files. Raises DeliveryError when a person has to act, NotSent for a passing trouble."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        client = slack.client
        # A second sharing of a file, after a lost answer, would be a second message.
        self._once = AsyncWebClient(
            token=client.token, base_url=client.base_url, session=slack.session, retry_handlers=[]
        )

    async def send(
        self, channel_id: str, name: str, content: bytes, *, alt_text: str = "", snippet_type: str = ""
    ) -> str:
        """Give Slack a file that nobody sees yet; returns its id. What is not shared, Slack forgets."""
        more = {"alt_txt": alt_text or None, "snippet_type": snippet_type or None}
        for left in reversed(range(_TRIES)):
            with repeatable(channel_id):
                answer = await self.slack.client.files_getUploadURLExternal(
                    filename=name, length=len(content), **more
                )
            try:
                await self._post(str(answer["upload_url"]), name, content)
            except NotSent:
                if not left:
                    raise
            else:
                break
        return str(answer["file_id"])

    async def _post(self, address: str, name: str, content: bytes) -> None:
        """The address is a secret of its own, so the token stays here."""
        if not self.slack.is_slacks(address):
            raise DeliveryError("foreign_upload_url", "The file was to go to an address that is not Slack's")
        try:
            async with self.slack.session.post(
                address, data=io.BytesIO(content), allow_redirects=False
            ) as answer:
                if answer.status == 429 or answer.status >= 500:
                    raise NotSent(PAUSE)
                if answer.status != 200:
                    raise DeliveryError(f"HTTP status {answer.status}", f"Slack did not take the file {name}")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotSent(PAUSE) from error

    async def share(
        self, file_id: str, channel_id: str, *, title: str, comment: str = "", thread_ts: str = ""
    ) -> Uploaded:
        """Show a file that was sent in a channel. Raises MaybeSent where nobody knows whether it is there."""
        try:
            answer = await self._once.files_completeUploadExternal(
                files=[{"id": file_id, "title": title}],
                channel_id=channel_id,
                initial_comment=comment or None,
                thread_ts=thread_ts or None,
            )
        except SlackApiError as error:
            match outcome(error, channel_id):
                case MaybeSent() as unsure:
                    return await self._found(file_id, channel_id, unsure)
                case BadMessage():
                    raise refusal(error, channel_id) from error
                case known:
                    raise known from error
        except aiohttp.ClientConnectorError as error:
            raise NotSent(PAUSE) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            return await self._found(
                file_id, channel_id, MaybeSent(str(error) or "timed out", answered=False)
            )
        return _uploaded(answer["files"][0])

    async def _found(self, file_id: str, channel_id: str, unsure: MaybeSent) -> Uploaded:
        """A file that was shared although the answer was lost. Raises `unsure` when it can't be seen to be."""
        try:
            file: dict[str, Any] = (await self.slack.client.files_info(file=file_id))["file"]
        except (SlackApiError, aiohttp.ClientError, TimeoutError):
            raise unsure from None
        shares = file.get("shares") or {}
        if any(channel_id in shares.get(kind, {}) for kind in ("public", "private")):
            return _uploaded(file)
        raise unsure


def _uploaded(file: dict[str, Any]) -> Uploaded:
    return Uploaded(str(file["id"]), str(file.get("permalink") or ""))
