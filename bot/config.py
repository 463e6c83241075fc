"""Settings: read once at start from the environment and `.env`, every problem named together."""

from __future__ import annotations

import difflib
import logging
import os
import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError
from bot.logs import LogFormat
from bot.mail.server import mail_from, mail_server
from bot.weektime import WeekTime

log = logging.getLogger(__name__)

#: Reading and searching need no Slack; posting needs its Web API; serving needs Slack to reach the bot as well.
Need = Literal["library", "posting", "serving"]
#: Who changes what a channel gets: everybody in it, or only the admins and owners of the workspace.
Subscribers = Literal["members", "admins"]
Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Everything that can be set, with its default. The description of each is what the README shows."""

    model_config = SettingsConfigDict(
        env_file=".env",
        # Some editors begin a file with a byte order mark, which would hide its first setting.
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    slack_bot_token: SecretStr = Field(
        default=SecretStr(""), description="Bot token (`xoxb-...`), from *OAuth & Permissions*"
    )
    slack_app_token: SecretStr = Field(
        default=SecretStr(""), description="App-level token (`xapp-...`); when set, the bot uses Socket Mode"
    )
    slack_signing_secret: SecretStr = Field(
        default=SecretStr(""), description="Signing secret; needed for HTTP, when there is no app-level token"
    )
    slack_api_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://slack.com/api/"),
        description="Slack's Web API; another address for a proxy or a local workspace",
    )
    huggingface_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://huggingface.co"), description="Where Hugging Face's Daily Papers are read"
    )
    huggingface_token: SecretStr = Field(
        default=SecretStr(""), description="Optional: a free token doubles Hugging Face's request limit"
    )
    arxiv_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://export.arxiv.org"), description="arXiv's search API"
    )
    arxiv_rss_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://rss.arxiv.org"), description="arXiv's announcements feed"
    )
    papers_database: Path = Field(
        default=Path("papers.db"), description="The SQLite file that holds everything"
    )
    papers_backups: int = Field(
        default=7,
        ge=0,
        le=366,
        description="How many daily backups `papers-bot run` keeps beside the database; 0 for none",
    )
    papers_replicas: bool = Field(
        default=False,
        description="`on` lets several `papers-bot run` share one database; otherwise the second refuses to start",
    )
    papers_channels: Words = Field(
        default=(),
        description="Channels to post to, ids or names, separated by commas; others can `/papers subscribe`",
    )
    papers_post_at: time = Field(default=time(9, 0), description="When to post, in the time zone below")
    papers_post_until: time = Field(
        default=time(18, 0),
        description="Until when to wait for papers while none are listed, before the channel is told why; an hour "
        "before `PAPERS_POST_AT` means until midnight",
    )
    papers_timezone: str = Field(
        default="UTC", description="Time zone of the channels and of `/papers today`, e.g. `Europe/Berlin`"
    )
    papers_weekly: str = Field(
        default="friday 16:00",
        description="When each channel gets a round-up of its week, in its time zone: a weekday and an hour, or `off`; "
        "a channel can choose another with `/papers weekly`",
    )
    papers_top: int = Field(
        default=5,
        ge=1,
        le=20,
        description="Papers posted as messages of their own, 1 to 20; the rest go in the thread",
    )
    papers_diversity: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="How unlike one another an edition's first papers are, beside how good: 0 not at all, 1 above all",
    )
    papers_experiment: bool = Field(
        default=False,
        description="`on`: editions are drawn from two rankings, with and without the channel's taste, and "
        "`papers-bot evaluate` says which wins",
    )
    papers_arxiv_categories: Words = Field(
        default=("cs.AI", "cs.CL", "cs.CV", "cs.LG"),
        description="arXiv categories whose daily announcements are kept; `none` for none",
    )
    papers_upvote_emoji: Words = Field(
        default=(
            "+1",
            "thumbsup",
            "heart",
            "fire",
            "star",
            "rocket",
            "tada",
            "100",
            "raised_hands",
            "clap",
        ),
        description="Reactions that count as an upvote; the first is the one the bot seeds",
    )
    papers_downvote_emoji: Words = Field(
        default=("-1", "thumbsdown"), description="Reactions that count as a downvote"
    )
    papers_embedding: str = Field(
        default="auto",
        description="What compares meanings in a search: `static` for the vectors that come with the bot; "
        "`auto` to add an encoder (`sentence-transformers/all-MiniLM-L6-v2`) when it is on this machine or can be "
        "downloaded; or the name of another model on Hugging Face, or a folder with an ONNX model and tokenizer.json",
    )
    papers_subscribers: Subscribers = Field(
        default="members",
        description="Who may `/papers subscribe` and `unsubscribe` a channel: its `members`, "
        "or only `admins` of the workspace",
    )
    papers_burst: int = Field(
        default=60,
        ge=0,
        description="Commands and presses that one person may make at once, one a second after that; "
        "`0` for no limit. Votes are never limited",
    )
    papers_log: LogFormat = Field(
        default="text", description="Log lines as `text` for people, or as `json`, one object a line"
    )
    papers_host: str = Field(
        default="127.0.0.1", description="Address to listen on in HTTP mode, and for monitoring"
    )
    papers_port: int = Field(
        default=3000, ge=0, le=65535, description="Port to listen on in HTTP mode, and for monitoring"
    )
    papers_monitoring: Literal["on", "off"] = Field(
        default="off",
        description="`on` to serve `/healthz` and `/metrics` in Socket Mode, too, which needs no open port otherwise",
    )
    papers_smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="The server that mail is handed to: `smtp://user:password@host:587` (with STARTTLS) or "
        "`smtps://...`; without one nobody gets mail",
    )
    papers_mail_from: str = Field(
        default="", description="Whom mail comes from, e.g. `Papers <papers@example.org>`"
    )
    papers_public_url: str = Field(
        default="",
        description="The address at which browsers reach `PAPERS_HOST`:`PAPERS_PORT`, e.g. "
        "`https://papers.example.org`; turns on feeds, pages and one-click unsubscribing",
    )

    @field_validator(
        "papers_channels",
        "papers_arxiv_categories",
        "papers_upvote_emoji",
        "papers_downvote_emoji",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 - what a person typed, before it is checked
        if not isinstance(value, str):
            return value
        words = [word.strip().strip(":") for word in value.split(",")]
        return tuple(word for word in words if word and word != "none")

    @field_validator("slack_bot_token", "slack_app_token", "slack_signing_secret", "huggingface_token")
    @classmethod
    def _one_word(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value().strip()
        if not re.fullmatch(r"[!-~]*", secret):
            raise ValueError("has a space, a line break or a letter in it that no token has; copy it again")
        return SecretStr(secret)

    @field_validator("slack_api_url", "huggingface_url", "arxiv_url", "arxiv_rss_url")
    @classmethod
    def _without_password(cls, value: AnyHttpUrl) -> AnyHttpUrl:
        if value.username or value.password:
            raise ValueError("must not hold a user name or password")
        return value

    @field_validator("papers_embedding")
    @classmethod
    def _model_name(cls, value: str) -> str:
        name = value.strip()
        if name not in ("auto", "static") and "/" not in name and not Path(name).is_dir():
            raise ValueError(
                f"{name!r} is neither auto, static, a model such as sentence-transformers/all-MiniLM-L6-v2, "
                "nor a folder"
            )
        return name

    @field_validator("papers_upvote_emoji", "papers_downvote_emoji")
    @classmethod
    def _emoji_names(cls, value: Words) -> Words:
        if wrong := [name for name in value if not re.fullmatch(r"[\w+'-]+", name)]:
            raise ValueError(f"write emoji by name, such as +1 or heart, instead of {', '.join(wrong)}")
        return value

    @field_validator("papers_arxiv_categories")
    @classmethod
    def _category_names(cls, value: Words) -> Words:
        if wrong := [name for name in value if not re.fullmatch(r"[a-z-]+(\.[A-Za-z-]+)?", name)]:
            raise ValueError(
                f"write categories such as cs.CL, separated by commas, instead of {', '.join(wrong)}"
            )
        return value

    @field_validator("papers_upvote_emoji")
    @classmethod
    def _one_to_seed(cls, value: Words) -> Words:
        if not value:
            raise ValueError("name at least one emoji, such as +1")
        return value

    @field_validator("papers_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"{value!r} is not a time zone; use an IANA name such as Europe/Berlin"
            ) from error
        return value

    @field_validator("papers_weekly")
    @classmethod
    def _hour_of_week(cls, value: str) -> str:
        return "off" if value.strip().lower() == "off" else str(WeekTime.parse(value))

    @field_validator("papers_post_at", "papers_post_until", mode="before")
    @classmethod
    def _hour(cls, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str) and not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value.strip()):
            raise ValueError("write an hour such as 09:00 or 17:30")
        return value.strip().rjust(5, "0") if isinstance(value, str) else value

    @field_validator("papers_smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value().strip()
        if url:
            mail_server(url)
        return SecretStr(url)

    @field_validator("papers_mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        return mail_from(value.strip()) if value.strip() else ""

    @field_validator("papers_public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        url = value.strip().rstrip("/")
        if url and not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*", url):
            raise ValueError(
                "write an address such as https://papers.example.org, with nothing behind its path"
            )
        return url

    @property
    def emoji(self) -> dict[str, int]:
        """What each reaction says of a paper."""
        return dict.fromkeys(self.papers_downvote_emoji, -1) | dict.fromkeys(self.papers_upvote_emoji, 1)

    def missing(self, need: Need) -> list[str]:
        """What is missing or mixed up for what is to be done, a sentence each."""
        if need == "library":
            return []
        bot, app = self.slack_bot_token.get_secret_value(), self.slack_app_token.get_secret_value()
        problems = []
        if not bot:
            problems.append("SLACK_BOT_TOKEN is missing: copy the xoxb- token from OAuth & Permissions")
        if bot.startswith("xapp-") or app.startswith("xoxb-"):
            problems.append("SLACK_BOT_TOKEN (xoxb-) and SLACK_APP_TOKEN (xapp-) are the wrong way round")
        if self.papers_smtp_url.get_secret_value() and not self.papers_mail_from:
            problems.append("PAPERS_MAIL_FROM is missing: name the address that mail comes from")
        if need == "serving" and not app and not self.slack_signing_secret.get_secret_value():
            problems.append(
                "SLACK_APP_TOKEN (for Socket Mode, from Basic Information, with connections:write) is missing; "
                "or set SLACK_SIGNING_SECRET for HTTP"
            )
        return problems


def load(need: Need = "library", **values: Any) -> Settings:  # noqa: ANN401 - whatever the fields take
    """Read the settings; `values` win over the environment, which wins over `.env`.

    Raises SettingsError with everything that is wrong, or missing for the `need`, by the name of its setting
    and without a secret.
    """
    problems = []
    try:
        settings = Settings(**values)
    except ValidationError as error:
        wrong = {str(found["loc"][0]): found["msg"].removeprefix("Value error, ") for found in error.errors()}
        problems = [f"{name.upper()}: {reason}" for name, reason in wrong.items()]
        # With defaults in the place of what is wrong, what is missing can be named in the same breath.
        settings = Settings(**values | {name: Settings.model_fields[name].default for name in wrong})
    for name in _unknown_names():
        close = difflib.get_close_matches(name, _NAMES, 1)
        log.warning("%s is no setting of papers-bot%s", name, f"; did you mean {close[0]}?" if close else "")
    problems += settings.missing(need)
    if problems:
        heading = "Some settings need attention (in the environment or in .env, see .env.example):"
        raise SettingsError("\n  - ".join([heading, *problems]))
    return settings


_NAMES = [name.upper() for name in Settings.model_fields]


def _unknown_names() -> list[str]:
    """What is set under our prefix and read by nobody: most likely a slip of the keyboard."""
    given = {**dotenv_values(".env"), **os.environ}
    return sorted(name for name in given if name.upper().startswith("PAPERS_") and name.upper() not in _NAMES)


def log_format() -> LogFormat:
    """What PAPERS_LOG says, read before all other settings so that what is said of those has its form.

    A value that is none is named by `load`, with everything else that is wrong.
    """
    given = {name.upper(): value for name, value in {**dotenv_values(".env"), **os.environ}.items()}
    return "json" if given.get("PAPERS_LOG") == "json" else "text"
