"""`views.*`: modals and Home tabs."""

import secrets

from bot.workspace.blocks import view_problems
from bot.workspace.methods.chat import named
from bot.workspace.payloads import view_json
from bot.workspace.request import ApiError, Request, invalid
from bot.workspace.state import Json, State, View

TRIGGER_SECONDS = 3.0
# Slack stacks three modals, not more.
MOST_STACKED = 3


def open_(request: Request) -> Json:
    """`views.open`: a first modal, for the person whose action gave the `trigger_id`."""
    body = _body(request, "modal")
    user = _person(request)
    return _answer(request, add_view(request.state, user, body))


def push(request: Request) -> Json:
    """`views.push`: a modal on top of the one that is open."""
    body = _body(request, "modal")
    user = _person(request)
    return _answer(request, push_view(request.state, user, body))


def update(request: Request) -> Json:
    """`views.update`, by `view_id` or `external_id`."""
    body = _body(request, None)
    view = _existing(request)
    expected = request.text("hash")
    if expected and expected != view.hash:
        raise ApiError("hash_conflict")
    replace_view(view, body)
    return _answer(request, view)


def publish(request: Request) -> Json:
    """`views.publish`: what a person sees on the Home tab."""
    body = _body(request, "home")
    user, homes = request.text("user_id"), request.state.homes
    if user not in request.state.users:
        raise ApiError("user_not_found")
    expected, shown = request.text("hash"), homes.get(user)
    if expected and shown and expected != shown.hash:
        raise ApiError("hash_conflict")
    if shown:
        replace_view(shown, body)
    else:
        homes[user] = add_view(request.state, user, body)
    return _answer(request, homes[user])


def add_view(state: State, user: str, body: Json, below: View | None = None) -> View:
    """Show a view to a person, on its own or on top of another one."""
    view_id = state.next_id("V")
    root = below.root_id if below else view_id
    view = View(view_id, user, {}, "", root, previous_id=below.id if below else None)
    replace_view(view, body)
    state.views[view_id] = view
    return view


def push_view(state: State, user: str, body: Json) -> View:
    """Show a view on top of the person's open ones."""
    below = open_modals(state, user)
    if len(below) >= MOST_STACKED:
        raise ApiError("push_limit_reached")
    return add_view(state, user, body, below[-1] if below else None)


def replace_view(view: View, body: Json) -> None:
    """Change what a view shows."""
    view.body = {**body, "blocks": named(body.get("blocks") or [])}
    view.hash = f"{view.id}.{secrets.token_hex(4)}"


def open_modals(state: State, user: str) -> list[View]:
    """The modals that are open for a person, the one on top last."""
    return [v for v in state.views.values() if v.user == user and v.open and v.body.get("type") == "modal"]


def _body(request: Request, kind: str | None) -> Json:
    view = request.nested("view")
    problems = view_problems(view)
    if problems or not isinstance(view, dict):
        raise invalid(*problems)
    if kind and view["type"] != kind:
        raise invalid(f"must be a {kind} view [json-pointer:/type]")
    return view


def _person(request: Request) -> str:
    trigger = request.state.triggers.get(request.text("trigger_id"))
    if trigger is None:
        raise ApiError("invalid_trigger_id")
    if trigger.used:
        raise ApiError("exchanged_trigger_id")
    if request.state.clock() - trigger.at > TRIGGER_SECONDS:
        raise ApiError("expired_trigger_id")
    trigger.used = True
    return trigger.user


def _existing(request: Request) -> View:
    external_id = request.text("external_id")
    for view in request.state.views.values():
        by_name = external_id and view.body.get("external_id") == external_id
        if view.open and (by_name or view.id == request.text("view_id")):
            return view
    raise ApiError("not_found")


def _answer(request: Request, view: View) -> Json:
    return {"view": view_json(request.state, view)}
