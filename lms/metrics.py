"""Figures for Prometheus: requests of this process, and the state of the instance at the moment of asking. No person is in them."""

import shutil
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from kernel import clock
from kernel.db import Database
from kernel.web.request import current_session, this_request
from lms import backups, queries
from lms.access import MetricsOrigin
from lms.inspection import versions

EXTENSION = "metrics"
SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


class InstanceCollector(Collector):
    """The state of the instance, read from the database when it is asked for."""

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges."""
        session, settings, now = current_session(), current_app.extensions["settings"], clock.now()
        state, last = queries.condition(session, now=now), backups.find_last(session)
        disk = shutil.disk_usage(settings.data_dir)
        database: Database = current_app.extensions["instance"].database
        oldest = (now - state.oldest_waiting).total_seconds() if state.oldest_waiting else 0.0
        for name, title, value in (
            ("aulario_jobs_waiting", "Background jobs that are not done.", state.jobs_waiting),
            ("aulario_jobs_failed", "Background jobs that were given up.", queries.count_failed_jobs(session)),
            ("aulario_jobs_oldest_seconds", "Since when the job waits that has been due the longest.", oldest),
            ("aulario_people", "Accounts.", state.people),
            ("aulario_people_active", "Accounts seen in the last 30 days.", state.active_people),
            ("aulario_enrolments", "People in courses.", state.enrolments),
            ("aulario_certificates", "Certificates issued.", state.certificates),
            ("aulario_disk_free_bytes", "Free space beside the data folder.", disk.free),
            ("aulario_disk_size_bytes", "Size of that disk.", disk.total),
            ("aulario_database_connections", "Connections of this process in use.", database.sessions_in_use),
            (
                "aulario_backup_age_seconds",
                "Time since the last backup; absent where none was made.",
                (now - last.at).total_seconds() if last else None,
            ),
        ):
            if value is not None:
                yield GaugeMetricFamily(name, title, value=value)
        yield InfoMetricFamily("aulario", "Versions.", value={name.lower(): value for name, value in versions(session)})


class RequestCounters:
    """The counters of one process, or of all that `lms serve --workers` started: then they stand in files that each of them reads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        is_alone = values.ValueClass is values.MutexValue
        own = self.registry if is_alone else None
        self._requests = Counter("aulario_requests", "Answers.", ["method", "endpoint", "status"], registry=own)
        self._seconds = Histogram("aulario_request_seconds", "Time until an answer.", ["part"], buckets=SLOW, registry=own)
        if is_alone:
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)
        else:
            MultiProcessCollector(self.registry)  # type: ignore[no-untyped-call]  # the library says no types
        self.registry.register(InstanceCollector())

    def count(self, response: Response) -> Response:
        """Count an answer by its route's name; addresses are in no figure."""
        request = this_request()
        endpoint = request.endpoint or "none"
        self._requests.labels(request.method if request.method in METHODS else "other", endpoint, response.status_code).inc()
        began: float | None = g.get("began")
        if began is not None:
            self._seconds.labels(endpoint.partition(".")[0]).observe(time.monotonic() - began)
        return response

    def turn_away(self) -> None:
        """Count a request that the admission gate refused, before any route."""
        self._requests.labels("GET", "door", 503).inc()


def choose_counters() -> None:
    """Let the counters that are made from now on be those of every process where PROMETHEUS_MULTIPROC_DIR names a folder, else of this one.

    The library chooses when it is imported, which is before the folder is known.
    """
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]  # the library says no types


METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST"})


def install(app: Flask) -> None:
    """Count every answer of the application."""
    figures = app.extensions[EXTENSION] = RequestCounters()
    app.after_request(figures.count)


def turned_away(app: Flask) -> Callable[[], None]:
    """Return the function that counts a refusal of the admission gate."""
    figures: RequestCounters = app.extensions[EXTENSION]
    return figures.turn_away


def page() -> Response:
    """Return all figures as Prometheus reads them."""
    figures: RequestCounters = current_app.extensions[EXTENSION]
    return Response(generate_latest(figures.registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def get_metrics_origin(_session: object, _actor: object) -> MetricsOrigin:
    """Return the origin of a request: near, if its address is in LMS_METRICS_FROM and no proxy hides another behind it."""
    settings = current_app.extensions["settings"]
    if settings.trusted_proxies == 0 and any(name in request.headers for name in FORWARDED):
        return MetricsOrigin(is_near=False)
    try:
        address = ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return MetricsOrigin(is_near=False)
    return MetricsOrigin(is_near=any(address in ip_network(network.strip(), strict=False) for network in settings.metrics_from.split(",")))
