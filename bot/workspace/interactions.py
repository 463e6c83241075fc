"""What clicking and filling in means in Block Kit: which element, and what Slack reports of it."""

from collections.abc import Iterator

from bot.workspace.state import Json

_CHOSEN = {
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
}
_ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
_SEVERAL_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """All elements that can be clicked or filled in, each with its block."""
    for block in blocks:
        single = (block[name] for name in ("accessory", "element") if block.get(name))
        for element in [*single, *(block.get("elements") or [])]:
            if "action_id" in element:
                yield block, element


def find_element(
    blocks: list[Json], action_id: str, value: object, block_id: str | None = None
) -> tuple[Json, Json]:
    """The element with this `action_id`; several may share one, then the block or what it offers tells."""
    for block, element in elements_of(blocks):
        wrong_value = value is not None and value not in _offered(element, value)
        wrong_block = block_id not in (None, block["block_id"])
        if element["action_id"] == action_id and not wrong_value and not wrong_block:
            return block, element
    there = [f"{e['action_id']} ({e.get('value', e['type'])})" for _, e in elements_of(blocks)]
    raise LookupError(f"nothing to click with action_id={action_id!r} value={value!r}; there is: {there}")


def _offered(element: Json, value: object) -> list[object]:
    """What a button or an overflow menu can answer; other elements answer for themselves whether `value` is theirs."""
    if element["type"] == "button":
        return [element.get("value")]
    if element["type"] == "overflow":
        return [option.get("value") for option in element["options"]]
    return [value]


def action_json(block: Json, element: Json, value: object, action_ts: str) -> Json:
    """The entry in `actions` for a click on a button or a choice in a menu."""
    action = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
    if element["type"] == "button":
        kept = ("text", "value", "style", "url")
        action |= {name: element[name] for name in kept if name in element}
    else:
        action |= state_of(element, value)
    return {**action, "action_ts": action_ts}


def view_values(blocks: list[Json], filled: Json, *, whole: bool = True) -> Json:
    """The `state.values` of a view: what was filled in, over what the fields start with.

    One that is submitted must be filled in as a `whole`.
    `filled` is `{block_id: {action_id: value}}`; a value may be Slack's own form or just the text, option
    values, date... that a person would enter.
    """
    values: Json = {}
    for block, element in elements_of(blocks):
        if block["type"] not in ("input", "actions", "section") or element["type"] in ("button", "overflow"):
            continue
        given = filled.get(block["block_id"], {}).get(element["action_id"], _initial(element))
        state = given if isinstance(given, dict) else state_of(element, given)
        values.setdefault(block["block_id"], {})[element["action_id"]] = {"type": element["type"], **state}
        empty = all(entry in (None, "", []) for name, entry in state.items() if name != "type")
        if whole and block["type"] == "input" and empty and not block.get("optional"):
            raise ValueError(f"the field {block['block_id']!r} must be filled in")
    if unknown := set(filled) - set(values):
        raise LookupError(f"no fields {sorted(unknown)}; there are: {sorted(values)}")
    return values


def state_of(element: Json, value: object) -> Json:
    """What Slack calls the value of an element: `value`, `selected_option`, `selected_date`..."""
    kind = element["type"]
    if kind in _ONE_OPTION:
        return {"selected_option": None if value is None else _option(element, value)}
    if kind in _SEVERAL_OPTIONS:
        chosen = value if isinstance(value, list) else [value] * (value is not None)
        return {"selected_options": [_option(element, one) for one in chosen]}
    return {_CHOSEN.get(kind, "value"): value}


def _option(element: Json, value: object) -> Json:
    options = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        options += group["options"]
    for option in options:
        if option.get("value") == value:
            return dict(option)
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": value}, "value": value}
    raise LookupError(f"no option {value!r}; there are: {[option.get('value') for option in options]}")


def _initial(element: Json) -> object:
    if option := element.get("initial_option"):
        return option["value"]
    if options := element.get("initial_options"):
        return [option["value"] for option in options]
    return next((value for name, value in element.items() if name.startswith("initial_")), None)
