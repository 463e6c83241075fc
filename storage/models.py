"""The things the store keeps, as frozen values. Times are aware and in UTC unless a name says otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SourceName = Literal["huggingface", "arxiv"]
#: What fails separately: the day lists and announcements, and the search with what is asked of single papers.
Service = Literal["days", "search"]
SOURCES: tuple[SourceName, ...] = get_args(SourceName)
SERVICES: tuple[Service, ...] = get_args(Service)


# https://info.arxiv.org/help/arxiv_identifier.html: since April 2007, and before. The archives are closed, so the
# list can't go stale; without it `owner/1234567` would be a paper.
ARXIV_ARCHIVES = (
    *("acc-phys", "adap-org", "alg-geom", "ao-sci", "astro-ph", "atom-ph", "bayes-an", "chao-dyn", "chem-ph"),
    *("cmp-lg", "comp-gas", "cond-mat", "cs", "dg-ga", "funct-an", "gr-qc", "hep-ex", "hep-lat", "hep-ph"),
    *(
        "hep-th",
        "math",
        "math-ph",
        "mtrl-th",
        "nlin",
        "nucl-ex",
        "nucl-th",
        "patt-sol",
        "physics",
        "plasm-ph",
    ),
    *("q-alg", "q-bio", "quant-ph", "solv-int", "supr-con"),
)
_ARXIV_ID = re.compile(rf"[0-9]{{4}}\.[0-9]{{4,5}}|(?:{'|'.join(ARXIV_ARCHIVES)})/[0-9]{{7}}")


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_in_utc)]
# SQLite keeps 64 bits.
Count = Annotated[int, Field(ge=0, lt=2**63)]


class _Value(BaseModel):
    # What was wrong goes into tracebacks, and whose value it was is nobody's who reads the log.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Paper(_Value):
    """One work, known by its arXiv id without version (`2403.01234`, `quant-ph/0201082`).

    Empty strings, empty tuples and None all mean "not known": merging two readings of a paper keeps
    whichever is known. `upvotes` are the latest read from Hugging Face, never this workspace's votes.
    """

    id: str
    title: str
    abstract: str = ""
    summary: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    published: Moment | None = None
    updated: Moment | None = None
    withdrawn: Moment | None = None
    comment: str = ""
    organization: str = ""
    code_url: str = ""
    code_stars: Count | None = None
    project_url: str = ""
    upvotes: Count | None = None

    @property
    def about(self) -> str:
        """What it is about, in its own words: what vectors are made of. No authors: names are not what it is about."""
        return f"{self.title}. {self.abstract or self.summary}"

    @property
    def abstract_url(self) -> str:
        return f"https://arxiv.org/abs/{self.id}" if self._on_arxiv else ""

    @property
    def pdf_url(self) -> str:
        return f"https://arxiv.org/pdf/{self.id}" if self._on_arxiv else ""

    @property
    def huggingface_url(self) -> str:
        return f"https://huggingface.co/papers/{self.id}" if self._on_arxiv else ""

    @property
    def _on_arxiv(self) -> bool:
        # A file that was imported may hold papers with ids from elsewhere.
        return bool(_ARXIV_ID.fullmatch(self.id))


class Skipped(NamedTuple):
    """One item of a source's answer that could not be read, and why."""

    id: str
    reason: str


class Batch(_Value):
    """What one source answered: every paper in it, and which of them it lists for a day.

    `day` is None for a search. `listed` holds ids in the source's order; it leaves out papers that the
    source only mentions (arXiv's replacements), which are worth keeping but are not the day's papers.
    `missing` says why there must be more than came: what came is worth keeping, and the rest must be asked for again.
    """

    source: SourceName
    papers: tuple[Paper, ...] = ()
    day: date | None = None
    listed: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    missing: str = ""


class Listed(NamedTuple):
    """Where a paper was listed: the newest day, and whether Hugging Face's community put it there."""

    day: date
    curated: bool


class Tally(NamedTuple):
    """The votes of one workspace on one paper."""

    up: int = 0
    down: int = 0

    @property
    def net(self) -> int:
        return self.up - self.down


class Mode(StrEnum):
    """Whether each paper is a message of its own, or all are one list."""

    MESSAGES = "messages"
    LIST = "list"


#: All days of a week; Monday is 0, as in `date.weekday`.
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
Weekdays = Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(min_length=1)]


class Subscription(_Value):
    """A channel that wants an edition each day, at `post_at` in its own `timezone` (an IANA name).

    Without `sources` it takes papers of all. `minimum` is of upvotes on Hugging Face.
    """

    team_id: str
    channel_id: str
    post_at: time
    timezone: str
    top: int
    created_by: str = ""
    active: bool = True
    weekdays: Weekdays = EVERY_DAY
    sources: tuple[SourceName, ...] = ()
    minimum: Count = 0
    mode: Mode = Mode.MESSAGES


class Topic(_Value):
    """Papers of a topic that a channel wants to hear of, or a person in their messages with the bot.

    `typed` is the topic as `/papers` takes it, and may be empty where `categories` say what is wanted. `user_id` is
    whoever asked for it. Otherwise as in a subscription. A `deleted` topic can come back.
    """

    id: str
    team_id: str
    channel_id: str
    user_id: str
    typed: str
    sources: tuple[SourceName, ...] = ()
    categories: tuple[str, ...] = ()
    post_at: time
    timezone: str
    weekdays: Weekdays = EVERY_DAY
    top: int
    minimum: Count = 0
    mode: Mode = Mode.MESSAGES
    active: bool = True
    deleted: bool = False
    created_at: Moment

    @property
    def series(self) -> str:
        """The name of its posts in the ledger."""
        return f"{TOPIC_SERIES}{self.id}"

    @property
    def name(self) -> str:
        """What it is called where it is spoken of; text from outside."""
        return self.typed or ", ".join(self.categories)


#: What the names of topics' series begin with.
TOPIC_SERIES = "topic:"


class Trouble(NamedTuple):
    """A channel that refuses the bot: Slack's error, and since when."""

    channel_id: str
    code: str
    since: datetime


class PostKind(StrEnum):
    """A header, a paper of the top and one of the rest make up an edition; a share is of none.

    A note stands alone in an edition without papers, and says why there are none. A link is a message of somebody
    else's: it is read like a post, and never in the ledger. Posts of other kinds are of a series of their own, whose
    part draws them: see `bot.drawing`.
    """

    HEADER = "header"
    PAPER = "paper"
    REST = "rest"
    SHARE = "share"
    NOTE = "note"
    ALERT = "alert"
    LIST = "list"
    LINK = "link"
    ROUNDUP = "roundup"
    PICTURE = "picture"
    AGENDA = "agenda"
    DISCUSSION = "discussion"


#: What stands in the thread of its edition's first post instead of the channel.
IN_THREAD = frozenset({PostKind.REST})


class PostState(StrEnum):
    """A post is planned, then sending, then sent; or abandoned, with a reason."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    ABANDONED = "abandoned"


class Edition(_Value):
    """The papers chosen for one channel on one date.

    `listed_day` is the newest day its papers were listed on: on a Sunday, the Friday before.
    `first_day` is the oldest of those days, where they are several.
    `announced_day` is the newest of arXiv's announcements that the channel has seen by then.
    `listed` counts its papers by source, and `left_out` the day's other papers. `missed` counts papers of earlier days
    that came in no edition, by day (`2026-08-14`). Where there are no papers, `why` says so in a sentence (mrkdwn).
    A channel has one edition a day of each `series`: the daily edition is of none, other series have a name. `about`
    holds what a series needs to draw its messages, as it was when they were planned.
    """

    team_id: str
    channel_id: str
    day: date
    listed_day: date
    first_day: date | None = None
    announced_day: date | None = None
    planned_at: Moment
    top: int
    listed: dict[str, int] = {}
    left_out: int = 0
    missed: dict[str, int] = {}
    why: str = ""
    series: str = ""
    about: str = ""


class Post(_Value):
    """One Slack message of the bot: of the edition of a `day`, or a paper that somebody shared, without a day.

    In an edition `position` 0 is the header, and papers count from 1, best first. `shared_by` is the user id of who
    shared the paper or, in an edition, submitted it.
    """

    team_id: str
    channel_id: str
    day: date | None
    position: int
    kind: PostKind
    planned_at: Moment
    paper_id: str = ""
    shared_by: str = ""
    state: PostState = PostState.PLANNED
    ts: str = ""
    reason: str = ""
    drawn: str = ""
    seeded: bool = False
    claimed_at: Moment | None = None
    series: str = ""

    @property
    def in_thread(self) -> bool:
        """Whether it stands in the thread of its edition's first post."""
        return self.kind in IN_THREAD


class Reaction(_Value):
    """One person's emoji on one message, as Slack reported it; `present` is False once it was removed."""

    team_id: str
    channel_id: str
    ts: str
    user_id: str
    emoji: str
    present: bool
    event_ts: float


class PastedLink(_Value):
    """A message of somebody's that names a paper by a link, whose preview (unfurl) the bot draws.

    `url` is as it stands in the message, empty where there is to be no preview; `drawn` is what of the votes the
    preview shows, empty while there is none. Reactions on a message count as votes where its paper is `alone` in it.
    `thread_ts` is empty outside of threads.
    `gone` is a message that was deleted: its votes stay, as those on a post do.
    """

    team_id: str
    channel_id: str
    ts: str
    paper_id: str
    thread_ts: str = ""
    url: str = ""
    alone: bool = True
    drawn: str = ""
    gone: bool = False


class Shown(NamedTuple):
    """The reactions that Slack showed on the message `ts`, at a moment not before `read_at`.

    `reactions` are pairs of user id and emoji. Of an emoji in `partial` more people reacted than are named. Where there
    is no sign that Slack shows reactions at all, it is not `complete`.
    """

    ts: str
    read_at: float
    reactions: frozenset[tuple[str, str]]
    partial: frozenset[str] = frozenset()
    complete: bool = True


class Click(_Value):
    """One press of a paper's upvote button; `click_id` is the same however often Slack delivers it.

    `value` is 1 for a press that upvotes, 0 for one that takes the upvote back. `channel_id` is where it was made,
    empty for those of before that was kept.
    """

    team_id: str
    paper_id: str
    user_id: str
    click_id: str
    clicked_at: float
    value: Literal[0, 1] = 1
    channel_id: str = ""


class Save(_Value):
    """One press of a paper's save button: what it asked for, and when; of two, the later one holds."""

    team_id: str
    user_id: str
    paper_id: str
    saved: bool
    pressed_at: float


class Submission(_Value):
    """Somebody brought a paper to a channel's next edition or, with `submitted` False, took that back."""

    team_id: str
    channel_id: str
    paper_id: str
    user_id: str
    submitted_at: float
    submitted: bool = True


class Discussion(_Value):
    """The opening message of the talk about a paper in the thread of the message `ts`.

    `opening_ts` is empty from `claimed_at` on until Slack has it.
    """

    team_id: str
    channel_id: str
    ts: str
    paper_id: str
    claimed_at: Moment
    opening_ts: str = ""


class Opening(_Value):
    """Somebody followed the link to a paper, last at that time."""

    team_id: str
    user_id: str
    paper_id: str
    opened_at: float


class ReadMark(_Value):
    """Somebody marked a paper as read or, by `read` False, as unread again."""

    team_id: str
    user_id: str
    paper_id: str
    read: bool
    marked_at: float


class Note(_Value):
    """What a person wrote about a paper, for themselves alone; empty once it was taken away."""

    team_id: str
    user_id: str
    paper_id: str
    text: str
    written_at: float


class SignalKind(StrEnum):
    UP = "up"
    DOWN = "down"
    SAVED = "saved"
    OPENED = "opened"
    SHOWN = "shown"


class Signal(NamedTuple):
    """One thing a person did with a paper, or that it was `SHOWN` to them at `position`, counted from 1.

    `user_id` is empty for what was shown to a whole channel.
    """

    paper_id: str
    kind: SignalKind
    at: datetime
    position: int = 1
    user_id: str = ""


class Subject(StrEnum):
    """What somebody can ask for more or less of."""

    PAPER = "paper"
    AUTHOR = "author"
    TOPIC = "topic"


Attitude = Literal[-1, 0, 1]


class Interest(_Value):
    """What a person or a channel (`owner_id`) said of papers like one, of an author's, or of a topic's.

    `attitude` is 1 for more of it (liked, followed), -1 for less (disliked; never again, if an author or a topic),
    and 0 once that is taken back. `value` is a paper's id, an author's name, or a topic as `/papers` takes it.
    """

    team_id: str
    owner_id: str
    subject: Subject
    value: str
    attitude: Attitude
    stated_at: float


class Learning(NamedTuple):
    """Whether a person or a channel wants a taste learned, and from which moment on (seconds since 1970)."""

    active: bool = True
    since: float = 0.0


class Exposure(_Value):
    """A paper as it was shown: to a channel by its edition of `day`, or to the person `user_id` in an answer.

    `position` counts from 1. `role` says why it is in, `parts` are those of its score, `ranking` names the version
    that made it, and `team` whose pick it was in an experiment. `upvotes` are Hugging Face's at that moment.
    """

    team_id: str
    channel_id: str
    user_id: str = ""
    day: date
    paper_id: str
    position: int
    shown_at: Moment
    ranking: str
    role: str = ""
    team: str = ""
    upvotes: Count | None = None
    parts: dict[str, float] = {}
    series: str = ""


class Standing(NamedTuple):
    """A paper on the day it was listed: its upvotes when they were last read, and how many hours it had by then.

    `upvotes` is None for a paper that Hugging Face does not list.
    """

    paper_id: str
    day: date
    title: str
    upvotes: int | None
    hours: float


class Showing(NamedTuple):
    """A paper of an edition as it was posted, counted from 1, and what the log says of it.

    `upvotes` are Hugging Face's at that time, `score` is ours, and `team` whose pick it was in an experiment. Where
    nothing was logged, as in editions of before the log, `score` is None.
    """

    paper_id: str
    position: int
    published: datetime | None
    upvotes: int | None
    score: float | None
    team: str


class Activity(NamedTuple):
    """What was posted in a channel or a workspace since the day `since`, and who voted there."""

    since: date | None
    channels: int
    editions: int
    papers: int
    votes: int
    people: int


class ReadingGroup(_Value):
    """When a channel's reading group meets, over how many papers, and who presents in turn (`rota`, user ids).

    `hour` is a weekday and an hour (`thursday 15:00`) in `timezone`. The meeting of the day `skipped` is not held.
    """

    team_id: str
    channel_id: str
    hour: str
    timezone: str
    papers: int = 3
    active: bool = True
    skipped: date | None = None
    rota: tuple[str, ...] = ()


class Presentation(_Value):
    """A paper on the agenda of a reading group's meeting, at a position from 1 on, and who presents it.

    `user_id` is empty while nobody does.
    """

    team_id: str
    channel_id: str
    day: date
    position: int
    paper_id: str
    user_id: str = ""


class Discussed(NamedTuple):
    """A paper on a past agenda: the message that its thread hangs on."""

    paper_id: str
    day: date
    channel_id: str
    ts: str


class GroupNote(_Value):
    """What somebody wrote down of a paper in the thread `thread_ts`; `kept` is False once it was taken back.

    `note_id` is the same however often Slack delivers it. `ts` is the message it stands in, the thread's first one
    for a note that stands in none.
    """

    team_id: str
    note_id: str
    channel_id: str
    thread_ts: str
    ts: str
    paper_id: str
    user_id: str
    text: str
    noted_at: float
    kept: bool = True


class Reading(_Value):
    """How the last attempt to read one source for one day went; `error` is empty when it worked.

    `failing_since` is the first of the attempts that failed in a row, up to this one; the store keeps it.
    """

    source: SourceName
    day: date
    read_at: Moment
    papers: int = 0
    skipped: int = 0
    error: str = ""
    failing_since: Moment | None = None


class Health(_Value):
    """How a source's service is; all empty while it was never asked.

    `read_at` is when it last answered. While it fails, `failing_since` is when the first failing call began, `error`
    what the last one met, and `ask_at` when it may be asked again; `told` if it named that moment itself.
    """

    source: SourceName
    service: Service
    read_at: Moment | None = None
    failing_since: Moment | None = None
    error: str = ""
    ask_at: Moment | None = None
    told: bool = False


class Span(NamedTuple):
    """A stretch of time, from `first` on and until `last`, which is not part of it."""

    first: datetime
    last: datetime


class Window(NamedTuple):
    """The papers of some of arXiv's categories that were submitted within a span."""

    categories: tuple[str, ...]
    span: Span


def plain(text: str) -> str:
    """One line, single spaces: upstream titles and abstracts carry line breaks."""
    return " ".join(text.split())


def unique(items: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in items if item))
