"""What is counted for Prometheus: a registry of its own for each bot, so that two in one process don't mix."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

#: In seconds. Slack waits three for an acknowledgement, which takes about a millisecond.
_ACK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
#: In seconds. The store answers in milliseconds; where the sources are asked as well, six are the most.
_SEARCH_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters are of this process and begin at 0; gauges are what the store says when they are asked for.

    To count takes about a microsecond and never waits for anything. docs/monitoring.md lists every name.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.editions = Counter("papers_editions", "Editions planned.", registry=registry)
        self.posts = Counter("papers_posts", "Messages that came to an end.", ["outcome"], registry=registry)
        self.votes = Counter("papers_votes", "Votes given or taken back.", ["by"], registry=registry)
        self.searches = Histogram(
            "papers_search_seconds", "Answering a search.", buckets=_SEARCH_BUCKETS, registry=registry
        )
        self.acks = Histogram(
            "papers_ack_seconds",
            "From a delivery to its ack.",
            ["kind"],
            buckets=_ACK_BUCKETS,
            registry=registry,
        )
        self.redeliveries = Counter(
            "papers_slack_redeliveries", "Deliveries that Slack made again.", registry=registry
        )
        self.calls = Counter(
            "papers_slack_calls", "Calls to Slack, by HTTP status.", ["method", "status"], registry=registry
        )
        self.rate_limited = Counter(
            "papers_slack_rate_limited", "Calls that Slack answered with 429.", registry=registry
        )
        self.unsigned = Counter(
            "papers_unsigned_requests", "Requests not signed by Slack.", registry=registry
        )
        self.over_limit = Counter(
            "papers_over_limit", "Commands and presses refused as too many.", registry=registry
        )
        self.reads = Counter(
            "papers_source_reads", "Readings of a source.", ["source", "outcome"], registry=registry
        )
        self.task_failures = Counter(
            "papers_task_failures", "Background work that failed unexpectedly.", registry=registry
        )
        self.source_age = Gauge(
            "papers_source_age_seconds", "Since the last reading that worked.", ["source"], registry=registry
        )
        self.unfinished = Gauge(
            "papers_unfinished_posts", "Posts neither sent nor abandoned.", registry=registry
        )
        self.healthy = Gauge(
            "papers_healthy", "1 where a check of /healthz is green.", ["check"], registry=registry
        )
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """A rate can be asked of a series only once it is there."""
        for outcome in ("sent", "abandoned"):
            self.posts.labels(outcome)
        for by in ("reaction", "button"):
            self.votes.labels(by)
        for kind in ("event", "command", "action"):
            self.acks.labels(kind)
        for source in ("huggingface", "arxiv"):
            for outcome in ("read", "failed"):
                self.reads.labels(source, outcome)

    def page(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self.registry)
