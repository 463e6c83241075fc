"""Small rules that shapes of Block Kit are made of: a rule looks at one value and reports what Slack would refuse."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.workspace.state import Json


@dataclass
class Report:
    """The problems found so far, worded and addressed as in Slack's `response_metadata.messages`."""

    problems: list[str] = field(default_factory=list)

    def add(self, path: str, problem: str) -> None:
        """Note one problem of the value at `path`, a JSON pointer."""
        self.problems.append(f"{problem} [json-pointer:{path}]")


Rule: TypeAlias = Callable[[Report, str, Any], None]
Shapes: TypeAlias = Mapping[str, Rule]


def string(most: int | None = None, least: int = 1) -> Rule:
    """A string of a length between `least` and `most` characters."""

    def check(report: Report, path: str, value: object) -> None:
        if not isinstance(value, str):
            report.add(path, "must be a string")
        elif len(value) < least:
            report.add(path, f"must be more than {least - 1} characters")
        elif most is not None and len(value) > most:
            report.add(path, f"must be less than {most + 1} characters")

    return check


def url(most: int = 3000) -> Rule:
    """A web address."""
    length = string(most)

    def check(report: Report, path: str, value: object) -> None:
        length(report, path, value)
        if isinstance(value, str) and not value.startswith(("http://", "https://", "mailto:", "slack://")):
            report.add(path, "must be a valid URL")

    return check


def flag(report: Report, path: str, value: object) -> None:
    """True or false."""
    if not isinstance(value, bool):
        report.add(path, "must be a boolean")


def number(least: int | None = None, most: int | None = None) -> Rule:
    """A whole number within bounds."""

    def check(report: Report, path: str, value: object) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            report.add(path, "must be an integer")
        elif (least is not None and value < least) or (most is not None and value > most):
            report.add(path, f"must be between {least} and {most}")

    return check


def one_of(*allowed: str) -> Rule:
    """One of a few words."""

    def check(report: Report, path: str, value: object) -> None:
        if value not in allowed:
            report.add(path, f"must be one of: {', '.join(allowed)}")

    return check


def anything(report: Report, path: str, value: object) -> None:
    """Whatever Slack does not look at."""


def items(rule: Rule, most: int | None, least: int = 1) -> Rule:
    """A list whose items all keep to `rule`."""

    def check(report: Report, path: str, value: object) -> None:
        if not isinstance(value, list):
            report.add(path, "must be an array")
            return
        if len(value) < least:
            report.add(path, f"no less than {least} items allowed")
        if most is not None and len(value) > most:
            report.add(path, f"no more than {most} items allowed")
        for index, item in enumerate(value):
            rule(report, f"{path}/{index}", item)

    return check


def shape(required: Shapes, optional: Shapes | None = None) -> Rule:
    """An object with these fields and no others."""
    known = {**required, **(optional or {})}

    def check(report: Report, path: str, value: object) -> None:
        if not isinstance(value, dict):
            report.add(path, "must be an object")
            return
        for name in required:
            if value.get(name) is None:
                report.add(path, f"missing required field: {name}")
        for name, inner in value.items():
            if name not in known:
                report.add(path, f"invalid additional property: {name}")
            elif inner is not None:
                known[name](report, f"{path}/{name}", inner)

    return check


def both(*rules: Rule) -> Rule:
    """All the rules at once."""

    def check(report: Report, path: str, value: object) -> None:
        for rule in rules:
            rule(report, path, value)

    return check


def by_type(shapes: Shapes) -> Rule:
    """An object whose `type` says which of the shapes it must have."""

    def check(report: Report, path: str, value: object) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(kind, str) or kind not in shapes:
            report.add(path, f"unsupported type: {kind}")
        else:
            shapes[kind](report, path, {name: inner for name, inner in value.items() if name != "type"})

    return check


def any_field(*names: str) -> Rule:
    """At least one of several fields."""

    def check(report: Report, path: str, value: Json) -> None:
        if isinstance(value, dict) and not any(value.get(name) for name in names):
            report.add(path, f"must provide at least one of: {', '.join(names)}")

    return check


def unique(values: Iterable[tuple[str, Any]], what: str, report: Report) -> None:
    """Report every value, given with its path, that appeared before."""
    seen: set[Any] = set()
    for path, value in values:
        if isinstance(value, str) and value in seen:
            report.add(path, f"{what} `{value}` already exists")
        if isinstance(value, str):
            seen.add(value)
