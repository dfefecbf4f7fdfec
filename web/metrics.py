"""Figures for monitors, as Prometheus reads them. Labels are words of the domain and routes, never ids or values."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.runtime import Runtime
from pipeline.steps.figures import Counts, Figures, get_figures
from pipeline.steps.probes import free_bytes

BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)
UNMATCHED = "unmatched"


class StoreCollector(Collector):
    """Asks the store at each look; while it does not answer, `ichimado_up` is 0 and the rest is absent."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def collect(self) -> Iterator[Metric]:
        """The figures as of now."""
        up = GaugeMetricFamily("ichimado_up", "1 while the case store answers.")
        try:
            figures = get_figures(self.runtime)
            free = free_bytes(self.runtime)
        except Exception:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield _gauge("ichimado_disk_free_bytes", "Room left where the store writes.", free)
        yield from _families(figures, self.runtime.clock())

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that no query runs when the collector is registered."""
        return []


class RequestTimes:
    """Measures how long each request took, by the route it met."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self.app = app
        self.seconds = Histogram(
            "ichimado_http_request_seconds",
            "How long requests took.",
            ("method", "route", "status"),
            registry=registry,
            buckets=BUCKETS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", UNMATCHED)
            # A method nobody knows would be a label of the caller's choice.
            method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST") else "other"
            self.seconds.labels(method, route, f"{status // 100}xx").observe(time.perf_counter() - started)


def make_registry(runtime: Runtime) -> CollectorRegistry:
    """A registry for one application: its store, and this process."""
    registry = CollectorRegistry()
    registry.register(StoreCollector(runtime))
    ProcessCollector(namespace="ichimado_web", registry=registry)
    return registry


def _families(figures: Figures, now: datetime) -> Iterator[Metric]:
    yield _counted("ichimado_submissions", "Applications.", ("status", "channel"), figures.submissions)
    yield _counted("ichimado_tasks", "Review tasks.", ("kind", "status"), figures.tasks)
    yield _counted("ichimado_outbound", "Outgoing messages.", ("kind", "status"), figures.outbound)
    yield _counted("ichimado_arrivals", "Files and records that arrived.", ("status",), figures.arrivals)
    yield _gauge("ichimado_due_submissions", "Applications that wait for software.", figures.due)
    yield _gauge("ichimado_failing_submissions", "Of those, how many failed before.", figures.failing)
    yield _gauge("ichimado_oldest_due_seconds", "How long the oldest has waited.", _age(figures.oldest_due, now) or 0.0)
    events = CounterMetricFamily("ichimado_events", "Events in the history.")
    events.add_metric([], figures.events)
    yield events
    for name, said, moment in (
        ("ichimado_sealed_age_seconds", "Since the history was last sealed by audit.", figures.sealed_at),
        ("ichimado_backup_age_seconds", "Since the last backup.", figures.backed_up_at),
    ):
        age = _age(moment, now)
        if age is not None:
            yield _gauge(name, said, age)
    silence = GaugeMetricFamily("ichimado_worker_silence_seconds", "Since a worker last spoke.", labels=("worker",))
    for worker, seconds in figures.silence_s.items():
        silence.add_metric([worker], seconds)
    yield silence
    yield _gauge("ichimado_leases", "Pieces of work in a worker's hands.", figures.leases)
    yield _gauge("ichimado_lapsed_leases", "Of those, how many whose time ran out.", figures.lapsed_leases)


def _counted(name: str, said: str, labels: tuple[str, ...], counts: Counts) -> Metric:
    family = GaugeMetricFamily(name, said, labels=labels)
    for words, count in sorted(counts.items()):
        family.add_metric(words, count)
    return family


def _gauge(name: str, said: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, said)
    family.add_metric([], value)
    return family


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())
