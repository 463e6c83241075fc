"""Papers that people bring to the next edition of a channel: stored at once, looked up, and taken back on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.asking import Answer, Asker
from bot.errors import SourceError, UsageError
from bot.examples import Finding
from bot.ids import named_ids, names_openreview, without_addresses
from bot.ingest import Clock, Ingest
from bot.messages import (
    Message,
    Place,
    Submitted,
    Withdrawal,
    channel_mention,
    quoted,
    submit_form,
    submitted_message_to,
    withdrawn_message,
)
from bot.slack import Slack
from bot.surfaces import Surfaces
from storage import Store
from storage.models import Submission

#: Papers in one submission: what is read comes from people, and more are a library.
MOST_PAPERS = 5


class Wanted(NamedTuple):
    """What was submitted, and to which channels."""

    ids: tuple[str, ...]
    channels: tuple[str, ...]


class Submitting:
    """Keeps the submissions of one workspace. Every method raises UsageError with the sentence a person reads."""

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        finding: Finding,
        slack: Slack,
        surfaces: Surfaces,
        team_id: str,
        clock: Clock,
    ) -> None:
        self.store = store
        self.ingest = ingest
        self.finding = finding
        self.slack = slack
        self.surfaces = surfaces
        self.team_id = team_id
        self.clock = clock

    def submitting(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers submit [link, number or title]`; a form asks for the paper, or for the channel, where it must."""
        return self._command(rest, asker)

    async def open_form(self, typed: str, asker: Asker) -> None:
        """Show the form to whoever gave the trigger, which must happen within three seconds of it."""
        channels = await self._likely_channels(asker.channel_id)
        note = ""
        if asker.channel_id and asker.channel_id not in channels and not asker.channel_id.startswith("D"):
            note = f"{channel_mention(asker.channel_id)} gets no daily papers, so choose a channel that does."
        await self.surfaces.open_modal(asker.trigger_id, submit_form(typed, channels, note))

    async def papers(self, typed: str, *, ask: bool = False) -> tuple[str, ...]:
        """The ids that a text names by links, numbers or a title; with `ask`, sources are searched for the title."""
        if ids := named_ids(typed):
            if len(ids) > MOST_PAPERS:
                raise UsageError(f"These are {len(ids)} papers; submit {MOST_PAPERS} at once at most.")
            return tuple(ids)
        title = without_addresses(typed)
        paper = await self.finding.titled(title)
        if ask and not paper and title:
            await self.ingest.search(title)
            paper = await self.finding.titled(title)
        if paper:
            return (paper.id,)
        raise _unreadable(typed, title)

    async def keep(self, wanted: Wanted, user_id: str) -> None:
        """Write down what somebody submits; from here on nothing loses it.

        Raises UsageError for channels without editions.
        """
        without = [id for id in wanted.channels if not await self._has_editions(id)]
        if without:
            # Beside a field of a form, where a mention would be shown as its id.
            which = "This channel gets" if len(wanted.channels) == 1 else f"{len(without)} of these get"
            raise UsageError(
                f"{which} no daily papers. Choose channels that do, or type /papers subscribe there first."
            )
        await self._record(wanted, user_id, submitted=True)

    async def known(self, wanted: Wanted) -> bool:
        """Whether all these papers are in the store, so that nobody has to be asked."""
        return len(await self.store.papers(wanted.ids)) == len(wanted.ids)

    async def outcome(self, wanted: Wanted, user_id: str) -> Message:
        """Look up what was submitted, take back what no source knows, and say what joins which editions."""
        unknown = [id for id in wanted.ids if await self._is_unknown(id)]
        await self._record(Wanted(tuple(unknown), wanted.channels), user_id, submitted=False)
        papers = await self.store.papers(wanted.ids)
        unasked = set(wanted.ids) - set(unknown) - {paper.id for paper in papers}
        said = [await self._submitted(paper.id, wanted.channels) for paper in papers]
        return submitted_message_to(said, unknown, sorted(unasked), wanted.channels)

    async def undo(self, withdrawal: Withdrawal, user_id: str) -> Message:
        """Take back what somebody submitted, as far as it was not posted."""
        wanted = Wanted(withdrawal.paper_ids, withdrawal.channels)
        await self._record(wanted, user_id, submitted=False)
        papers = await self.store.papers(wanted.ids)
        unasked = sorted(set(wanted.ids) - {paper.id for paper in papers})
        outcomes = {paper.id: await self._submitted(paper.id, wanted.channels) for paper in papers}
        return withdrawn_message(
            [paper for paper in papers if outcomes[paper.id].joins],
            [paper for paper in papers if outcomes[paper.id].had],
            unasked,
        )

    async def _command(self, rest: str, asker: Asker) -> Message | None:
        here = await self._has_editions(asker.channel_id)
        if asker.trigger_id and (not rest or not here):
            await self.open_form(rest, asker)
            return None
        if not rest:
            raise UsageError(
                "Submit which paper? Write its link, number or title: `/papers submit 2403.01234`."
            )
        if not here:
            raise UsageError(
                "There is no edition here to join. Type `/papers submit` in a channel that gets the day's papers."
            )
        wanted = Wanted(await self.papers(rest, ask=True), (asker.channel_id,))
        await self.keep(wanted, asker.user_id)
        return await self.outcome(wanted, asker.user_id)

    async def _record(self, wanted: Wanted, user_id: str, *, submitted: bool) -> None:
        # By our own clock, because an Undo must come after what it undoes, whatever Slack's clock says.
        at = self.clock().timestamp()
        for channel_id in wanted.channels:
            for id in wanted.ids:
                await self.store.record_submission(
                    Submission(
                        team_id=self.team_id,
                        channel_id=channel_id,
                        paper_id=id,
                        user_id=user_id,
                        submitted_at=at,
                        submitted=submitted,
                    )
                )

    async def _submitted(self, paper_id: str, channels: Sequence[str]) -> Submitted:
        (paper,) = await self.store.papers([paper_id])
        had = {id for id in channels if await self.store.papers_posted(self.team_id, id, [paper_id])}
        return Submitted(
            paper, tuple(id for id in channels if id not in had), tuple(id for id in channels if id in had)
        )

    async def _is_unknown(self, id: str) -> bool:
        """Whether the sources say that there is no such paper; not where they can't be asked."""
        try:
            return await self.ingest.paper(id) is None
        except SourceError:
            return False

    async def _has_editions(self, channel_id: str) -> bool:
        subscription = await self.store.subscription(self.team_id, channel_id)
        return subscription is not None and subscription.active

    async def _likely_channels(self, channel_id: str) -> list[str]:
        """The channel that somebody is in, if it gets editions; otherwise the only one that does, if it is public."""
        if await self._has_editions(channel_id):
            return [channel_id]
        ids = [one.channel_id for one in await self.store.subscriptions(self.team_id)]
        return ids if len(ids) == 1 and await self.slack.is_public(ids[0]) else []


def _unreadable(typed: str, title: str) -> UsageError:
    if names_openreview(typed):
        return UsageError(
            "An OpenReview link does not say which paper of arXiv it is, and I read arXiv and Hugging Face only. "
            "Write the paper's arXiv number or link instead, or its whole title."
        )
    if not title:
        return UsageError(
            f"I can't read {quoted(typed, 100)} as a paper: I take links to arXiv, Hugging Face and alphaXiv, "
            "and DOIs of arXiv."
        )
    return UsageError(
        f"I see no link or number in {quoted(typed, 100)}, and know no paper of exactly that title. "
        "Write its link or number, such as 2403.01234."
    )
