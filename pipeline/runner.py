"""A site, running: everything wired, started in order and stopped in order."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from cases import UNKNOWN_STATES, Channel, Delivery, EvidenceWriter, Message, Reserve, SigningKey
from configs import Site
from detectors import Watch, warm_up
from pipeline.analyser import Analyser
from pipeline.clips import Clips
from pipeline.condition import PictureJudge
from pipeline.confirmation import Confirmer
from pipeline.couriers import couriers_of
from pipeline.events import Delivered, Event
from pipeline.fresh_still import FreshStills
from pipeline.gate import gate_of
from pipeline.ingest import Ingest
from pipeline.load import LoadKeeper
from pipeline.plan import camera_spec, load_sight, longest_px, watch_of, watch_time_of
from pipeline.proposals import ProposalFiles
from pipeline.recorder import Recorder
from pipeline.retention import Retaining
from pipeline.review import catch_up
from pipeline.second_looks import SecondLooks
from pipeline.site_store import open_store
from pipeline.slots import Slots
from pipeline.spool import Spool
from pipeline.status import CameraStatus, SiteStatus
from pipeline.step import CameraStep, Stepped
from pipeline.views import ViewFile
from streams import CameraState

log = logging.getLogger(__name__)

STOP_S = 10.0
"""How long each part may take to finish what it has at hand."""


class Runner:
    """Runs a site until stopped; what is committed survives the end of the process at any moment.

    Order of start: store, models, rules (restored), recorder, courier, inference, ingest. Stopped
    from the source down: what was seen is still recorded, what was recorded is still posted.
    """

    def __init__(
        self, site: Site, *, emit: Callable[[Event], None], ingest_workers: int = 1
    ) -> None:
        """Open the store and load the models; raises ConfigError, ModelError, CasesError."""
        self.site = site
        self._emit = emit
        self._started_at = datetime.now(UTC)
        self._states: dict[str, CameraState] = {}
        self._states_lock = threading.Lock()
        watches = {camera.id: watch_of(site, camera) for camera in site.cameras}
        self._sight = load_sight(site, site.cameras, list(watches.values()), alone=False)
        self._reserve = Reserve(site.data, site.evidence.reserve_mib << 20)
        self._reserve.make_way()
        self.store = open_store(site)
        self._steps = _steps_of(site, watches)
        self._restore()
        priorities = {camera.id: camera.priority for camera in site.cameras}
        self._slots = Slots(self._looked_at, priorities)
        self._ingest = Ingest(
            [camera_spec(site, camera, longest_px(self._sight, camera)) for camera in site.cameras],
            workers=ingest_workers,
            on_frame=self._slots.put,
            on_state=self._changed,
            room=2 * self._sight.together,
            hardware=site.decoding.hardware,
        )
        self._load = LoadKeeper(site, look_closely=self._ingest.look_closely, tally=self._tally)
        self._couriers = couriers_of(site, self.store, self._delivered)
        if not self._reserve.make():
            log.error(
                "no room for the reserve of disk: cases will have no evidence",
                extra={"free_bytes": self._reserve.free_bytes},
            )
        spool = Spool(site.data / "spool")
        confirmer = self._make_confirmer(spool)
        self._clips = Clips(
            site,
            store=self.store,
            ingest=self._ingest,
            confirmer=confirmer,
            reserve=self._reserve,
            on_clip=self._wake,
        )
        self._recorder = Recorder(
            store=self.store,
            spool=spool,
            ingest=self._ingest,
            confirmer=confirmer,
            clips=self._clips,
            reserve=self._reserve,
            proposals=ProposalFiles(site.data),
            emit=self._confirmed,
        )
        self._retaining = Retaining(site, self.store)
        self._second_looks = self._make_second_looks(confirmer)
        self._analyser = Analyser(self._slots, self._sight, self._steps, self._looked, self._load)

    def _make_confirmer(self, spool: Spool) -> Confirmer:
        site = self.site
        return Confirmer(
            site,
            store=self.store,
            writer=EvidenceWriter(
                site.data / "evidence",
                site_id=site.site.id,
                key=SigningKey.of_box(site.data / "keys", site.evidence.key),
                language=site.site.language,
                timezone=site.site.timezone,
            ),
            spool=spool,
            ingest=self._ingest,
            sight=self._sight,
            reserve=self._reserve,
        )

    def _restore(self) -> None:
        for camera_id, saved in self.store.load_watches().items():
            step = self._steps.get(camera_id)
            if step is None:
                continue
            try:
                step.restore(saved.snapshot)
            except (KeyError, TypeError, ValueError):
                # A snapshot of an older program: better to start the dwell again than not at all.
                log.exception(
                    "state of a camera's rules is unreadable", extra={"camera": camera_id}
                )

    def start(self) -> None:
        """Start every part; cameras connect on their own from here."""
        warm_up()
        catch_up(self.site, self.store)
        self._recorder.start()
        self._clips.start()
        self._retaining.start()
        self._second_looks.start()
        for courier in self._couriers:
            courier.start()
        self._analyser.start()
        self._ingest.start()

    def stop(self) -> None:
        """Stop in order; drains what is at hand within STOP_S a part."""
        self._clips.stop(STOP_S)  # their packets are with the cameras
        self._ingest.stop(timeout_s=STOP_S)
        self._analyser.stop(STOP_S)
        self._recorder.stop(STOP_S)
        self._retaining.stop(STOP_S)
        self._second_looks.stop(STOP_S)
        for courier in self._couriers:
            courier.stop(STOP_S)
        self.store.close()
        self._sight.close()

    def _changed(self, state: CameraState) -> None:
        with self._states_lock:
            before = self._states.get(state.camera_id)
            self._states[state.camera_id] = state
        if before is None or (before.state, before.reason) != (state.state, state.reason):
            level = logging.INFO if state.state in {"up", "connecting"} else logging.WARNING
            log.log(
                level,
                "camera is %s",
                state.state,
                extra={
                    "camera": state.camera_id,
                    "reason": state.reason.value if state.reason else None,
                },
            )

    def _make_second_looks(self, confirmer: Confirmer) -> SecondLooks:
        still = FreshStills(
            store=self.store,
            ingest=self._ingest,
            about=confirmer.about,
            writer=confirmer.writer,
            reserve=self._reserve,
        )
        return SecondLooks(self.site, self.store, still=still)

    def _looked(self, stepped: Stepped) -> None:
        self._second_looks.see(stepped.look)
        self._recorder.record(stepped)

    def _confirmed(self, event: Event) -> None:
        self._emit(event)
        self._wake()

    def _wake(self) -> None:
        for courier in self._couriers:
            courier.wake()

    def _delivered(self, delivery: Delivery) -> None:
        if delivery.message is not Message.REPORT or delivery.channel is not Channel.CASE:
            return  # an alarm, a pre-alarm or an update is no case
        self._emit(
            Delivered(
                violation_id=delivery.violation_id,
                kind=delivery.kind,
                camera_id=delivery.camera_id,
                case_id=delivery.remote_case_id,
            )
        )

    def _looked_at(self, cameras: Sequence[str]) -> None:
        self._ingest.taken(cameras)

    def _tally(self) -> tuple[int, int]:
        """Count looks made and looks lost: undecoded, or replaced in their slot."""
        with self._states_lock:
            undecoded = sum(state.dropped for state in self._states.values())
        looks = sum(count.looks for count in self._analyser.counts.values())
        return looks, undecoded + sum(self._slots.dropped().values())

    def status(self) -> SiteStatus:
        """Say how every part is, now."""
        counts = self.store.counts()
        dropped = self._slots.dropped()
        with self._states_lock:
            states = dict(self._states)
        staleness = list(self._analyser.staleness)
        due = counts.oldest_due_at
        return SiteStatus(
            cameras=tuple(
                self._camera_status(camera.id, states.get(camera.id), dropped.get(camera.id, 0))
                for camera in self.site.cameras
            ),
            batches=self._analyser.batches,
            staleness_p95_s=float(np.quantile(staleness, 0.95)) if staleness else None,
            backlog=self._recorder.backlog,
            disk_reserve=self._reserve.held,
            disk_free_bytes=self._reserve.free_bytes,
            worker_restarts=sum(worker["restarts"] for worker in self._ingest.counters()),
            violations={state.value: number for state, number in counts.violations.items()},
            deliveries={state.value: number for state, number in counts.deliveries.items()},
            oldest_due_s=None if due is None else (datetime.now(UTC) - due).total_seconds(),
            load=self._load.load(),
            ingest_memory_bytes=tuple(
                worker.get("memory_bytes", 0) for worker in self._ingest.counters()
            ),
            unknown_states=sum(
                courier.counters().get(UNKNOWN_STATES, 0) for courier in self._couriers
            ),
        )

    def _camera_status(
        self, camera_id: str, state: CameraState | None, dropped: int
    ) -> CameraStatus:
        count, step = self._analyser.counts[camera_id], self._steps[camera_id]
        stale = None
        if count.looked_s is not None and count.staleness_s is not None:
            stale = time.monotonic() - count.looked_s + count.staleness_s
        return CameraStatus(
            camera_id=camera_id,
            stream=state,
            since=state.since if state else self._started_at,
            looks=count.looks,
            failures=count.failures,
            dropped=dropped,
            staleness_s=stale,
            attention=self._load.level(camera_id),
            close_s=self._load.close_s()[camera_id],
            close_refused=self._load.refused()[camera_id],
            memory_bytes=self._ingest.memory_bytes(camera_id),
            picture=step.judge.condition if step.judge else None,
            rules=step.watch_time.times() if step.watch_time else (),
            gate=step.gate.counts if step.gate else None,
        )


def _steps_of(site: Site, watches: Mapping[str, Watch]) -> dict[str, CameraStep]:
    return {
        camera.id: CameraStep(
            watches[camera.id],
            PictureJudge(camera.id, ViewFile(site.data, camera.id)),
            watch_time_of(site, camera),
            gate_of(site, camera),
        )
        for camera in site.cameras
    }
