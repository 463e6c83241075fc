"""What stands beside a file, and an entry to copy."""

from __future__ import annotations

from bot.messages.answers import quoted
from bot.messages.blocks import Block, Message, link, section
from storage.models import Paper

#: Slack takes no more in one message; a longer entry is cut, which no paper's is without its abstract.
_CODE_LIMIT = 9_000


def sent_message(said: str, url: str) -> Message:
    """A file was sent to somebody's direct messages, which are at `url`; `said` is mrkdwn of ours."""
    text = f"{said} {link(url, 'Open our direct messages') or 'It is in our direct messages'}."
    return {"text": text, "blocks": [section(text)]}


def bibtex_message(paper: Paper, entry: str) -> Message:
    """A BibTeX entry to copy. It stands in a block that shows text letter for letter, so nothing is escaped."""
    said = f"BibTeX of {quoted(paper.title)}"
    code: Block = {"type": "text", "text": entry[:_CODE_LIMIT]}
    boxed: Block = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [code]}],
    }
    return {"text": said, "blocks": [section(said), boxed]}
