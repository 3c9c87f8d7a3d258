"""What Prometheus is told: requests by route, method and status, and how long they took. No ids, no names."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.values import ValueClass

REQUESTS = Counter("timebank_http_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "timebank_http_request_seconds",
    "How long an answer took",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
RUNNING = Gauge("timebank_http_requests_running", "Requests being answered", multiprocess_mode="livesum")

IS_MULTIPROCESS = ValueClass.__name__ != "MutexValue"


def exposition() -> bytes:
    """Return all metrics of all workers as Prometheus reads them."""
    if IS_MULTIPROCESS:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped there
        return generate_latest(registry)
    return generate_latest()
