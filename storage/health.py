"""How each of a source's services is: when it last answered, since when it fails, and when it may be asked again."""

from __future__ import annotations

from storage.database import Connected, to_row
from storage.models import Health, Service, SourceName


class Healths(Connected):
    async def record_health(self, health: Health) -> None:
        self.write(
            "INSERT OR REPLACE INTO health (source, service, read_at, failing_since, error, ask_at, told) "
            "VALUES (:source, :service, :read_at, :failing_since, :error, :ask_at, :told)",
            to_row(health),
        )

    async def health(self, source: SourceName, service: Service) -> Health:
        """As it was when the service was asked last; without any date when it never was."""
        rows = self.rows(
            "SELECT * FROM health WHERE source = :source AND service = :service",
            {"source": source, "service": service},
        )
        return Health.model_validate(rows[0]) if rows else Health(source=source, service=service)
