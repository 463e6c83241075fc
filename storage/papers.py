"""Papers, the days they were listed on, and how upstream upvotes grew."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from storage.database import Connected, Row, as_json, iso, to_row
from storage.models import Batch, Listed, Paper, Reading, SourceName

_COLUMNS = tuple(Paper.model_fields)
_LISTS = ("authors", "categories", "keywords")
_MERGED = [name for name in _COLUMNS if name != "id"]
#: What a source that doesn't know a field says of it.
_UNKNOWN = {name: "'[]'" if name in _LISTS else "''" for name in _MERGED}
# The newer reading wins, field by field, unless it doesn't know the field.
_MERGE = ", ".join(
    f"{name} = CASE WHEN excluded.{name} IS NULL OR excluded.{name} = {_UNKNOWN[name]} "
    f"THEN papers.{name} ELSE excluded.{name} END"
    for name in _MERGED
)
_CHANGED = " OR ".join(
    f"(excluded.{name} != {_UNKNOWN[name]} AND excluded.{name} IS NOT papers.{name})" for name in _MERGED
)
_INSERT = f"""
    INSERT INTO papers ({", ".join(_COLUMNS)}, first_seen_at, changed)
    VALUES ({", ".join(f":{name}" for name in _COLUMNS)}, :first_seen_at, :changed)
    ON CONFLICT (id) DO UPDATE SET {_MERGE}, changed = excluded.changed WHERE {_CHANGED}"""

#: A source that fails for so many days in a row is looked for the beginning of it.
BEFORE = timedelta(days=3)
#: The known papers among :ids, in the order asked for.
PAPERS_BY_ID = (
    "SELECT papers.* FROM json_each(:ids) AS wanted JOIN papers ON papers.id = wanted.value "
    "ORDER BY wanted.key"
)
#: The number of the last change to any paper; 0 in an empty database.
NEWEST_CHANGE = "SELECT coalesce(max(changed), 0) AS newest FROM papers"
# A new paper's number is one more than the newest's. Counting the papers instead would read them all.
_NEWEST = "SELECT coalesce(max(number), 0) FROM papers"


def paper_of(row: Row) -> Paper:
    return Paper.model_validate(
        {name: json.loads(row[name]) if name in _LISTS else row[name] for name in _COLUMNS}
    )


class Papers(Connected):
    async def keep(self, batch: Batch, read_at: datetime) -> int:
        """Merge a source's answer into the store in one transaction; returns how many papers were new."""
        with self.writing() as connection:
            before = connection.execute(_NEWEST).fetchone()[0]
            # Not counted from one: a database that was restored from a copy must not come to a number of before,
            # or an index which read that one would take what has changed since for known.
            revision = connection.execute(
                "SELECT max(coalesce(max(changed), 0) + 1, ?) FROM papers", (time.time_ns() // 1_000_000,)
            ).fetchone()[0]
            at = iso(read_at)
            connection.executemany(
                _INSERT,
                ({**to_row(paper), "first_seen_at": at, "changed": revision} for paper in batch.papers),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO upvotes (paper_id, read_at, upvotes) VALUES (?, ?, ?)",
                ((paper.id, at, paper.upvotes) for paper in batch.papers if paper.upvotes is not None),
            )
            if batch.day:
                # That a source lists it is news of a paper, too.
                connection.execute(
                    "UPDATE papers SET changed = ? WHERE id IN (SELECT value FROM json_each(?)) "
                    "AND id NOT IN (SELECT paper_id FROM listings WHERE source = ?)",
                    (revision, as_json(batch.listed), batch.source),
                )
                connection.executemany(
                    "INSERT OR REPLACE INTO listings (source, day, paper_id, position) VALUES (?, ?, ?, ?)",
                    ((batch.source, iso(batch.day), id, n) for n, id in enumerate(batch.listed, start=1)),
                )
            after = connection.execute(_NEWEST).fetchone()[0]
        return int(after - before)

    async def papers(self, ids: Sequence[str]) -> list[Paper]:
        """The known papers among `ids`, in the order asked for."""
        rows = self.rows(
            PAPERS_BY_ID,
            {"ids": as_json(list(ids))},
        )
        return [paper_of(row) for row in rows]

    async def listed(self, first: date, last: date) -> dict[str, Listed]:
        """Papers listed from `first` to `last`, by id; newest day first, in the sources' order."""
        rows = self.rows(
            "SELECT paper_id, max(day) AS day, max(source = 'huggingface') AS curated FROM listings "
            "WHERE day BETWEEN :first AND :last GROUP BY paper_id ORDER BY max(day) DESC, min(position), paper_id",
            {"first": iso(first), "last": iso(last)},
        )
        return {row["paper_id"]: Listed(date.fromisoformat(row["day"]), bool(row["curated"])) for row in rows}

    async def most_upvoted(self, first: date, last: date, limit: int) -> list[str]:
        """The papers listed from `first` to `last` with the most upstream upvotes."""
        rows = self.rows(
            "SELECT id FROM papers WHERE id IN (SELECT paper_id FROM listings WHERE day BETWEEN :first AND :last) "
            "ORDER BY upvotes DESC NULLS LAST, number DESC LIMIT :limit",
            {"first": iso(first), "last": iso(last), "limit": limit},
        )
        return [row["id"] for row in rows]

    async def newest_day(self, until: date) -> date | None:
        """The newest day up to `until` that has papers."""
        day = self.rows("SELECT max(day) AS day FROM listings WHERE day <= :until", {"until": iso(until)})[0][
            "day"
        ]
        return date.fromisoformat(day) if day else None

    async def revision(self) -> int:
        """A number that grows whenever a paper changes; 0 in an empty database."""
        return int(self.rows(NEWEST_CHANGE)[0]["newest"])

    async def count_papers(self) -> int:
        return int(self.rows("SELECT count(*) AS papers FROM papers")[0]["papers"])

    async def all_papers(self) -> Iterator[Paper]:
        """Every paper, oldest first, read as it is consumed: a store may hold millions."""
        return (paper_of(row) for row in self.each("SELECT * FROM papers ORDER BY number"))

    async def days_listed(self) -> dict[str, date]:
        """The newest day on which Hugging Face listed each paper that it ever listed."""
        rows = self.rows(
            "SELECT paper_id, max(day) AS day FROM listings WHERE source = 'huggingface' GROUP BY paper_id"
        )
        return {row["paper_id"]: date.fromisoformat(row["day"]) for row in rows}

    async def numbered(self, numbers: Sequence[int]) -> dict[int, Paper]:
        """The papers with these row numbers."""
        rows = self.rows(
            "SELECT papers.* FROM json_each(:numbers) AS wanted JOIN papers ON papers.number = wanted.value",
            {"numbers": as_json(list(numbers))},
        )
        return {row["number"]: paper_of(row) for row in rows}

    async def count_listed(self, source: SourceName, day: date) -> int:
        """How many papers the source has ever listed for the day."""
        rows = self.rows(
            "SELECT count(*) AS papers FROM listings WHERE source = :source AND day = :day",
            {"source": source, "day": iso(day)},
        )
        return int(rows[0]["papers"])

    async def record_reading(self, reading: Reading) -> None:
        """Keep how a reading went, and since when they fail."""
        self.write(
            "INSERT INTO readings (source, day, read_at, papers, skipped, error, failing_since) "
            "VALUES (:source, :day, :read_at, :papers, :skipped, :error, iif(:error = '', NULL, :read_at)) "
            "ON CONFLICT (source, day) DO UPDATE SET read_at = excluded.read_at, papers = excluded.papers, "
            "skipped = excluded.skipped, error = excluded.error, failing_since = iif(excluded.error = '', NULL, "
            "coalesce(readings.failing_since, excluded.read_at))",
            to_row(reading),
        )

    async def failing_since(self, source: SourceName, day: date) -> datetime | None:
        """Since when a source can't be read, be it for a day alone or for those before it; None when it can."""
        rows = self.rows(
            "SELECT min(failing_since) AS since, max(day) AS day FROM readings "
            "WHERE source = :source AND day BETWEEN :first AND :day AND error != ''",
            {"source": source, "first": iso(day - BEFORE), "day": iso(day)},
        )
        return datetime.fromisoformat(rows[0]["since"]) if rows[0]["day"] == iso(day) else None

    async def reading(self, source: SourceName, day: date) -> Reading | None:
        rows = self.rows(
            "SELECT * FROM readings WHERE source = :source AND day = :day",
            {"source": source, "day": iso(day)},
        )
        return Reading.model_validate(rows[0]) if rows else None
