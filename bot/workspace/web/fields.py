"""What menus and fields of Block Kit offer, and what they start with."""

from collections.abc import Mapping
from datetime import UTC

from bot.workspace.state import Json
from bot.workspace.web.dates import moment

_INPUT_TYPES = {
    "number_input": "number",
    "email_text_input": "email",
    "url_text_input": "url",
    "datepicker": "date",
    "timepicker": "time",
    "datetimepicker": "datetime-local",
}


def input_type(element: Json) -> str:
    """The type of the HTML input for a field."""
    return _INPUT_TYPES.get(element["type"], "text")


def initial(element: Json) -> str:
    """What a field holds before anybody fills it in, as its HTML input wants it."""
    if element["type"] == "datetimepicker":
        when = moment(element.get("initial_date_time") or "", UTC)
        return f"{when:%Y-%m-%dT%H:%M}" if when else ""
    starts = ("initial_value", "initial_date", "initial_time")
    return next((element[name] for name in starts if element.get(name)), "") or ",".join(chosen(element))


def chosen(element: Json) -> list[str]:
    """The values that are chosen in a menu before anybody chooses."""
    options = [element.get("initial_option"), *(element.get("initial_options") or [])]
    values = [option["value"] for option in options if option]
    for kind in ("user", "channel", "conversation"):
        values += [element.get(f"initial_{kind}"), *(element.get(f"initial_{kind}s") or [])]
    return [value for value in values if value]


def options(element: Json, users: Mapping[str, str], channels: Mapping[str, str]) -> list[tuple[str, Json]]:
    """What a menu offers, each with its value: its own options, or the people or channels of the workspace."""
    kind: str = element["type"]
    if "users" in kind:
        return [(user, _named(f"@{name}")) for user, name in users.items()]
    if "channels" in kind or "conversations" in kind:
        return [(channel, _named(f"#{name}")) for channel, name in channels.items()]
    listed = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        listed += group["options"]
    return [(option["value"], option) for option in listed]


def _named(name: str) -> Json:
    return {"text": {"type": "plain_text", "text": name, "emoji": False}}
