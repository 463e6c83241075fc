"""Who asks, and what a command of `/papers` is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from bot.messages import Message, Place


class Asker(NamedTuple):
    """Who asks, and where; `trigger_id` opens a modal for them, for three seconds."""

    user_id: str
    channel_id: str
    trigger_id: str = ""


#: None where the words are no command after all, but a topic. An answer of None is given elsewhere: in a modal.
Answer = Coroutine[Any, Any, Message | None] | None
#: Gets what stands behind the command's name, all that was asked with the place in it, and who asks.
Command = Callable[[str, Place, Asker], Answer]


async def at_once(message: Message) -> Message:
    """A message that needs no waiting, as an answer."""
    return message
