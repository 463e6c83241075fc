"""`/healthz` and `/metrics`: what a person or a program that watches the bot can ask it."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bot.errors import StoreError
from bot.health import Health
from bot.logs import event
from bot.metrics import Metrics

log = logging.getLogger(__name__)


class Monitoring:
    """Two pages of one bot."""

    def __init__(self, health: Health, metrics: Metrics) -> None:
        self.health = health
        self.metrics = metrics

    def add_to(self, server: web.Application) -> web.Application:
        server.router.add_get("/healthz", self._healthz)
        server.router.add_get("/metrics", self._metrics)
        return server

    async def _healthz(self, _: web.Request) -> web.Response:
        report = await self.health.report()
        return web.json_response(report.as_json(self.health.team_id), status=200 if report.ok else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        await self._look()
        return web.Response(body=self.metrics.page(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _look(self) -> None:
        """Set what is not counted as it happens. What the store can't say now is left out, and a check is red."""
        for name, check in (await self.health.report()).checks.items():
            self.metrics.healthy.labels(name).set(check.ok)
        store, now = self.health.store, self.health.clock()
        try:
            self.metrics.unfinished.set(await store.count_unfinished(self.health.team_id))
            for source, at in (await store.last_good_readings()).items():
                self.metrics.source_age.labels(source).set((now - at).total_seconds())
        except StoreError:
            self.metrics.source_age.clear()


def counting_calls(metrics: Metrics, api_url: str) -> aiohttp.TraceConfig:
    """Counts every call made over a session: retries too, which slack_sdk makes by itself."""
    api = urlsplit(api_url)

    def method_of(host: str | None, path: str) -> str:
        # The rest of any other address is a secret: it answers a person.
        inside = host == api.hostname and path.startswith(api.path)
        return path.removeprefix(api.path).strip("/") if inside else "response_url"

    async def ended(_: object, __: object, done: aiohttp.TraceRequestEndParams) -> None:
        method = method_of(done.url.host, done.url.path)
        metrics.calls.labels(method, str(done.response.status)).inc()
        if done.response.status == 429:
            metrics.rate_limited.inc()
            event(log, "Slack asks to wait", method=method, seconds=done.response.headers.get("Retry-After"))

    async def failed(_: object, __: object, done: aiohttp.TraceRequestExceptionParams) -> None:
        metrics.calls.labels(method_of(done.url.host, done.url.path), "none").inc()

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    trace.on_request_exception.append(failed)
    return trace
