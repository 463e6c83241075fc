"""The papers that people bring to the next edition of a channel."""

from __future__ import annotations

from storage.database import Connected, to_row
from storage.models import Submission

_COLUMNS = tuple(Submission.model_fields)


class Submissions(Connected):
    async def record_submission(self, submission: Submission) -> None:
        """Keep that somebody submitted a paper, or took that back, unless something later is known.

        Submitted again, it counts from the first time.
        """
        self.write(
            f"INSERT INTO submissions ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) "
            "ON CONFLICT DO UPDATE SET submitted = excluded.submitted, submitted_at = excluded.submitted_at "
            "WHERE excluded.submitted_at >= submissions.submitted_at AND excluded.submitted != submissions.submitted",
            to_row(submission),
        )

    async def submissions(self, team_id: str, channel_id: str, paper_id: str = "") -> list[Submission]:
        """What people submitted to a channel and it has not had, oldest first; of one paper, if one is named."""
        rows = self.rows(
            "SELECT * FROM submissions WHERE team_id = :team AND channel_id = :channel AND submitted "
            "AND :paper IN ('', paper_id) AND NOT EXISTS (SELECT 1 FROM posts WHERE posts.team_id = :team "
            "AND posts.channel_id = :channel AND posts.paper_id = submissions.paper_id AND posts.paper_id != '') "
            "ORDER BY submitted_at, user_id",
            {"team": team_id, "channel": channel_id, "paper": paper_id},
        )
        return [Submission.model_validate(row) for row in rows]
