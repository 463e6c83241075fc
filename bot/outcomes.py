"""What Slack's errors mean: try again, look what happened, give this message up, or ask a person to act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.errors import DeliveryError

#: Where Slack doesn't say how long to wait, in seconds.
PAUSE = 5.0

#: What a person can do about each error that ends all posting, or posting to one channel.
TOKEN_ERRORS = {
    "not_authed": "No bot token was sent; set SLACK_BOT_TOKEN",
    "invalid_auth": "Slack does not know this bot token; copy SLACK_BOT_TOKEN again from OAuth & Permissions",
    "account_inactive": "The app was removed from the workspace; install it again and set the new SLACK_BOT_TOKEN",
    "token_revoked": "The bot token was revoked; install the app again and set the new SLACK_BOT_TOKEN",
    "token_expired": "The bot token has expired; install the app again and set the new SLACK_BOT_TOKEN",
    "not_allowed_token_type": "SLACK_BOT_TOKEN must be a bot token, which begins with xoxb-",
}
CHANNEL_ERRORS = {
    "channel_not_found": "There is no channel {channel} that the bot can see; in a private channel, /invite it",
    "not_in_channel": "The bot is not in {channel}; type /invite @papers there",
    "is_archived": "The channel {channel} is archived; unarchive it or /papers unsubscribe",
    "restricted_action": "A workspace setting keeps the bot from posting to {channel}; ask an admin",
    "missing_scope": "The app lacks a scope for {channel}; install it again from `papers-bot manifest`",
}
#: Slack will refuse this very message every time.
_MESSAGE_ERRORS = frozenset({
    "invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text",
    "invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large", "metadata_must_be_sent_from_app",
    # Somebody deleted the header that the thread hangs on.
    "thread_not_found",
})  # fmt: skip
#: The server failed, and may have done the work all the same.
_UNSURE_ERRORS = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})


class NotSent(Exception):  # noqa: N818 - an outcome, not a mistake
    """Slack certainly does not have the message; worth another try after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"try again after {retry_after:.0f} s")


class MaybeSent(Exception):  # noqa: N818
    """The connection or the server failed: only the channel's history can tell.

    When the server `answered`, whatever it did is done; otherwise it may still be at it.
    """

    def __init__(self, problem: str, *, answered: bool) -> None:
        self.answered = answered
        super().__init__(problem)


class BadMessage(Exception):  # noqa: N818
    """Slack will never take this message."""


@contextmanager
def repeatable(channel: str = "", harmless: frozenset[str] = frozenset()) -> Iterator[None]:
    """Around a call that may be made twice without harm.

    Errors named in `harmless` pass for success. Raises NotSent when Slack is busy, broken or out of reach
    just now, and DeliveryError when a person has to act.
    """
    try:
        yield
    except SlackApiError as error:
        if code_of(error) not in harmless:
            raise _passing_or_refusal(error, channel) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NotSent(PAUSE) from error


def code_of(error: SlackApiError) -> str:
    data = error.response.data if hasattr(error.response, "data") else {}
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def outcome(error: SlackApiError, channel: str) -> Exception:
    status, code = int(getattr(error.response, "status_code", 500)), code_of(error)
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        return NotSent(_retry_after(error))
    if status >= 500 or not code or code in _UNSURE_ERRORS:
        return MaybeSent(code or f"HTTP status {status}", answered=True)
    if code in _MESSAGE_ERRORS:
        return BadMessage(code)
    return refusal(error, channel)


def _passing_or_refusal(error: SlackApiError, channel: str) -> NotSent | DeliveryError:
    """For a call that can be repeated: Slack is busy or broken just now, or a person has to act."""
    match outcome(error, channel):
        case NotSent() as later:
            return later
        case MaybeSent():
            return NotSent(PAUSE)
    return refusal(error, channel)


def refusal(error: SlackApiError, channel: str) -> DeliveryError:
    code = code_of(error) or "no answer that can be read"
    advice = TOKEN_ERRORS.get(code) or CHANNEL_ERRORS.get(code, "Slack refused a call for {channel}")
    return DeliveryError(code, advice.format(channel=channel or "this workspace"))


def _retry_after(error: SlackApiError) -> float:
    try:
        return max(0.0, float(header_of(error.response.headers, "retry-after") or 1))
    except ValueError:
        return 1.0


def header_of(headers: Mapping[str, Any], name: str) -> str:
    """A header of one of Slack's answers by its name in small letters, however it was sent; empty without it."""
    return str({known.lower(): value for known, value in headers.items()}.get(name, ""))
