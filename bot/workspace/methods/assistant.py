"""`assistant.threads.*`: the prompts an assistant suggests, and what it says it is doing."""

from bot.workspace.request import ApiError, Request, invalid
from bot.workspace.state import AssistantThread, Json

MOST_PROMPTS = 4
MOST_STATUS = 50


def set_status(request: Request) -> Json:
    """`assistant.threads.setStatus`; it goes away by itself when the bot writes in the thread."""
    thread = _thread(request)
    status = request.text("status")
    if len(status) > MOST_STATUS:
        raise invalid(f"must be less than {MOST_STATUS + 1} characters [json-pointer:/status]")
    thread.statuses.append(status)
    return {}


def set_suggested_prompts(request: Request) -> Json:
    """`assistant.threads.setSuggestedPrompts`: a title and a message for each."""
    thread = _thread(request)
    prompts = request.nested("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= MOST_PROMPTS:
        raise invalid(f"must have 1 to {MOST_PROMPTS} items [json-pointer:/prompts]")
    for prompt in prompts:
        if not isinstance(prompt, dict) or not prompt.get("title") or not prompt.get("message"):
            raise invalid("must have a title and a message [json-pointer:/prompts]")
    thread.prompts = prompts
    return {}


def _thread(request: Request) -> AssistantThread:
    if not request.text("channel_id") or not request.text("thread_ts"):
        raise invalid("missing required field: channel_id or thread_ts")
    thread = request.state.assistants.get((request.text("channel_id"), request.text("thread_ts")))
    if thread is None:
        raise ApiError("channel_not_found")
    return thread
