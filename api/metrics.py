"""A site's status in the Prometheus text format."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from detectors import PictureState
from pipeline import CameraStatus, SiteStatus, memory_bytes


class SiteCollector(Collector):
    """Makes the metrics anew from a status at every scrape."""

    def __init__(self, status: Callable[[], SiteStatus]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Yield every metric family."""
        status = self._status()
        yield from _cameras(status.cameras)
        yield from _site(status)


def exposition(status: Callable[[], SiteStatus]) -> bytes:
    """Return the text that a scrape gets."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SiteCollector(status))
    return generate_latest(registry)


def _cameras(cameras: tuple[CameraStatus, ...]) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "streetwarden_camera_up",
        "1 when the camera's stream runs; reason says why not.",
        labels=("camera", "reason"),
    )
    looks = CounterMetricFamily("streetwarden_looks", "Pictures looked at.", labels=("camera",))
    dropped = CounterMetricFamily(
        "streetwarden_drops",
        "Pictures not looked at, because a newer one came (pipeline), before they were decoded "
        "(stream), or because looking failed (failure).",
        labels=("camera", "where"),
    )
    staleness = GaugeMetricFamily(
        "streetwarden_staleness_seconds",
        "Age of the last picture looked at.",
        labels=("camera",),
    )
    interval = GaugeMetricFamily(
        "streetwarden_key_interval_seconds",
        "Measured time between key frames; mode says how the camera is decoded.",
        labels=("camera", "mode"),
    )
    yield from _pictures(cameras)
    yield from _attention(cameras)
    for camera in cameras:
        name = camera.camera_id
        up.add_metric((name, camera.reason or ""), float(camera.state == "up"))
        looks.add_metric((name,), camera.looks)
        dropped.add_metric((name, "pipeline"), camera.dropped)
        dropped.add_metric((name, "failure"), camera.failures)
        if camera.staleness_s is not None:
            staleness.add_metric((name,), camera.staleness_s)
        if camera.stream is not None:
            dropped.add_metric((name, "stream"), camera.stream.dropped)
            if camera.stream.key_interval_s is not None:
                interval.add_metric((name, camera.stream.mode), camera.stream.key_interval_s)
    yield from (up, looks, dropped, staleness, interval)


def _pictures(cameras: tuple[CameraStatus, ...]) -> Iterator[Metric]:
    picture = GaugeMetricFamily(
        "streetwarden_camera_picture",
        "1 for the state that the camera's picture is in; anything but ok pauses its rules.",
        labels=("camera", "state"),
    )
    seconds = CounterMetricFamily(
        "streetwarden_rule_seconds",
        "Time that a rule watched, was blind (pictures not to be trusted) or away (no pictures).",
        labels=("camera", "rule", "what"),
    )
    for camera in cameras:
        if camera.picture is not None:
            for state in PictureState:
                now = float(state is camera.picture.state)
                picture.add_metric((camera.camera_id, state.value), now)
        for rule in camera.rules:
            for what in ("watched", "blind", "away"):
                name = (camera.camera_id, rule.rule, what)
                seconds.add_metric(name, getattr(rule, f"{what}_s"))
    yield from (picture, seconds)
    yield _gates(cameras)


def _gates(cameras: tuple[CameraStatus, ...]) -> Metric:
    gated = CounterMetricFamily(
        "streetwarden_gate_looks",
        "Looks of cameras with a motion gate: network (a model looked), forced (nothing had "
        "changed, but it was time), gated (the last detections stood).",
        labels=("camera", "basis"),
    )
    for camera in cameras:
        if camera.gate is not None:
            for basis in ("network", "forced", "gated"):
                gated.add_metric((camera.camera_id, basis), getattr(camera.gate, basis))
    return gated


def _attention(cameras: tuple[CameraStatus, ...]) -> Iterator[Metric]:
    attention = GaugeMetricFamily(
        "streetwarden_camera_attention",
        "1 for the level at which the camera is looked at: idle, watching or close.",
        labels=("camera", "level"),
    )
    close = CounterMetricFamily(
        "streetwarden_close_seconds", "Close seconds granted.", labels=("camera",)
    )
    refused = CounterMetricFamily(
        "streetwarden_close_refused",
        "Close looks that a rule asked for in vain: budget spent, or others came first.",
        labels=("camera",),
    )
    memory = GaugeMetricFamily(
        "streetwarden_camera_memory_bytes",
        "Its packet ring and an even share of what its ingest worker holds beside rings and its "
        "own start.",
        labels=("camera",),
    )
    ring = GaugeMetricFamily(
        "streetwarden_camera_ring_bytes", "Packets kept in memory.", labels=("camera",)
    )
    decoder = GaugeMetricFamily(
        "streetwarden_camera_decoder",
        "1 for what a decoder of the camera's own runs on: software, cuda or qsv.",
        labels=("camera", "device"),
    )
    for camera in cameras:
        name = camera.camera_id
        attention.add_metric((name, camera.attention.value), 1.0)
        close.add_metric((name,), camera.close_s)
        refused.add_metric((name,), camera.close_refused)
        if camera.memory_bytes is not None:
            memory.add_metric((name,), camera.memory_bytes)
        if camera.stream is not None:
            ring.add_metric((name,), camera.stream.ring_bytes)
            if camera.stream.decoder is not None:
                decoder.add_metric((name, camera.stream.decoder), 1.0)
    yield from (attention, close, refused, memory, ring, decoder)


def _load(status: SiteStatus) -> Iterator[Metric]:
    load = status.load
    if load is not None:
        yield GaugeMetricFamily(
            "streetwarden_shedding",
            "1 while more looks are due than can be made: every camera is looked at less often.",
            value=float(load.shedding),
        )
        yield GaugeMetricFamily(
            "streetwarden_shed_share",
            "Share of the due looks of the last half minute that were not made.",
            value=load.shed_share,
        )
        yield GaugeMetricFamily(
            "streetwarden_close_budget_seconds",
            "Close seconds left in the site's budget.",
            value=load.close_left_s,
        )
        yield GaugeMetricFamily(
            "streetwarden_close_cameras",
            "Cameras that are looked at closely.",
            value=len(load.close_cameras),
        )
    yield GaugeMetricFamily(
        "streetwarden_process_memory_bytes",
        "What the main process holds: models, rules, store and API, no camera's packets.",
        value=memory_bytes(),
    )
    memory = GaugeMetricFamily(
        "streetwarden_ingest_memory_bytes",
        "What an ingest worker holds, packet rings included.",
        labels=("worker",),
    )
    for number, held in enumerate(status.ingest_memory_bytes):
        memory.add_metric((str(number),), held)
    yield memory


def _site(status: SiteStatus) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "streetwarden_batches", "Batches run through the models.", value=status.batches
    )
    yield CounterMetricFamily(
        "streetwarden_ingest_restarts",
        "Ingest workers that were lost and started again.",
        value=status.worker_restarts,
    )
    yield GaugeMetricFamily(
        "streetwarden_disk_reserve",
        "1 while disk is held back for the store; 0: full, cases are held without evidence.",
        value=float(status.disk_reserve),
    )
    if status.disk_free_bytes is not None:
        yield GaugeMetricFamily(
            "streetwarden_disk_free_bytes",
            "Room beside the reserve in the data folder.",
            value=status.disk_free_bytes,
        )
    yield from _load(status)
    yield GaugeMetricFamily(
        "streetwarden_recorder_backlog", "Looks that wait to be recorded.", value=status.backlog
    )
    if status.staleness_p95_s is not None:
        yield GaugeMetricFamily(
            "streetwarden_staleness_p95_seconds",
            "Recent looks: result time minus arrival of the picture.",
            value=status.staleness_p95_s,
        )
    outbox = GaugeMetricFamily(
        "streetwarden_outbox", "Messages to the case system, by state.", labels=("state",)
    )
    for state, count in sorted(status.deliveries.items()):
        outbox.add_metric((state,), count)
    yield outbox
    violations = GaugeMetricFamily(
        "streetwarden_violations", "Violations known, by state.", labels=("state",)
    )
    for state, count in sorted(status.violations.items()):
        violations.add_metric((state,), count)
    yield violations
    if status.oldest_due_s is not None:
        yield GaugeMetricFamily(
            "streetwarden_outbox_oldest_due_seconds",
            "How long the longest waiting message has been due.",
            value=status.oldest_due_s,
        )
    yield GaugeMetricFamily(
        "streetwarden_unknown_case_states",
        "Words of the case system for a case's state that nobody has explained.",
        value=status.unknown_states,
    )
