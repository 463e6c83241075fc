"""Feeds, pages and unsubscribing over real HTTP: by the standards, and for nobody without the secret."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from xml.etree.ElementTree import fromstring

import aiohttp
import feedparser
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.public.feeds import Entry, Feed, atom, json_feed
from bot.workspace import Workspace
from storage.mail_models import LinkKind, MailWish, Rhythm
from storage.models import Batch, Paper
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.editions import list_day, move, subscribe, tick
from tests.upstream import Upstream

PUBLIC = "https://papers.example.org/lab"
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
ATOM = "{http://www.w3.org/2005/Atom}"


class Answer(NamedTuple):
    status: int
    headers: Any
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Visitor:
    """A browser or feed reader, for which the public address leads to the bot, as a web server would make it."""

    def __init__(self, at: str, client: aiohttp.ClientSession) -> None:
        self.at = at
        self.client = client

    async def ask(self, url: str, method: str = "GET", **more: Any) -> Answer:
        async with self.client.request(method, url.replace(PUBLIC, self.at), **more) as answer:
            return Answer(answer.status, answer.headers, await answer.read())


class Place(NamedTuple):
    """A bot that is served, somebody in its workspace, and the papers that were posted in a channel, best first."""

    bot: Bot
    slack: Workspace
    visitor: Visitor
    ada: str
    papers: str
    ids: list[str]

    async def command(self, text: str) -> str:
        return (await (await self.slack.command(self.ada, self.papers, "/papers", text)).reply()).text

    async def feeds(self, text: str) -> tuple[str, str]:
        """The links of an answer: Atom and JSON."""
        links = re.findall(r"https://\S+\.(?:atom|json)", await self.command(text))
        assert [link.rpartition(".")[2] for link in links] == ["atom", "json"]
        return links[0], links[1]


@pytest.fixture
async def place(
    settings: Settings,
    slack: Workspace,
    upstream: Upstream,
    clock: MovedClock,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Place]:
    """Served in Socket Mode, where only the public address asks for it."""
    caplog.set_level("INFO", "bot.listening")
    public = settings.model_copy(update={"papers_public_url": PUBLIC, "papers_port": 0})
    ada, channel = slack.add_user("ada"), slack.add_channel("papers")
    ids = list_day(upstream, TUESDAY.date(), 7)
    async with open_bot(public, clock, QUICK) as bot:
        await subscribe(bot, channel)
        await tick(bot)
        async with running(bot), aiohttp.ClientSession() as client:
            [said] = [record.getMessage() for record in caplog.records if "pages and feeds at" in record.msg]
            at = re.findall(r"http://[\d.:]+", said)[0]
            yield Place(bot, slack, Visitor(at, client), ada, channel, ids)


async def test_a_channels_feed_is_atom_that_a_reader_reads(place: Place) -> None:
    url, _ = await place.feeds("feed here")
    answer = await place.visitor.ask(url)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    read = feedparser.parse(answer.body)
    assert (read.bozo, read.version) == (False, "atom10")
    assert read.feed.title == "Papers of #papers in Lab"
    assert read.feed.links[0].href == url
    assert {entry.title for entry in read.entries} == {f"Paper {id}" for id in place.ids}
    assert all(entry.link.startswith(f"{PUBLIC}/papers/") for entry in read.entries)
    assert len({entry.id for entry in read.entries}) == 7


async def test_the_same_feed_is_json(place: Place) -> None:
    _, url = await place.feeds("feed here")
    answer = await place.visitor.ask(url)
    assert answer.headers["Content-Type"] == "application/feed+json; charset=utf-8"
    feed = json.loads(answer.body)
    assert json_problems(feed) == []
    assert feed["feed_url"] == url
    assert len(feed["items"]) == 7


def json_problems(feed: dict[str, Any]) -> list[str]:
    """What https://www.jsonfeed.org/version/1.1/ does not allow."""
    items = feed["items"]
    found = [] if feed["version"] == "https://jsonfeed.org/version/1.1" else ["version"]
    found += [name for name in ("title", "feed_url") if not isinstance(feed[name], str) or not feed[name]]
    found += ["ids"] if len({item["id"] for item in items}) != len(items) else []
    for item in items:
        found += [name for name in ("id", "url", "title", "content_html") if not isinstance(item[name], str)]
        found += [] if datetime.fromisoformat(item["date_published"]).tzinfo else ["date_published"]
        found += [] if all(author["name"] for author in item["authors"]) else ["authors"]
        found += [] if all(isinstance(tag, str) for tag in item["tags"]) else ["tags"]
    return found


async def test_what_a_reader_has_is_not_sent_again(place: Place, clock: MovedClock) -> None:
    url, _ = await place.feeds("feed here")
    first = await place.visitor.ask(url)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for known in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", W/{tag}'},
        {"If-Modified-Since": modified},
        {"If-None-Match": tag, "If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    ):
        again = await place.visitor.ask(url, headers=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    for unknown in (
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    ):
        assert (await place.visitor.ask(url, headers=unknown)).status == 200


async def test_my_feed_holds_what_is_chosen_for_me_and_grows_each_day(
    place: Place, upstream: Upstream, clock: MovedClock
) -> None:
    url, _ = await place.feeds("feed")
    read = feedparser.parse((await place.visitor.ask(url)).body)
    assert read.feed.title == "Papers for you in Lab"
    assert {entry.title for entry in read.entries} == {f"Paper {id}" for id in place.ids}
    move(clock, upstream, TUESDAY + timedelta(days=1))
    [new] = list_day(upstream, clock().date(), 1)
    later = feedparser.parse((await place.visitor.ask(url)).body)
    assert [entry.title for entry in later.entries] == [
        f"Paper {new}",
        *[entry.title for entry in read.entries],
    ]
    assert (await place.visitor.ask(f"{edition_of(url)}/2026-08-19")).status == 200
    place.slack.deactivate(place.ada)
    move(clock, upstream, TUESDAY + timedelta(days=2))
    assert (await place.visitor.ask(url)).status == 404


def edition_of(feed: str) -> str:
    """Where the editions of a feed's link are."""
    return feed.replace("/feeds/", "/editions/").rpartition(".")[0]


async def test_a_renewed_link_ends_the_old_one(place: Place) -> None:
    old, _ = await place.feeds("feed here")
    assert await place.feeds("feed here") == (old, old.replace(".atom", ".json"))
    new, _ = await place.feeds("feed here renew")
    assert new != old
    assert (await place.visitor.ask(old)).status == 404
    assert (await place.visitor.ask(f"{edition_of(old)}/2026-08-18")).status == 404
    assert (await place.visitor.ask(new)).status == 200
    mine, _ = await place.feeds("feed")
    assert mine != new


async def test_an_edition_and_its_papers_have_pages_without_scripts(place: Place) -> None:
    url, _ = await place.feeds("feed here")
    page = await place.visitor.ask(f"{edition_of(url)}/2026-08-18")
    assert page.status == 200
    assert page.headers["Content-Security-Policy"] == POLICY
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "<script" not in page.text
    assert re.findall(r"<h2>.*(Paper 2608\.\d+)<", page.text) == [f"Paper {id}" for id in place.ids]
    style = re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)[0]
    assert (await place.visitor.ask(style)).headers["Content-Type"] == "text/css; charset=utf-8"
    link = re.findall(r'href="([^"]+/papers/[^"]+)"', page.text)[0]
    paper = await place.visitor.ask(link)
    assert f"<h1>Paper {place.ids[0]}</h1>" in paper.text
    assert "0 upvotes here · 499 upvotes on Hugging Face" in paper.text


async def test_a_page_shows_the_votes_of_this_workspace(place: Place) -> None:
    url, _ = await place.feeds("feed here")
    message = next(it for it in place.slack.messages(place.papers) if place.ids[0] in it.plain())
    await place.slack.react(place.ada, place.papers, message.ts, "+1")
    page = await place.visitor.ask(f"{edition_of(url)}/2026-08-18")
    assert "1 upvote here" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.atom",
        "/feeds/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.json",
        "/editions/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/2026-08-18",
        "/papers/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/2608.18001",
        "/mail/unsubscribe/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ],
)
async def test_an_unknown_link_leads_nowhere(place: Place, path: str) -> None:
    answer = await place.visitor.ask(f"{PUBLIC}{path}")
    assert answer.status == 404
    assert "There is nothing here" in answer.text


async def test_a_link_shows_nothing_that_is_not_its_own(place: Place, upstream: Upstream) -> None:
    url, _ = await place.feeds("feed here")
    token = edition_of(url).rpartition("/")[2]
    await place.bot.library.store.keep(_unposted(), TUESDAY)
    for path in (
        f"/papers/{token}/2608.99999",
        f"/papers/{token}/2608.00000",
        f"/editions/{token}/2026-08-17",
        f"/editions/{token}/2026-02-30",
        f"/mail/unsubscribe/{token}",
        f"/feeds/{token[:-1]}.atom",
        f"/feeds/{token}.rss",
    ):
        assert (await place.visitor.ask(f"{PUBLIC}{path}")).status == 404, path


def _unposted() -> Batch:
    return Batch(source="arxiv", papers=(Paper(id="2608.99999", title="Never posted"),))


async def test_mail_ends_with_one_click_or_a_button(place: Place) -> None:
    store, team = place.bot.library.store, place.bot.identity.team_id
    wish = MailWish(
        team_id=team, user_id=place.ada, rhythm=Rhythm.DAILY, since=TUESDAY, address="ada@lab.example", confirmed=True
    )  # fmt: skip
    await store.keep_mail_wish(wish)
    url = await place.bot.links.unsubscribing(place.ada)
    asked = await place.visitor.ask(url)
    assert "Shall I stop sending you papers by mail?" in asked.text
    assert (await store.mail_wishes(team)) == [wish]
    done = await place.visitor.ask(url, "POST", data={"List-Unsubscribe": "One-Click"})
    assert (done.status, "You get no more papers by mail" in done.text) == (200, True)
    assert await store.mail_wishes(team) == []
    assert (await place.visitor.ask(url, "POST")).status == 200


async def test_without_a_public_address_there_are_no_feeds(
    settings: Settings, slack: Workspace, clock: MovedClock
) -> None:
    ada, channel = slack.add_user("ada"), slack.add_channel("papers")
    async with open_bot(settings, clock, QUICK) as bot, running(bot):
        answer = await (await slack.command(ada, channel, "/papers", "feed")).reply()
        topic = await (await slack.command(ada, channel, "/papers", "feed forward networks")).reply()
    assert "Whoever runs me can turn them on with `PAPERS_PUBLIC_URL`" in answer.text
    assert "feed forward networks" in topic.text


async def test_a_guess_that_is_nearly_right_is_wrong(place: Place) -> None:
    await place.feeds("feed here")
    store, team = place.bot.library.store, place.bot.identity.team_id
    link = await store.link(team, LinkKind.FEED, place.papers)
    assert link
    assert await store.link_of(LinkKind.FEED, link.token) == link
    assert await store.link_of(LinkKind.MAIL, link.token) is None
    for guess in (link.token[:-1], link.token.swapcase(), link.token + "a", "", "é"):
        assert await store.link_of(LinkKind.FEED, guess) is None


@examples(max_examples=40, deadline=None)
@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_feeds_are_well_formed_whatever_papers_say(title: str, summary: str, names: list[str]) -> None:
    paper = Paper(
        id="2608.00001", title=title, summary=summary, authors=tuple(names), categories=tuple(names)
    )
    at = datetime(2026, 8, 18, tzinfo=UTC)
    feed = Feed(
        "T1 C1", title, "https://x.example/feeds/a.atom", at, [Entry(paper, at, "https://x.example/p")]
    )
    root = fromstring(atom(feed))
    [entry] = root.findall(f"{ATOM}entry")
    for node, names_wanted in ((root, ("id", "title", "updated")), (entry, ("id", "title", "updated"))):
        assert all(len(node.findall(f"{ATOM}{name}")) == 1 for name in names_wanted)
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    content = entry.find(f"{ATOM}content")
    assert content is not None
    assert re.findall(r"<(?!/?(?:p|a)\b)", content.text or "") == []
    assert json_problems(json.loads(json_feed(feed))) == []
