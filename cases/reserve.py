"""A file that only takes up room, given up when the disk is full so that rows still commit.

A full disk must not lose a violation: its row is small, its pictures are not. While the reserve is
given up nothing large may be written (see `ready`), or it would be gone at once.
"""

import logging
import os
import threading
from contextlib import suppress
from pathlib import Path

from cases.errors import EvidenceError, EvidenceReason

log = logging.getLogger(__name__)

FILE_NAME = "reserve"
ROOM_SHARE = 1.5
"""The reserve is made again when this many times its size is free: else it would take the last
room away from what was just written into it."""

START_BYTES = 1 << 20
"""A store needs some room even to be opened (SQLite's shared memory and log)."""


class Reserve:
    """The reserve of a data folder. Any thread; one process."""

    def __init__(self, folder: Path, size_bytes: int) -> None:
        """Name the reserve; `make` takes the room. Size 0: there is none."""
        self._path = folder / FILE_NAME
        self._size = size_bytes
        self._lock = threading.Lock()
        self._held = False

    @property
    def held(self) -> bool:
        """Whether there is room left for rows (or no reserve is wanted)."""
        return self._held or self._size == 0

    @property
    def free_bytes(self) -> int | None:
        """Room on the disk beside the reserve; None where it cannot be asked."""
        try:
            state = os.statvfs(self._path.parent)
        except OSError:
            return None
        return state.f_bavail * state.f_frsize

    def make_way(self) -> None:
        """Give up a former run's reserve where the disk is full: no store can be opened there."""
        free = self.free_bytes
        if self._path.exists() and free is not None and free < START_BYTES:
            log.error("the disk is full at the start: its reserve is given up")
            self._remove()

    def make(self) -> bool:
        """Take the room where there is enough; returns whether it is held now."""
        with self._lock:
            if self.held:
                return True
            try:
                own = self._path.stat().st_blocks * 512 if self._path.exists() else 0
                free = self.free_bytes
                if own < self._size and (free is None or free < ROOM_SHARE * self._size):
                    return False
                self._fill()
            except OSError as error:
                log.warning("no reserve of disk", extra={"error": error.strerror or str(error)})
                self._remove()
                return False
            self._held = True
            log.info("a reserve of disk is held", extra={"bytes": self._size})
            return True

    def release(self) -> bool:
        """Give the room up; returns whether there was any to give."""
        with self._lock:
            if not self._held:
                return False
            self._held = False
            self._remove()
            log.error("the disk is full: its reserve is given up, for rows alone")
            return True

    def ready(self) -> None:
        """See that something large may be written. EvidenceError, full, while it may not."""
        if not self.make():
            raise EvidenceError(
                EvidenceReason.FULL,
                f"the disk of {self._path.parent} is full: what is left is kept for the store",
            )

    def _fill(self) -> None:
        opened = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(opened, self._size)
            os.posix_fallocate(opened, 0, self._size)
            os.fsync(opened)
        finally:
            os.close(opened)

    def _remove(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
