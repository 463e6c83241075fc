"""`api.test`, `apps.connections.open`, `auth.test`, `users.*`, `team.info` and `bots.info`: who is who."""

from bot.workspace.payloads import user_json
from bot.workspace.request import ApiError, Request, page
from bot.workspace.state import Json


def api_test(request: Request) -> Json:
    """`api.test`: says back what it was told."""
    if error := request.text("error"):
        raise ApiError(error, args=request.args)
    return {"args": request.args}


def connections_open(request: Request) -> Json:
    """`apps.connections.open`: where to open a Socket Mode connection, once."""
    return {"url": request.socket_url()}


def auth_test(request: Request) -> Json:
    """`auth.test`: whose token this is."""
    team = request.state.team
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": request.state.users[team.bot_user_id].name,
        "team_id": team.id,
        "user_id": team.bot_user_id,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
    }


def users_info(request: Request) -> Json:
    """`users.info`."""
    user = request.state.users.get(request.text("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": user_json(request.state, user)}


def users_list(request: Request) -> Json:
    """`users.list`."""
    found, following = page(
        list(request.state.users.values()), request.number("limit", 1000), request.text("cursor")
    )
    people = [user_json(request.state, user) for user in found]
    return {"members": people, "response_metadata": {"next_cursor": following}}


def team_info(request: Request) -> Json:
    """`team.info`."""
    team = request.state.team
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": ""}}


def bots_info(request: Request) -> Json:
    """`bots.info`."""
    team = request.state.team
    if request.text("bot", team.bot_id) != team.bot_id:
        raise ApiError("bot_not_found")
    name = request.state.users[team.bot_user_id].name
    return {
        "bot": {
            "id": team.bot_id,
            "deleted": False,
            "name": name,
            "app_id": team.app_id,
            "user_id": team.bot_user_id,
        }
    }
