"""One paper as a message of its own, as a line of the thread, and as what somebody shared."""

from __future__ import annotations

from bot.messages.blocks import Block, Message, actions, button, context, link, mention, section
from bot.messages.menu import menu, read_button
from bot.messages.text import clip, count, people, sentences
from storage.models import Paper, Tally

VOTE = "vote"
_TITLE_LIMIT = 300
_AUTHORS_LIMIT = 200
_SUMMARY_LIMIT = 1200


def paper_message(paper: Paper, tally: Tally) -> Message:
    """A paper of the edition's top: everything one needs to decide whether to read it."""
    text = "\n".join(part for part in (title(paper), authors(paper), summary(paper)) if part)
    blocks = [section(text), *_below(paper, tally), _row(paper, tally)]
    return {"text": _label(paper), "blocks": blocks}


def rest_message(paper: Paper, tally: Tally) -> Message:
    """A paper of the thread: short, but votable and one click from its abstract."""
    text = "\n".join(part for part in (title(paper), authors(paper)) if part)
    blocks = [section(text), *_below(paper, tally), _row(paper, tally)]
    return {"text": _label(paper), "blocks": blocks}


def shared_message(paper: Paper, tally: Tally, user_id: str) -> Message:
    """A paper that somebody brought to a channel; `user_id` is empty once that person is forgotten."""
    return _brought(paper_message(paper, tally), f"↗ shared by {mention('@', user_id)}" if user_id else "")


def submitted_message(message: Message, user_id: str) -> Message:
    """A paper of an edition that somebody submitted; `user_id` is empty where nobody did, or is forgotten."""
    return _brought(message, f"✋ submitted by {mention('@', user_id)}" if user_id else "")


def _brought(message: Message, how: str) -> Message:
    return {"text": message["text"], "blocks": [*([context(how)] if how else []), *message["blocks"]]}


def drawn(tally: Tally) -> str:
    """What of the votes a post shows: when this differs from what was drawn, the post is stale."""
    return f"{tally.up}/{tally.down}"


def _label(paper: Paper) -> str:
    # Of a title that is all control characters nothing is left.
    return clip(paper.title, _TITLE_LIMIT).strip() or clip(paper.id, _TITLE_LIMIT)


def title(paper: Paper) -> str:
    label = _label(paper)
    linked = link(paper.abstract_url, label) or label
    # A title with an asterisk or a backtick of its own would end the bold face in the middle.
    return linked if set("*`") & set(label) else f"*{linked}*"


def authors(paper: Paper) -> str:
    return clip(people(paper.authors), _AUTHORS_LIMIT)


def summary(paper: Paper, most: int = 3, limit: int = _SUMMARY_LIMIT) -> str:
    warning = withdrawal(paper)
    return warning + clip(sentences(paper.summary or paper.abstract, most), limit - len(warning))


def withdrawal(paper: Paper) -> str:
    return ":warning: Withdrawn by its authors. " if paper.withdrawn else ""


def _below(paper: Paper, tally: Tally) -> list[Block]:
    """Facts and links; a paper from a file may have neither, and Slack takes no empty block."""
    texts = [text for text in (_facts(paper, tally), links(paper)) if text]
    return [context(*texts)] if texts else []


def _facts(paper: Paper, tally: Tally) -> str:
    votes = [f"*{count(tally.up, 'upvote')} here*"] if tally.up else []
    votes += [f"{count(tally.down, 'downvote')} here"] if tally.down else []
    upstream = [f"{count(paper.upvotes, 'upvote')} on Hugging Face"] if paper.upvotes is not None else []
    topics = [clip(", ".join(paper.categories[:4]), 100), clip(", ".join(paper.keywords[:4]), 200)]
    return "  ·  ".join(part for part in (*votes, *upstream, *topics) if part)


def _row(paper: Paper, tally: Tally) -> Block:
    return actions(vote_button(paper, tally), *read_button(paper), *menu(paper))


def links(paper: Paper, *, short: bool = False) -> str:
    """Where a paper and its code are; `short` leaves out what an entry links elsewhere."""
    stars = f" ({count(paper.code_stars, 'star')})" if paper.code_stars else ""
    found = (
        "" if short else link(paper.abstract_url, "Abstract"),
        link(paper.pdf_url, "PDF"),
        link(paper.code_url, f"Code{stars}"),
        link(paper.project_url, "Project page"),
        link(paper.huggingface_url, "Hugging Face") if paper.upvotes is not None and not short else "",
    )
    return "  ·  ".join(filter(None, found))


def vote_button(paper: Paper, tally: Tally) -> Block:
    return button(VOTE, vote_label(tally), paper.id)


def vote_label(tally: Tally) -> str:
    return f"👍 Upvote  {tally.up}" if tally.up else "👍 Upvote"
