"""The inference thread: newest pictures in batches through the models and the rules.

The rules judge a batch while the models look at the next one: one after the other, a core would
wait for the other.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass

from detectors import Basis
from models import Detections
from pipeline.load import LoadKeeper
from pipeline.sight import Sight
from pipeline.slots import Slots
from pipeline.step import CameraStep, Stepped
from streams import Frame

log = logging.getLogger(__name__)

WINDOW_SHARE = 0.25
"""An open batch waits for others at most this share of what a batch takes; it never waits for a
particular camera."""
WINDOW_MOST_S = 0.02
WAIT_S = 0.5
STALENESS_KEPT = 512
"""Recent staleness values kept for the published quantiles."""


@dataclass(slots=True)
class CameraCount:
    """What has been looked at, a camera."""

    looks: int = 0
    failures: int = 0
    staleness_s: float | None = None
    """Result time minus arrival of the last look's last packet."""
    looked_s: float | None = None
    """Monotonic time of the last look."""


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Pictures on their way: what stands of the looks before, and what the models will say."""

    frames: tuple[Frame, ...]
    carried: tuple[Detections | None, ...]
    """None for each picture that the models look at."""
    seen: Future[Sequence[Detections | None]] | None
    """Of those, in order; None where there are none."""

    @property
    def cameras(self) -> frozenset[str]:
        """Whose pictures these are."""
        return frozenset(frame.camera_id for frame in self.frames)


class Analyser:
    """Takes batches from the slots until stopped: a thread for gates and rules, one for models."""

    def __init__(
        self,
        slots: Slots,
        sight: Sight,
        steps: Mapping[str, CameraStep],
        on_step: Callable[[Stepped], None],
        keeper: LoadKeeper | None = None,
    ) -> None:
        """Take the parts; the keeper applies the attention that rules ask for."""
        self._slots = slots
        self._sight = sight
        self._steps = steps
        self._on_step = on_step
        self._keeper = keeper
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self.counts = {camera_id: CameraCount() for camera_id in steps}
        self.staleness: deque[float] = deque(maxlen=STALENESS_KEPT)
        self.batches = 0
        self.window_s = 0.005
        """How long an open batch waits to fill: it follows what batches take here."""
        self._most = sight.together

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Finish the batch at hand and stop; pictures that still wait are left."""
        self._stopping.set()
        self._slots.close()
        self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        before: _Batch | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="network") as network:
            while not self._stopping.is_set():
                wait_s = WAIT_S if before is None else 0.0
                frames = self._slots.take(self._most, window_s=self.window_s, wait_s=wait_s)
                if before is not None and before.cameras & {frame.camera_id for frame in frames}:
                    self._judge(before)  # what a camera's gate carries follows from its last look
                    before = None
                batch = self._begin(frames, network) if frames else None
                if before is not None:
                    self._judge(before)
                before = batch
                if self._keeper is not None:
                    self._keeper.tick()
            if before is not None:
                self._judge(before)

    def _begin(self, frames: Sequence[Frame], network: Executor) -> _Batch:
        """Ask the gates, and have the models look at what they let through."""
        carried = tuple(self._carried(frame) for frame in frames)
        wanted = [frame for frame, known in zip(frames, carried, strict=True) if known is None]
        seen = network.submit(self._see, wanted) if wanted else None
        return _Batch(tuple(frames), carried, seen)

    def _judge(self, batch: _Batch) -> None:
        """Let the rules judge a batch, once the models have looked."""
        seen = iter(batch.seen.result() if batch.seen is not None else ())
        for frame, known in zip(batch.frames, batch.carried, strict=True):
            detections = next(seen) if known is None else known
            if detections is None:
                continue
            basis = Basis.OBSERVED if known is None else Basis.CARRIED
            self._count(frame)
            try:
                stepped = self._steps[frame.camera_id].step(frame, detections, basis)
            except Exception:
                log.exception("the rules of a camera failed", extra={"camera": frame.camera_id})
                self.counts[frame.camera_id].failures += 1
                continue
            if self._keeper is not None:
                self._keeper.note(frame, stepped.outcome)
            self._on_step(stepped)

    def _carried(self, frame: Frame) -> Detections | None:
        try:
            return self._steps[frame.camera_id].carried(frame)
        except Exception:
            # A gate that fails is an open one.
            log.exception("the motion gate failed", extra={"camera": frame.camera_id})
            return None

    def _see(self, frames: list[Frame]) -> Sequence[Detections | None]:
        """Run the models over a batch; None for each picture where that failed."""
        begun_s = time.monotonic()
        try:
            results = self._sight.look(frames)
        except Exception:
            # One bad picture or a failing device must not end the watch; it is counted and told.
            log.exception("looking at a batch failed")
            for frame in frames:
                self.counts[frame.camera_id].failures += 1
            return [None] * len(frames)
        self.batches += 1
        wanted_s = min(WINDOW_MOST_S, WINDOW_SHARE * (time.monotonic() - begun_s))
        self.window_s += (wanted_s - self.window_s) / 8
        return results

    def _count(self, frame: Frame) -> None:
        now = time.monotonic()
        count = self.counts[frame.camera_id]
        count.looks += 1
        count.looked_s = now
        count.staleness_s = now - frame.arrival_s
        self.staleness.append(count.staleness_s)
