"""The opening of a talk about a paper: who wrote it, where it is, and a question to begin with.

The question is made of the paper's own words by rules, so it claims nothing that the paper does not say.
"""

from __future__ import annotations

import re

from bot.messages.answers import notice, quoted
from bot.messages.blocks import Message, actions, button, context, link, section
from bot.messages.papers import title, withdrawal
from bot.messages.text import clip, count, people, split_sentences
from storage.models import Paper, plain

SAVED_UNDO = "saved_undo"
_AUTHORS, _AUTHORS_LIMIT = 12, 600
_QUOTE_LIMIT = 400
_RESULT = re.compile(
    r"\b(?:outperform\w*|surpass\w*|improv\w+ (?:by|over|on|upon)|achiev\w+|state[- ]of[- ]the[- ]art|"
    r"[0-9.]+\s?(?:%|×|x (?:faster|speed))|percent)",
    re.IGNORECASE,
)
_FINDING = re.compile(
    r"\bwe (?:show|find|found|prove|demonstrate|observe|discover|establish)\b", re.IGNORECASE
)
_PROPOSAL = re.compile(
    r"\bwe (?:propose|introduce|present|develop|describe|build|design)\b"
    r"|\bthis (?:paper|work) (?:proposes|introduces|presents)\b",
    re.IGNORECASE,
)
_RELEASE = re.compile(r"\b(?:dataset|benchmark|corpus|survey)\b", re.IGNORECASE)
#: The first kind of sentence that the abstract has gives the question.
_QUESTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (_RESULT, "What is that compared with, and would it hold for what you work on?"),
    (_FINDING, "What would convince you of that, and what could speak against it?"),
    (_PROPOSAL, "What becomes possible with it that was not before, and what does it cost?"),
    (_RELEASE, "Would you use it, and what is missing from it?"),
)


def discussion_message(paper: Paper) -> Message:
    """What opens the thread about a paper."""
    facts = [text for text in (clip(people(paper.authors, _AUTHORS), _AUTHORS_LIMIT), _links(paper)) if text]
    warning = withdrawal(paper)
    return {
        "text": f"Discussion of {quoted(paper.title)}",
        "blocks": [
            section(f"💬 *Let's discuss* {title(paper)}{f' {warning.rstrip()}' if warning else ''}"),
            *([context(*facts)] if facts else []),
            section(first_question(paper)),
        ],
    }


def first_question(paper: Paper) -> str:
    """A question that stands on a sentence of the abstract or, without a telling one, on the title."""
    sentences = split_sentences(plain(paper.abstract or paper.summary))
    for kind, question in _QUESTIONS:
        said = next((sentence for sentence in sentences if kind.search(sentence)), "")
        if said:
            return f"*To begin with:* the abstract says: {quoted(said, _QUOTE_LIMIT)} {question}"
    name = plain(paper.title)
    if name.endswith("?"):
        return f"*To begin with:* the title asks {quoted(name, _QUOTE_LIMIT)} What would you answer after reading it?"
    return f"*To begin with:* what would you want to know from {quoted(name, _QUOTE_LIMIT)} before you read all of it?"


def _links(paper: Paper) -> str:
    discussion = f"{paper.huggingface_url}#community" if paper.huggingface_url else ""
    stars = f" ({count(paper.code_stars, 'star')})" if paper.code_stars else ""
    found = (
        link(paper.abstract_url, "Abstract"),
        link(paper.pdf_url, "PDF"),
        link(discussion, "Discussion on Hugging Face") if paper.upvotes is not None else "",
        link(paper.code_url, f"Code{stars}"),
        link(paper.project_url, "Project page"),
    )
    return "  ·  ".join(filter(None, found))


def discussed_message(paper: Paper, url: str, *, new: bool) -> Message:
    """Where the talk about a paper is, for whoever asked for it."""
    there = link(url, "in the thread of this message") or "in the thread of this message"
    said = "begins" if new else "is already under way"
    return notice(f"The discussion of {quoted(paper.title)} {said} {there}.")


def saved_message(paper: Paper) -> Message:
    """That a paper was saved from where it stood, for whoever saved it."""
    message = notice(f"Saved {quoted(paper.title)} for you alone: `/papers saved` has it.")
    message["blocks"].append(actions(button(SAVED_UNDO, "Undo", paper.id)))
    return message


def unsaved_message(paper: Paper) -> Message:
    return notice(f"Taken back: {quoted(paper.title)} is not among your saved papers any more.")
