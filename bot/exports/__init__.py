"""Papers as files for other programs: pure functions, from papers to text."""

from bot.exports.bibtex import bibtex, entry
from bot.exports.ris import ris
from bot.exports.tables import document, table

__all__ = ["bibtex", "document", "entry", "ris", "table"]
