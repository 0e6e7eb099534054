"""One synchronous step: a picture's detections through a camera's rules.

`run` drives it from slots, `replay` in lockstep; both get the same violations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from detectors import Basis, Look, Outcome, PictureState, Watch
from models import Detections
from pipeline.condition import PictureJudge
from pipeline.gate import MotionGate
from pipeline.watch_time import WatchTime
from streams import Frame

DEFAULT_VIEW = "default"
"""A fixed camera has one view."""
WATCH_TIME = "watch_time"
"""Key of a snapshot under which the seconds of each rule are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Stepped:
    """A look and what came of it."""

    look: Look
    outcome: Outcome
    snapshot: Mapping[str, Any] | None
    """State of the camera's rules after the look, where something in it is worth keeping, and how
    long each of them could see."""


class CameraStep:
    """The rules of one camera. Called by one thread."""

    def __init__(
        self,
        watch: Watch,
        judge: PictureJudge | None = None,
        watch_time: WatchTime | None = None,
        gate: MotionGate | None = None,
        *,
        snapshot_every_s: float = 10.0,
    ) -> None:
        """Without a judge every picture is trusted, without a gate a model looks at each."""
        self._watch = watch
        self.judge = judge
        self.watch_time = watch_time
        self.gate = gate
        self._snapshot_every_s = snapshot_every_s
        self._snapshot_at_s: float | None = None

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go on from a snapshot, after a restart.

        Raises ValueError, KeyError or TypeError for one of another version.
        """
        self._watch.restore(snapshot)
        if self.watch_time is not None and WATCH_TIME in snapshot:
            self.watch_time.take_up(snapshot[WATCH_TIME], datetime.now(UTC))

    def carried(self, frame: Frame) -> Detections | None:
        """Return what still stands of the last look where nothing has changed since; else None."""
        return self.gate.carry(frame) if self.gate else None

    def step(self, frame: Frame, detections: Detections, basis: Basis = Basis.OBSERVED) -> Stepped:
        """Look once: `detections` are in source pixels, labelled in the site's vocabulary."""
        # What shows no change against a picture that was judged need not be measured again.
        same = basis is Basis.CARRIED and self.gate is not None and self.gate.still
        state = self.judge.judge(frame, same=same) if self.judge else PictureState.OK
        if self.watch_time is not None:
            trusted = state is PictureState.OK
            self.watch_time.look(frame.at_s, frame.captured_at, trusted=trusted)
        look = Look(
            camera_id=frame.camera_id,
            view=DEFAULT_VIEW,
            session=frame.session,
            at_s=frame.at_s,
            captured_at=frame.captured_at,
            width=frame.width,
            height=frame.height,
            detections=detections,
            basis=basis,
            state=state,
            picture=frame.picture,
            still=self.judge is not None and self.judge.still,
        )
        outcome = self._watch.step(look)
        if self.gate is not None:
            if basis is Basis.OBSERVED:
                self.gate.saw(frame, detections)
            self.gate.note(outcome)
        return Stepped(look, outcome, self._snapshot(look, outcome))

    def _snapshot(self, look: Look, outcome: Outcome) -> Mapping[str, Any] | None:
        due = (
            self._snapshot_at_s is None or look.at_s - self._snapshot_at_s >= self._snapshot_every_s
        )
        if not (due or outcome.events):
            return None
        self._snapshot_at_s = look.at_s
        snapshot = self._watch.snapshot()
        if self.watch_time is not None:
            snapshot[WATCH_TIME] = self.watch_time.to_json()
        return snapshot
