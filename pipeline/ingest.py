"""Supervised worker processes that hold the cameras.

One worker holds a group of cameras. When it dies or falls silent it alone is started again; the
others lose no look. Requests to a lost worker fail with IngestLost and can be asked again.
"""

import itertools
import logging
import multiprocessing
import select
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np

from pipeline.ingest_worker import (
    Answer,
    Beat,
    Closely,
    Delivered,
    More,
    Release,
    SharedPictures,
    Stop,
    WantExcerpts,
    WantStill,
    serve,
)
from streams import CameraSpec, CameraState, Excerpt, Frame, Picture, Wanted

log = logging.getLogger(__name__)

SILENT_S = 15.0
"""A worker without a beat for this long hangs and is replaced (beats come every second)."""
ROOM = 8
"""Pictures that may be on their way to the model at a time: two batches of four. What does not fit
waits as packets and is shed undecoded; more room would only make pictures older."""
REQUEST_TIMEOUT_S = 20.0
RESTART_S = 0.25
"""Pause before a worker is started again; doubles up to RESTART_MOST_S while it keeps dying."""
STEADY_S = 10.0
"""A worker that lived this long does not keep dying."""
RESTART_MOST_S = 4.0


class IngestLost(Exception):  # noqa: N818 - it says what happened
    """The worker died or did not answer; its ring of packets is gone."""


class _Worker:
    """The parent's side of one worker process: starts it, reads it, starts it again."""

    def __init__(
        self,
        cameras: Sequence[CameraSpec],
        on_frame: Callable[[Frame], None],
        on_state: Callable[[CameraState], None],
        room: int,
        hardware: Wanted,
    ) -> None:
        self.cameras = tuple(cameras)
        self._on_frame = on_frame
        self._on_state = on_state
        self._hardware = hardware
        self._context = multiprocessing.get_context("spawn")
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._open: dict[int, Future[Any]] = {}
        self._pipe: Connection | None = None
        self._process: BaseProcess | None = None
        self._sessions: dict[str, int] = {}
        self._session_base: dict[str, int] = {}
        self._stopping = threading.Event()
        self._last_beat_s = 0.0
        self.counters: Mapping[str, Any] = {}
        self.restarts = 0
        longest_px = max(camera.longest_px for camera in self.cameras)
        self._buffer_bytes = longest_px * longest_px * 3
        self._memory = SharedMemory(create=True, size=room * self._buffer_bytes)
        self._shared = SharedPictures(self._memory.name, room, self._buffer_bytes)
        self._thread = threading.Thread(target=self._supervise, name="ingest", daemon=True)

    @property
    def pid(self) -> int | None:
        """Process id of the running worker."""
        process = self._process
        return process.pid if process else None

    def start(self) -> None:
        self._launch()
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Tell the worker to end; kill it when it does not."""
        self._stopping.set()
        process = self._process
        self._send(Stop())
        if process is not None:
            process.join(timeout_s)
            if process.is_alive():
                process.kill()
        self._thread.join(timeout_s)
        self._memory.close()
        self._memory.unlink()

    def request(self, make: Callable[[int], object]) -> Any:
        """Send a request and wait for its answer."""
        number = next(self._numbers)
        future: Future[Any] = Future()
        with self._lock:
            self._open[number] = future
        if not self._send(make(number)):
            self._forget(number)
            raise IngestLost("the ingest worker is not running")
        try:
            return future.result(REQUEST_TIMEOUT_S)
        except FutureTimeoutError as error:
            raise IngestLost(f"no answer within {REQUEST_TIMEOUT_S:g} s") from error
        finally:
            self._forget(number)

    def tell(self, message: object) -> None:
        """Send what needs no answer; lost when the worker is."""
        self._send(message)

    def _forget(self, number: int) -> None:
        with self._lock:
            self._open.pop(number, None)

    def _send(self, message: object) -> bool:
        with self._lock:
            pipe = self._pipe
            if pipe is None:
                return False
            try:
                pipe.send(message)
            except OSError:
                return False
        return True

    def _supervise(self) -> None:
        pause_s = RESTART_S / 2
        while not self._stopping.is_set():
            started_s = time.monotonic()
            self._read()
            self._bury()
            if self._stopping.is_set():
                return
            lived_s = time.monotonic() - started_s
            pause_s = RESTART_S if lived_s > STEADY_S else min(2 * pause_s, RESTART_MOST_S)
            self.restarts += 1
            log.error("ingest worker lost, starting it again", extra={"lived_s": round(lived_s, 1)})
            if not self._stopping.wait(pause_s):
                self._launch()

    def _launch(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=serve,
            args=(theirs, self.cameras, self._shared, self._hardware),
            name="streetwarden-ingest",
        )
        process.start()
        theirs.close()
        self._last_beat_s = time.monotonic()
        self._session_base = {camera: last + 1 for camera, last in self._sessions.items()}
        with self._lock:
            self._process, self._pipe = process, ours

    def _read(self) -> None:
        """Take messages until the worker is gone or silent."""
        pipe, process = self._pipe, self._process
        if pipe is None or process is None:
            return
        ready = select.poll()  # the pipe's own poll() makes a selector each time
        ready.register(pipe.fileno(), select.POLLIN)
        while True:
            try:
                if ready.poll(1000):
                    self._take(pipe.recv())
                    continue
            except (EOFError, OSError):
                return
            if not process.is_alive():
                return
            if time.monotonic() - self._last_beat_s > SILENT_S:
                log.error("ingest worker is silent, killing it")
                process.kill()
                return

    def _bury(self) -> None:
        with self._lock:
            pipe, self._pipe = self._pipe, None
            process = self._process
            waiting = list(self._open.values())
            self._open.clear()
        for future in waiting:
            future.set_exception(IngestLost("the ingest worker ended"))
        if process is not None:
            process.join(1.0)
            if process.is_alive():
                process.kill()
                process.join(1.0)
        if pipe is not None:
            pipe.close()

    def _take(self, message: object) -> None:
        match message:
            case Delivered():
                self._deliver(message)
            case Beat():
                self._last_beat_s = time.monotonic()
                self.counters = {
                    **message.counters,
                    "ingest_dropped": message.dropped,
                    "memory_bytes": message.memory_bytes,
                    "base_bytes": message.base_bytes,
                }
                for state in message.states:
                    self._on_state(state)
            case CameraState():
                self._on_state(message)
            case Answer():
                self._resolve(message)
            case logging.LogRecord():
                logging.getLogger(message.name).handle(message)

    def _resolve(self, answer: Answer) -> None:
        with self._lock:
            future = self._open.pop(answer.request, None)
        if future is None:
            return
        if answer.error is not None:
            future.set_exception(answer.error)
        else:
            future.set_result(answer.value)

    def _deliver(self, sent: Delivered) -> None:
        view: np.ndarray[Any, np.dtype[np.uint8]] = np.ndarray(
            sent.shape, np.uint8, buffer=self._memory.buf, offset=sent.buffer * self._buffer_bytes
        )
        picture = view.copy()
        self._send(Release(sent.buffer))
        # A restarted worker counts sessions from 0 again; here they only ever grow.
        session = sent.session + self._session_base.get(sent.camera_id, 0)
        self._sessions[sent.camera_id] = session
        self._on_frame(
            Frame(
                camera_id=sent.camera_id,
                session=session,
                seq=sent.seq,
                at_s=sent.at_s,
                captured_at=sent.captured_at,
                width=sent.width,
                height=sent.height,
                picture=picture,
                arrival_s=sent.arrival_s,
                key=sent.key,
                close=sent.close,
            )
        )


class Ingest:
    """All cameras of a site, spread over worker processes."""

    def __init__(
        self,
        cameras: Sequence[CameraSpec],
        *,
        workers: int,
        on_frame: Callable[[Frame], None],
        on_state: Callable[[CameraState], None],
        room: int = ROOM,
        hardware: Wanted = "auto",
    ) -> None:
        """Spread the cameras round-robin over at most `workers` processes.

        At most `room` pictures are handed out before taken() says that some were looked at.
        """
        groups = [group for group in (cameras[n::workers] for n in range(workers)) if group]
        each = max(2, room // max(1, len(groups)))
        self._workers = [_Worker(group, on_frame, on_state, each, hardware) for group in groups]
        self._of_camera = {
            camera.camera_id: worker for worker in self._workers for camera in worker.cameras
        }

    def start(self) -> None:
        """Start the workers; cameras connect on their own."""
        for worker in self._workers:
            worker.start()

    def stop(self, *, timeout_s: float = 8.0) -> None:
        """Stop the workers; those that do not end in time are killed."""
        stops = [
            threading.Thread(target=worker.stop, args=(timeout_s,)) for worker in self._workers
        ]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()

    def taken(self, cameras: Sequence[str]) -> None:
        """Say whose pictures were looked at, or dropped: there is room for others."""
        for worker in {self._of_camera[camera_id] for camera_id in cameras}:
            worker.tell(More(tuple(one for one in cameras if self._of_camera[one] is worker)))

    def look_closely(self, camera_id: str, until_s: float, every_s: float) -> None:
        """Look every every_s until until_s on the camera's timeline (see streams.Group)."""
        self._of_camera[camera_id].tell(Closely(camera_id, until_s, every_s))

    def memory_bytes(self, camera_id: str) -> int | None:
        """Return what a camera costs: its ring, and an even share of what its worker holds more.

        What the worker held before its first camera is left out. None before it has told.
        """
        worker = self._of_camera[camera_id]
        counters = worker.counters
        if camera_id not in counters:
            return None
        rings = {one.camera_id: counters[one.camera_id]["ring_bytes"] for one in worker.cameras}
        more = counters["memory_bytes"] - counters["base_bytes"] - sum(rings.values())
        return int(rings[camera_id] + max(0, more) / len(rings))

    def excerpts(self, camera_id: str, from_s: float, to_s: float) -> tuple[Excerpt, ...]:
        """Return the ring's packets of [from_s, to_s), from the key packet at or before from_s.

        Raises IngestLost when the worker is gone, LookupError when the ring no longer has them.
        """
        found: tuple[Excerpt, ...] = self._of_camera[camera_id].request(
            lambda number: WantExcerpts(number, camera_id, from_s, to_s)
        )
        return found

    def still(self, excerpt: Excerpt, at_s: float) -> Picture:
        """Decode the full-size picture shown at at_s, in the camera's worker."""
        picture: Picture = self._of_camera[excerpt.camera_id].request(
            lambda number: WantStill(number, excerpt, at_s)
        )
        return picture

    def counters(self) -> tuple[Mapping[str, Any], ...]:
        """Last counters of every worker."""
        return tuple(
            {**worker.counters, "restarts": worker.restarts, "pid": worker.pid}
            for worker in self._workers
        )
