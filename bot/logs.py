"""Log lines on standard error, with no secret in any of them."""

from __future__ import annotations

import logging
import re
import sys

#: The logger that Bolt is given.
BOLT = "slack_bolt"
#: Slack's tokens (xoxb-, xoxp-, xapp-, ...), Hugging Face's, and whatever follows "Bearer".
_SECRET = re.compile(r"(xox[a-z]|xapp|hf)[-_][\w-]{6,}|(?<=Bearer )\S+")


class Redacting(logging.Formatter):
    """Takes tokens out of the finished line, traceback included: whoever put them there."""

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub("[secret]", super().format(record))


def log_to_stderr(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacting("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Each request of these is a line at info; what they were made for is logged by us.
    for name in ("httpx", BOLT, "slack_sdk"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    # Bolt finds the bot token in the environment too, and says so each time: it is the same token.
    logging.getLogger(BOLT).addFilter(lambda record: "`token` will be unused" not in record.getMessage())
    # A retry that works is no news, and one that doesn't ends in an error that is logged by us.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    # Which entries of somebody's BibTeX can't be read is for them to know.
    logging.getLogger("bibtexparser").setLevel(logging.ERROR)
