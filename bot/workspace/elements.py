"""What stands inside blocks: texts, options, and the elements people click and fill in, with Slack's limits.

https://docs.slack.dev/reference/block-kit/block-elements/
https://docs.slack.dev/reference/block-kit/composition-objects/
"""

from bot.workspace.rules import (
    Report,
    Rule,
    Shapes,
    any_field,
    anything,
    both,
    by_type,
    flag,
    items,
    number,
    one_of,
    shape,
    string,
    url,
)

ACTION_ID = {"action_id": string(255)}


def plain_text(most: int) -> Rule:
    """A text object that may hold no markup."""
    return by_type({"plain_text": shape({"text": string(most)}, {"emoji": flag})})


def text(most: int) -> Rule:
    """A text object of either type."""
    return by_type(
        {
            "plain_text": shape({"text": string(most)}, {"emoji": flag}),
            "mrkdwn": shape({"text": string(most)}, {"verbatim": flag}),
        }
    )


CONFIRM = shape(
    {"title": plain_text(100), "text": text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
)
PLACEHOLDER: Shapes = {"placeholder": plain_text(150)}
INTERACTIVE: Shapes = {**ACTION_ID, "confirm": CONFIRM, "focus_on_load": flag}

OPTION = shape({"text": plain_text(75), "value": string(150)}, {"description": plain_text(75)})
# Only checkboxes and radio buttons may carry markup in their options; only an overflow menu may link.
MARKED_OPTION = shape({"text": text(75), "value": string(150)}, {"description": text(75)})
LINK_OPTION = shape(
    {"text": plain_text(75), "value": string(150)}, {"description": plain_text(75), "url": url(3000)}
)
OPTION_GROUP = shape({"label": plain_text(75), "options": items(OPTION, 100)})

_DISPATCH = shape({}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 2)})
_FILTER = shape(
    {},
    {
        "include": items(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    },
)
_PICKER: Shapes = {**INTERACTIVE, **PLACEHOLDER}


def _one_choice(report: Report, path: str, value: object) -> None:
    if isinstance(value, dict) and bool(value.get("options")) == bool(value.get("option_groups")):
        report.add(path, "must provide exactly one of: options, option_groups")


def _select(extra: Shapes) -> Rule:
    fields: Shapes = {**_PICKER, "options": items(OPTION, 100), "option_groups": items(OPTION_GROUP, 100)}
    return both(shape({}, {**fields, **extra}), _one_choice)


def _lookup(extra: Shapes) -> Rule:
    return shape({}, {**_PICKER, **extra})


_MANY: Shapes = {"max_selected_items": number(1, 100)}
_IDS = items(string(), None, 0)

BUTTON = shape(
    {"text": plain_text(75)},
    {
        **ACTION_ID,
        "url": url(3000),
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
IMAGE = both(
    shape(
        {"alt_text": string(2000)},
        {"image_url": url(3000), "slack_file": anything, "title": plain_text(2000)},
    ),
    any_field("image_url", "slack_file"),
)
CHECKBOXES = shape(
    {"options": items(MARKED_OPTION, 10)}, {**INTERACTIVE, "initial_options": items(MARKED_OPTION, 10)}
)
RADIO_BUTTONS = shape({"options": items(MARKED_OPTION, 10)}, {**INTERACTIVE, "initial_option": MARKED_OPTION})
OVERFLOW = shape({"options": items(LINK_OPTION, 5)}, {**ACTION_ID, "confirm": CONFIRM})
PICKERS: Shapes = {
    "datepicker": _lookup({"initial_date": string(10, 10)}),
    "timepicker": _lookup({"initial_time": string(5, 5), "timezone": string()}),
    "datetimepicker": shape({}, {**INTERACTIVE, "initial_date_time": number(0, 9_999_999_999)}),
}
SELECTS: Shapes = {
    "static_select": _select({"initial_option": OPTION}),
    "external_select": _lookup({"initial_option": OPTION, "min_query_length": number(0, 1000)}),
    "users_select": _lookup({"initial_user": string()}),
    "conversations_select": _lookup(
        {
            "initial_conversation": string(),
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": _FILTER,
        }
    ),
    "channels_select": _lookup({"initial_channel": string(), "response_url_enabled": flag}),
}
MULTI_SELECTS: Shapes = {
    "multi_static_select": _select({"initial_options": items(OPTION, 100), **_MANY}),
    "multi_external_select": _lookup(
        {"initial_options": items(OPTION, 100), "min_query_length": number(0, 1000), **_MANY}
    ),
    "multi_users_select": _lookup({"initial_users": _IDS, **_MANY}),
    "multi_conversations_select": _lookup(
        {
            "initial_conversations": _IDS,
            "default_to_current_conversation": flag,
            "filter": _FILTER,
            **_MANY,
        }
    ),
    "multi_channels_select": _lookup({"initial_channels": _IDS, **_MANY}),
}
_TYPED: Shapes = {**INTERACTIVE, **PLACEHOLDER, "dispatch_action_config": _DISPATCH}
FIELDS: Shapes = {
    "plain_text_input": shape(
        {},
        {
            **_TYPED,
            "initial_value": string(3000, 0),
            "multiline": flag,
            "min_length": number(0, 3000),
            "max_length": number(1, 3000),
        },
    ),
    "email_text_input": shape({}, {**_TYPED, "initial_value": string(None, 0)}),
    "url_text_input": shape({}, {**_TYPED, "initial_value": string(None, 0)}),
    "number_input": shape(
        {"is_decimal_allowed": flag},
        {**_TYPED, "initial_value": string(), "min_value": string(), "max_value": string()},
    ),
}
CHOICES: Shapes = {"checkboxes": CHECKBOXES, "radio_buttons": RADIO_BUTTONS}

SECTION_ACCESSORIES = by_type(
    {"button": BUTTON, "image": IMAGE, "overflow": OVERFLOW, **CHOICES, **PICKERS, **SELECTS, **MULTI_SELECTS}
)
ACTIONS_ELEMENTS = by_type(
    {"button": BUTTON, "overflow": OVERFLOW, **CHOICES, **PICKERS, **SELECTS, **MULTI_SELECTS}
)
INPUT_ELEMENTS = by_type({**CHOICES, **PICKERS, **SELECTS, **MULTI_SELECTS, **FIELDS})
CONTEXT_ELEMENTS = by_type(
    {
        "image": IMAGE,
        "plain_text": shape({"text": string(2000)}, {"emoji": flag}),
        "mrkdwn": shape({"text": string(2000)}, {"verbatim": flag}),
    }
)
