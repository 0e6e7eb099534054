"""The child's side of ingest: one group of cameras in a process of its own.

A crash in a decoder takes only this process. Pictures go to the parent through shared memory;
states, counters, log records and answers through one pipe. The pipe's end is the signal to stop,
so that no worker outlives a parent that was killed.
"""

import logging
import os
import queue
import signal
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np

from streams import CameraSpec, CameraState, Excerpt, Frame, Group, Hardware, Wanted, decode_still

BEAT_S = 1.0
"""How often a worker says that it lives and sends its counters."""
MEMORY_BEATS = 5
"""Beats between two measurements of memory: the kernel walks all pages for it."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A picture in a shared buffer."""

    buffer: int
    shape: tuple[int, int, int]
    camera_id: str
    session: int
    seq: int
    at_s: float
    captured_at: datetime
    width: int
    height: int
    arrival_s: float
    key: bool
    close: bool


@dataclass(frozen=True, slots=True)
class Beat:
    """The worker lives."""

    counters: Mapping[str, Any]
    states: tuple[CameraState, ...]
    dropped: int
    """Pictures dropped because the parent had not given a buffer back."""
    memory_bytes: int
    """What this process holds (proportional set size)."""
    base_bytes: int
    """What it held before its first camera."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a request, or what went wrong."""

    request: int
    value: Any
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """The parent has copied a buffer."""

    buffer: int


@dataclass(frozen=True, slots=True)
class More:
    """The parent has looked at pictures of these cameras: there is room for as many again."""

    cameras: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closely:
    """Look closely at a camera for a while."""

    camera_id: str
    until_s: float
    every_s: float


@dataclass(frozen=True, slots=True)
class WantExcerpts:
    """Ask for packets of a camera's ring."""

    request: int
    camera_id: str
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class WantStill:
    """Ask for a full-size picture out of packets."""

    request: int
    excerpt: Excerpt
    at_s: float


@dataclass(frozen=True, slots=True)
class Stop:
    """Close the cameras and end."""


@dataclass(frozen=True, slots=True)
class SharedPictures:
    """Equal buffers in one block of shared memory."""

    name: str
    count: int
    buffer_bytes: int


class _LogToParent(logging.Handler):
    """Sends log records up, so that one process formats and redacts them."""

    def __init__(self, worker: "IngestWorker") -> None:
        super().__init__()
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args = record.getMessage(), None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        self._worker.send(record)


class IngestWorker:
    """Runs a Group of cameras and answers the parent's requests until the pipe closes."""

    def __init__(
        self,
        pipe: Connection,
        cameras: Sequence[CameraSpec],
        shared: SharedPictures,
        hardware: Wanted,
    ) -> None:
        self._pipe = pipe
        self._sending = threading.Lock()
        self._memory = SharedMemory(shared.name)
        self._shared = shared
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index in range(shared.count):
            self._free.put(index)
        self._dropped = 0
        self._lost: list[str] = []
        self._stopping = threading.Event()
        self._base_bytes = memory_bytes()
        self._memory_bytes = self._base_bytes
        self._group = Group(
            cameras,
            self._hand_over,
            decode_workers=len(os.sched_getaffinity(0)),
            on_state=self._report,
            room=shared.count,
            hardware=Hardware(hardware),
        )

    def send(self, message: object) -> None:
        """Send to the parent; a parent that is gone ends this process."""
        try:
            with self._sending:
                self._pipe.send(message)
        except OSError:
            self._stopping.set()

    def _report(self, state: CameraState) -> None:
        self.send(state)

    def _hand_over(self, frame: Frame) -> None:
        try:
            index = self._free.get_nowait()
        except queue.Empty:
            self._dropped += 1
            self._lost.append(frame.camera_id)
            return
        target: np.ndarray[Any, np.dtype[np.uint8]] = np.ndarray(
            frame.picture.shape,
            np.uint8,
            buffer=self._memory.buf,
            offset=index * self._shared.buffer_bytes,
        )
        target[:] = frame.picture
        height, width, channels = frame.picture.shape
        self.send(
            Delivered(
                buffer=index,
                shape=(height, width, channels),
                camera_id=frame.camera_id,
                session=frame.session,
                seq=frame.seq,
                at_s=frame.at_s,
                captured_at=frame.captured_at,
                width=frame.width,
                height=frame.height,
                arrival_s=frame.arrival_s,
                key=frame.key,
                close=frame.close,
            )
        )

    def _take_lost(self) -> list[str]:
        """Return the cameras of pictures that found no buffer: nobody will tell of them."""
        lost, self._lost = self._lost, []
        return lost

    def _beat(self) -> None:
        beats = 0
        while not self._stopping.wait(BEAT_S):
            if beats % MEMORY_BEATS == 0:
                self._memory_bytes = memory_bytes()
            beats += 1
            self.send(
                Beat(
                    self._group.counters(),
                    self._group.states(),
                    self._dropped,
                    self._memory_bytes,
                    self._base_bytes,
                )
            )

    def _answer(self, want: WantExcerpts | WantStill) -> None:
        try:
            value: Any
            if isinstance(want, WantExcerpts):
                value = self._group.excerpts(want.camera_id, want.from_s, want.to_s)
            else:
                value = decode_still(want.excerpt, want.at_s)
            answer = Answer(want.request, value)
        except Exception as error:  # noqa: BLE001 - every failure is the asker's to know
            answer = Answer(want.request, None, error)
        self.send(answer)

    def run(self) -> None:
        """Serve until told to stop or until the parent is gone."""
        self._group.start()
        threading.Thread(target=self._beat, name="beat", daemon=True).start()
        with ThreadPoolExecutor(1, thread_name_prefix="answers") as answers:
            while not self._stopping.is_set():
                try:
                    message = self._pipe.recv()
                except (EOFError, OSError):
                    break
                match message:
                    case Release(index):
                        self._free.put(index)
                    case More(cameras):
                        self._group.more([*cameras, *self._take_lost()])
                    case Closely(camera_id, until_s, every_s):
                        self._group.look_closely(camera_id, until_s, every_s)
                    case WantExcerpts() | WantStill():
                        answers.submit(self._answer, message)
                    case Stop():
                        break
            self._stopping.set()
        self._group.stop(timeout_s=5)


def memory_bytes() -> int:
    """Return this process's proportional set size; 0 where the kernel does not tell."""
    try:
        with Path("/proc/self/smaps_rollup").open(encoding="ascii") as lines:
            return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def serve(
    pipe: Connection, cameras: Sequence[CameraSpec], shared: SharedPictures, hardware: Wanted
) -> None:
    """Entry point of the worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent orders the shutdown
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    worker = IngestWorker(pipe, cameras, shared, hardware)
    root = logging.getLogger()
    root.handlers[:] = [_LogToParent(worker)]
    root.setLevel(logging.INFO)
    worker.run()
    # A thread stuck in a C read must not keep the process alive.
    os._exit(0)
