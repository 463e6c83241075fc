"""Settings: read once, every problem named, no secret told."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot import config
from bot.config import Need, Settings
from bot.errors import SettingsError

BOT, APP, SIGNING = "xoxb-1-secretbot", "xapp-1-secretapp", "51gn1ng53cr3t"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is set on this machine is none of the tests' business."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def load(need: Need = "library", **values: Any) -> Settings:
    return config.load(need, _env_file=None, **values)


def refused(need: Need = "library", **values: Any) -> str:
    with pytest.raises(SettingsError) as wrong:
        load(need, **values)
    return str(wrong.value)


def named(message: str) -> list[str]:
    return re.findall(r"^  - (\w+)", message, re.MULTILINE)


def test_nothing_must_be_set_to_read_papers() -> None:
    settings = load()
    assert settings.papers_post_at == time(9, 0)
    assert settings.papers_timezone == "UTC"
    assert settings.papers_top == 5
    assert settings.papers_channels == ()
    assert str(settings.papers_database) == "papers.db"
    assert str(settings.slack_api_url) == "https://slack.com/api/"
    assert (settings.papers_host, settings.papers_port) == ("127.0.0.1", 3000)
    assert settings.papers_arxiv_categories == ("cs.AI", "cs.CL", "cs.CV", "cs.LG")
    assert settings.papers_upvote_emoji[0] == "+1"


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_wrong_setting_is_named_in_one_message() -> None:
    message = refused(
        slack_api_url="not a url",
        huggingface_url="ftp://example.org",
        papers_post_at="25:00",
        papers_timezone="Mars/Olympus",
        papers_top=0,
        papers_port="many",
    )
    assert message.startswith("Some settings need attention")
    assert named(message) == [
        "SLACK_API_URL",
        "HUGGINGFACE_URL",
        "PAPERS_POST_AT",
        "PAPERS_TIMEZONE",
        "PAPERS_TOP",
        "PAPERS_PORT",
    ]


def test_what_is_wrong_and_what_is_missing_stand_in_the_same_message() -> None:
    message = refused("serving", papers_top="few", papers_upvote_emoji="none")
    assert named(message) == ["PAPERS_TOP", "PAPERS_UPVOTE_EMOJI", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]
    assert "SLACK_SIGNING_SECRET" in message


@pytest.mark.parametrize("way", [{"slack_app_token": APP}, {"slack_signing_secret": SIGNING}])
def test_a_bot_token_and_a_way_to_be_reached_are_enough_to_serve(way: dict[str, str]) -> None:
    assert load("serving", slack_bot_token=BOT, **way).slack_bot_token.get_secret_value() == BOT


def test_only_serving_needs_a_way_to_be_reached() -> None:
    assert load("posting", slack_bot_token=BOT).slack_app_token.get_secret_value() == ""
    assert named(refused("serving", slack_bot_token=BOT)) == ["SLACK_APP_TOKEN"]
    assert named(refused("posting")) == ["SLACK_BOT_TOKEN"]


def test_tokens_the_wrong_way_round_are_told_apart_without_telling_them() -> None:
    message = refused("serving", slack_bot_token=APP, slack_app_token=BOT)
    assert "wrong way round" in message
    assert BOT not in message
    assert APP not in message


SECRETS = ("slack_bot_token", "slack_app_token", "slack_signing_secret", "huggingface_token")


def test_no_secret_is_shown_with_the_settings_or_with_their_problems() -> None:
    secrets = dict.fromkeys(SECRETS, "pst-do-not-tell")
    settings = load("library", **secrets)
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "pst-do-not-tell" not in shown
    assert "pst-do-not-tell" not in refused("library", **secrets, papers_port="many", papers_top="few")


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_of_a_wrong_kind_is_not_told_either(name: str) -> None:
    message = refused("library", **{name: ["pst-do-not-tell"]})
    assert name.upper() in message
    assert "pst-do-not-tell" not in message


@pytest.mark.parametrize("name", ["slack_api_url", "huggingface_url", "arxiv_url", "arxiv_rss_url"])
def test_a_password_in_a_wrong_address_is_not_told(name: str) -> None:
    message = refused("library", **{name: "ftp://me:pst-do-not-tell@example.org:99999999"})
    assert name.upper() in message
    assert "pst-do-not-tell" not in message


def test_a_setting_is_read_from_a_file_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        f"# Slack\nSLACK_BOT_TOKEN={BOT}\nPAPERS_TOP=7\nPAPERS_PORT='8080'\n\nSOMEBODY_ELSES=1\n"
        'PAPERS_CHANNELS="#papers, C0123ABCD"\nPAPERS_HOST=\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAPERS_TOP", "3")
    settings = config.load(papers_port=9090)
    assert settings.slack_bot_token.get_secret_value() == BOT
    assert (settings.papers_top, settings.papers_port) == (3, 9090)
    assert settings.papers_channels == ("#papers", "C0123ABCD")
    assert settings.papers_host == "127.0.0.1"


def test_a_file_that_begins_with_a_byte_order_mark_loses_no_setting(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("PAPERS_TOP=7\nPAPERS_PORT=1\n", encoding="utf-8-sig")
    settings = config.load(_env_file=path)
    assert (settings.papers_top, settings.papers_port) == (7, 1)


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "")
    assert load() == Settings.model_construct()


def test_a_wrong_variable_is_named_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERS_TOP", "a few")
    assert "PAPERS_TOP: Input should be a valid integer" in refused()


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("9:00", time(9)),
        ("09:00", time(9)),
        (" 17:30 ", time(17, 30)),
        ("0:00", time(0)),
        ("23:59", time(23, 59)),
    ],
)
def test_an_hour_is_read_as_people_write_it(written: str, hour: time) -> None:
    assert load(papers_post_at=written).papers_post_at == hour


@pytest.mark.parametrize(
    "written", ["9", "24:00", "9:60", "9.30", "9:00 pm", "09:00:00", "nine", "-1:00", "32400"]
)
def test_anything_else_is_no_hour(written: str) -> None:
    assert "PAPERS_POST_AT: write an hour such as 09:00" in refused(papers_post_at=written)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/Argentina/Ushuaia", "Asia/Kolkata"])
def test_a_time_zone_has_its_iana_name(zone: str) -> None:
    assert load(papers_timezone=zone).papers_timezone == zone


@pytest.mark.parametrize(
    "zone", ["Berlin", "europe/berlin", "UTC+2", "../../etc/passwd", "/etc/localtime", " "]
)
def test_anything_else_is_no_time_zone(zone: str) -> None:
    assert "PAPERS_TIMEZONE" in refused(papers_timezone=zone)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("papers", ("papers",)),
        (" #papers ,general,, C0123ABCD,", ("#papers", "general", "C0123ABCD")),
        (",", ()),
    ],
)
def test_channels_are_split_at_commas(written: str, names: tuple[str, ...]) -> None:
    assert load(papers_channels=written).papers_channels == names


def test_no_categories_are_wanted_with_none() -> None:
    assert load(papers_arxiv_categories="none").papers_arxiv_categories == ()
    assert load(papers_arxiv_categories="cs.RO, hep-ph").papers_arxiv_categories == ("cs.RO", "hep-ph")


def test_emoji_may_be_written_with_their_colons() -> None:
    settings = load(papers_upvote_emoji=":fire:, +1", papers_downvote_emoji=":-1:,zzz")
    assert settings.emoji == {"fire": 1, "+1": 1, "-1": -1, "zzz": -1}


def test_an_emoji_that_is_both_is_an_upvote() -> None:
    assert load(papers_upvote_emoji="+1", papers_downvote_emoji="+1,-1").emoji == {"+1": 1, "-1": -1}


@given(st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), st.text(max_size=20), min_size=1))
@examples(max_examples=40)
def test_any_text_is_either_a_setting_or_a_named_problem(values: dict[str, str]) -> None:
    try:
        load("library", **values)
    except SettingsError as error:
        problems = named(str(error))
        assert problems
        assert {name.lower() for name in problems} <= set(values)


def test_a_misspelt_setting_is_named_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAPERS_CHANNEL", "C1")
    (tmp_path / ".env").write_text("PAPERS_POSTS_AT=09:00\n")
    load()
    assert [record.getMessage() for record in caplog.records] == [
        "PAPERS_CHANNEL is no setting of papers-bot; did you mean PAPERS_CHANNELS?",
        "PAPERS_POSTS_AT is no setting of papers-bot; did you mean PAPERS_POST_AT?",
    ]


def test_mail_needs_a_server_that_can_be_used_and_a_sender() -> None:
    good = load(
        "posting", slack_bot_token=BOT, papers_smtp_url="smtp://u:p@lab.org", papers_mail_from="a@lab.org"
    )
    assert good.papers_mail_from == "a@lab.org"
    assert "p@lab.org" not in repr(good)
    wrong = refused("posting", slack_bot_token=BOT, papers_smtp_url="smtp://u:hush@lab.org?starttls=off")
    assert "would send the password unencrypted" in wrong
    assert "hush" not in wrong
    lacking = refused("posting", slack_bot_token=BOT, papers_smtp_url="smtp://lab.org")
    assert named(lacking) == ["PAPERS_MAIL_FROM"]


def test_the_public_address_ends_without_a_slash() -> None:
    assert load(papers_public_url="https://lab.org/papers/").papers_public_url == "https://lab.org/papers"
    for wrong in (
        "lab.org",
        "https://u:p@lab.org",
        "https://lab.org/?a=b",
        "ftp://lab.org",
        'https://lab.org/">',
    ):
        assert "PAPERS_PUBLIC_URL" in refused(papers_public_url=wrong)
