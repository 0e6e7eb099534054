"""All cameras of one process."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from streams.attempt import Attempt
from streams.camera import CameraSpec, CameraState
from streams.due import DueGrid
from streams.frame import Frame
from streams.hardware import Hardware
from streams.intake import Intake, host_wall_s
from streams.keeper import Keeper
from streams.ladder import Budget, Ladder
from streams.lane import Lane
from streams.packet import Excerpt
from streams.pool import DecodePool
from streams.source import Source

log = logging.getLogger(__name__)

TICK_S = 0.1
"""How often the watchdog looks; its deadlines are seconds."""


class _Camera:
    """The parts of one running camera, wired."""

    def __init__(
        self,
        spec: CameraSpec,
        pool: DecodePool,
        budget: Budget,
        on_frame: Callable[[Frame], None],
        hardware: Hardware | None,
    ) -> None:
        self.spec = spec
        self.lane = Lane(
            spec.camera_id,
            longest_px=spec.longest_px,
            grid=DueGrid(spec.interval_s),
            on_frame=on_frame,
            priority=spec.priority,
            hardware=hardware,
        )
        self.ladder = Ladder(spec.interval_s, has_sub=spec.sub_source is not None, budget=budget)
        self.intake = Intake(
            spec,
            self.lane,
            pool,
            self.ladder,
            started_s=time.monotonic(),
            wall_s=host_wall_s,
        )
        self.keeper = Keeper(spec, self.intake, self.lane, self._connect, wall_s=host_wall_s)
        self.told: object = None
        """What on_state was last told."""
        pool.add(self.lane)

    def _connect(self, source: Source) -> Attempt:
        name, interval_s = f"camera-{self.spec.camera_id}", self.spec.interval_s
        return Attempt(source, self.intake, name, interval_s=interval_s)

    def facts(self) -> tuple[object, ...]:
        """Return what of the state is told when it changes; asked ten times a second."""
        keeper, intake = self.keeper, self.intake
        declared = intake.timeline.declared
        return keeper.state, keeper.reason, intake.session, self.ladder.mode, declared

    def state(self) -> CameraState:
        keeper, intake, lane = self.keeper, self.intake, self.lane
        return CameraState(
            camera_id=self.spec.camera_id,
            state=keeper.state,
            reason=keeper.reason,
            since=keeper.since,
            session=intake.session,
            key_interval_s=self.ladder.key_interval_s,
            mode=self.ladder.mode,
            looks=lane.looks,
            dropped=lane.dropped,
            packets=intake.counts.packets,
            last_packet_s=intake.last_packet_s,
            media_rate=intake.timeline.media_rate,
            media_rate_declared=intake.timeline.declared,
            camera_clock_s=intake.camera_clock_s,
            close_until_s=intake.close_until_s,
            close_looks=lane.close_looks,
            ring_bytes=intake.ring.bytes,
            decoder=lane.decoder,
        )

    def counters(self) -> dict[str, int]:
        intake, lane = self.intake, self.lane
        return {
            "packets": intake.counts.packets,
            "bytes": intake.counts.bytes,
            "key_packets": intake.counts.keys,
            "sessions": intake.counts.sessions,
            "failures": self.keeper.failures,
            "looks": lane.looks,
            "close_looks": lane.close_looks,
            "dropped": lane.dropped,
            "undecodable": lane.undecodable,
            "pts_jumps": intake.timeline.jumps,
            "clock_steps": intake.anchor.steps,
            "ring_bytes": intake.ring.bytes,
        }


class Group:
    """Demuxes every camera in a thread of its own and decodes what is due in one pool.

    `on_frame` is called from the pool's threads, for one camera never from two at a time and with
    rising at_s; `on_state` from the group's watchdog thread, whenever a camera's state, reason,
    session, mode or declared rate changed. Neither may block: the cameras of the group wait.
    At most `decode_all_budget` cameras are decoded completely; a core does about seven of 1080p.
    With `room` at most so many frames are handed out before more() says that some were taken: what
    does not fit is shed before it is decoded, fairly by the cameras' priority.
    `hardware` decodes the cameras that are decoded completely or looked at closely, where it can;
    key pictures, each alone, are for software.
    """

    def __init__(
        self,
        cameras: Sequence[CameraSpec],
        on_frame: Callable[[Frame], None],
        *,
        decode_workers: int = 1,
        on_state: Callable[[CameraState], None] | None = None,
        decode_all_budget: int = 2,
        room: int | None = None,
        hardware: Hardware | None = None,
    ) -> None:
        names = [spec.camera_id for spec in cameras]
        if len(set(names)) != len(names):
            raise ValueError(f"camera ids must differ, got {', '.join(names)}")
        self._pool = DecodePool(decode_workers, room=room)
        budget = Budget(decode_all_budget)
        self._cameras = {
            spec.camera_id: _Camera(spec, self._pool, budget, on_frame, hardware)
            for spec in cameras
        }
        self._on_state = on_state
        self._hardware = hardware
        self._stopping = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start watchdog, pool and cameras. Once only."""
        if self._hardware is not None:
            self._hardware.start()
        self._pool.start()
        self._watchdog.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop everything; wait at most about timeout_s.

        A thread that hangs in FFmpeg or in a name server is left behind; it touches nothing.
        """
        deadline_s = time.monotonic() + timeout_s
        self._stopping.set()
        if self._watchdog.ident is not None:
            self._watchdog.join(timeout_s)
        for camera in self._cameras.values():
            camera.keeper.stop()
        self._pool.stop(max(0.0, deadline_s - time.monotonic()))
        for camera in self._cameras.values():
            camera.keeper.join(max(0.0, deadline_s - time.monotonic()))

    def look_closely(self, camera_id: str, until_s: float, every_s: float) -> None:
        """Look every every_s seconds until until_s on the camera's timeline.

        The camera gets a decoder of its own, which begins with what came since the last look.
        Asked again, it lasts longer; it ends by itself and the decoder is freed. Raises KeyError
        for an unknown camera, ValueError for every_s <= 0.
        """
        if every_s <= 0:
            raise ValueError(f"every_s: expected more than 0, got {every_s}")
        self._cameras[camera_id].intake.look_closely(until_s, every_s)

    def more(self, cameras: Sequence[str]) -> None:
        """Make room for further frames: one of each camera named was looked at, or is lost."""
        self._pool.more([self._cameras[camera_id].lane for camera_id in cameras])

    def states(self) -> tuple[CameraState, ...]:
        """Say how each camera is, in the order given."""
        return tuple(camera.state() for camera in self._cameras.values())

    def excerpts(self, camera_id: str, from_s: float, to_s: float) -> tuple[Excerpt, ...]:
        """Packets of [from_s, to_s) on the camera's timeline, each excerpt from a key packet on.

        Raises KeyError for an unknown camera.
        """
        return self._cameras[camera_id].intake.ring.excerpts(from_s, to_s)

    def counters(self) -> Mapping[str, Mapping[str, int]]:
        """Count by camera, then by name."""
        return {name: camera.counters() for name, camera in self._cameras.items()}

    def _watch(self) -> None:
        while not self._stopping.wait(TICK_S):
            for camera in self._cameras.values():
                try:
                    camera.keeper.tick(time.monotonic())
                    self._tell(camera)
                except Exception:
                    log.exception("camera %s: the watchdog failed", camera.spec.camera_id)

    def _tell(self, camera: _Camera) -> None:
        """Report a change; log a declared rate."""
        facts = camera.facts()
        if facts == camera.told:
            return
        state = camera.state()
        declared = isinstance(camera.told, tuple) and camera.told[-1]
        camera.told = facts
        if state.media_rate_declared and not declared and state.media_rate is not None:
            log.warning(
                "camera %s: its media runs at %.3f of this machine's clock; durations are counted "
                "by the slower of the two",
                state.camera_id,
                state.media_rate,
            )
        if self._on_state is not None:
            self._on_state(state)
