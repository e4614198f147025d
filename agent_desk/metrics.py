"""Figures of the desk for Prometheus, in a registry of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from crm_core.clock import Clock
from crm_core.events import CallEvent

if TYPE_CHECKING:
    from agent_desk.desk import Desk

_POP_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


class DeskMetrics:
    """Counters the server writes, and gauges that are read when somebody asks."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "hotline_http_requests", "Answered requests", ["method", "status"], registry=self._registry
        )
        self.pop_latency_s = Histogram(
            "hotline_pop_latency_seconds",
            "From the network's event to the emit of the pop",
            buckets=_POP_BUCKETS_S,
            registry=self._registry,
        )

    def watch(self, desk: Desk) -> None:
        self._registry.register(_Live(desk))

    def on_pop(self, event: CallEvent) -> None:
        self.pop_latency_s.observe(max(0.0, (self._clock.now() - event.at).total_seconds()))

    def text(self) -> bytes:
        return generate_latest(self._registry)


class _Live(Collector):
    """Reads the parts at the moment of asking; holds no figures itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[GaugeMetricFamily]:
        desk = self._desk
        yield GaugeMetricFamily("hotline_desk_sockets", "Open desks", value=desk.sockets.count)
        yield GaugeMetricFamily("hotline_desk_version", "Changes sent since the start", value=desk.notifier.sent_count)
        yield GaugeMetricFamily("hotline_access_refused", "Refused tries since the start", value=desk.refused_count)
        agents = GaugeMetricFamily("hotline_agents", "Agents by state", labels=["state"])
        counts: dict[str, int] = {}
        for status in desk.services.agents.all_statuses():
            counts[status.state.value] = counts.get(status.state.value, 0) + 1
        for state, count in sorted(counts.items()):
            agents.add_metric([state], count)
        yield agents
        yield self._queues()
        yield from self._parts()
        for name, read in (desk.services.figures or {}).items():
            yield GaugeMetricFamily(f"hotline_{name}", name, value=read())

    def _queues(self) -> GaugeMetricFamily:
        waiting = GaugeMetricFamily("hotline_queue_waiting", "Callers waiting", labels=["queue"])
        counts: dict[str, int] = {}
        for record in self._desk.services.calls.waiting():
            counts[record.queue or ""] = counts.get(record.queue or "", 0) + 1
        for queue, count in sorted(counts.items()):
            waiting.add_metric([queue], count)
        return waiting

    def _parts(self) -> Iterable[GaugeMetricFamily]:
        well = GaugeMetricFamily("hotline_part_ok", "1 when this part is well", labels=["part"])
        figures = GaugeMetricFamily("hotline_part_figure", "What a part measures", labels=["part", "figure"])
        for probe in self._desk.services.probes:
            for finding in probe.health():
                well.add_metric([finding.part], 1.0 if finding.is_ok else 0.0)
                for name, value in finding.figures.items():
                    figures.add_metric([finding.part, name], value)
        return well, figures
