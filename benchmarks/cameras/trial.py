"""One trial: whether a system holds N cameras."""

import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from benchmarks.cameras import ledger
from benchmarks.cameras.clip import FPS, REPOSITORY
from benchmarks.cameras.ledger import MOUNTS

SYSTEM_PYTHON = "/usr/bin/python3"
LEAST_PER_S = 0.5
STALE_S = 2.0
STALE_SHARE = 0.95
WARM_S = 4.0
"""Between the moment that every camera was looked at and the first look that counts."""
BUSY_MS = 200.0
START_S, START_EACH_S = 60.0, 0.3
"""Longest wait until every camera was looked at: for the system, and for each camera."""


@dataclass(frozen=True, slots=True)
class System:
    """A row of the table."""

    name: str
    python: Path
    module: str
    model: Path


@dataclass(slots=True)
class Result:
    """What a trial showed."""

    cameras: int
    holds: bool = False
    why: str = ""
    looks_per_s: float = 0.0
    """Of the camera with the fewest looks."""
    stale_p95_s: float | None = None
    kinds: dict[str, int] = field(default_factory=dict)
    server_ms: float = 0.0
    """CPU milliseconds of the camera server per second and camera."""
    system_ms: float = 0.0
    """The same of the system under test."""
    others_ms: float = 0.0
    """CPU milliseconds a second that neither took: above BUSY_MS the trial says little."""
    settings: str = ""


class Server:
    """The cameras: the GStreamer process with its ledger."""

    def __init__(self, clip: Path, folder: Path) -> None:
        self.ledger = folder / "ledger"
        ledger.make(self.ledger)
        script = Path(__file__).with_name("server.py")
        self._process = subprocess.Popen(  # noqa: S603  # of this package
            [SYSTEM_PYTHON, str(script), str(clip), str(self.ledger), str(MOUNTS), str(FPS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": "/usr/bin:/bin", "GST_DEBUG": "0"},
        )
        assert self._process.stdout is not None  # noqa: S101  # it was asked for
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(
                "benchmarks.cameras: GStreamer's RTSP server does not start: "
                "see tests/debian-packages.txt"
            )
        self.port = int(json.loads(line)["port"])

    @property
    def pids(self) -> list[int]:
        """Its process."""
        return [self._process.pid]

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


class Run:
    """A system at work, and the looks that it tells of."""

    def __init__(self, system: System, server: Server, cameras: int, folder: Path) -> None:
        self.settings = ""
        self.rows: queue.SimpleQueue[Sequence[tuple[int, float, float | None, str]]] = (
            queue.SimpleQueue()
        )
        self._errors = (folder / "stderr").open("w+")
        arguments = [str(server.port), str(server.ledger), str(cameras), str(system.model)]
        self._process = subprocess.Popen(  # noqa: S603  # of this package
            [str(system.python), "-m", system.module, *arguments, str(folder)],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=REPOSITORY,
            process_group=0,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "ignore"},
        )
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._errors.close()

    @property
    def ended(self) -> bool:
        """Whether it is no longer there."""
        return self._process.poll() is not None

    @property
    def pids(self) -> list[int]:
        """The processes of its group."""
        return [int(pid.name) for pid in _processes() if _group(pid) == self._process.pid]

    def last_error(self) -> str:
        """Return the last line that it wrote to stderr."""
        self._errors.flush()
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors.read().splitlines() if line.strip()]
        return lines[-1][:160] if lines else "it said nothing"

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if not line.startswith("{"):
                continue
            told = json.loads(line)
            self.settings = told.get("settings", self.settings)
            if told.get("looks"):
                self.rows.put([tuple(row) for row in told["looks"]])


def trial(system: System, clip: Path, cameras: int, window_s: float) -> Result:
    """Try a number of cameras."""
    with tempfile.TemporaryDirectory(prefix="cameras-") as name:
        folder = Path(name)
        server = Server(clip, folder)
        try:
            with Run(system, server, cameras, folder) as run:
                result = _judge(run, server, cameras, window_s)
                result.settings = run.settings
                return result
        finally:
            server.stop()


def _judge(run: Run, server: Server, cameras: int, window_s: float) -> Result:
    result = Result(cameras)
    missing = _wait_for_all(run, cameras)
    if missing:
        result.why = f"{missing} cameras never looked at; {run.last_error()}"
        return result
    time.sleep(WARM_S)
    _drain(run)
    first_s, before = time.monotonic(), _spent_s(run, server)
    ages: list[float | None] = []
    counts: Counter[int] = Counter()
    kinds: Counter[str] = Counter()
    passed_s = 0.0
    while passed_s < window_s and not run.ended:
        time.sleep(0.5)
        passed_s = time.monotonic() - first_s
        for camera, at_s, age_s, kind in _drain(run):
            if at_s - first_s > window_s:
                continue
            counts[camera] += 1
            kinds[kind] += 1
            ages.append(age_s)
        if min(counts[camera] for camera in range(cameras)) < LEAST_PER_S * passed_s - 3:
            break  # it will not recover what it has lost
    passed_s = time.monotonic() - first_s
    after = _spent_s(run, server)
    spent = [1000 * (late - early) / passed_s for late, early in zip(after, before, strict=True)]
    result.server_ms, result.system_ms = spent[0] / cameras, spent[1] / cameras
    result.others_ms = spent[2] - spent[0] - spent[1]
    fewest = min(counts[camera] for camera in range(cameras))
    result.looks_per_s = fewest / passed_s
    result.kinds = dict(kinds)
    return _verdict(result, fewest, passed_s, ages)


def _verdict(result: Result, fewest: int, passed_s: float, ages: Sequence[float | None]) -> Result:
    """At least half a look a second, counted to one look; read from counters that can be read."""
    known = [age_s for age_s in ages if age_s is not None and not np.isnan(age_s)]
    if known:
        result.stale_p95_s = float(np.quantile(known, STALE_SHARE))
    if len(known) < 0.99 * len(ages):
        result.why = f"{len(ages) - len(known)} of {len(ages)} counters unreadable"
    elif fewest < LEAST_PER_S * passed_s - 1.5:
        result.why = f"a camera had {result.looks_per_s:.2f} looks/s"
    elif result.stale_p95_s is None or result.stale_p95_s >= STALE_S:
        result.why = f"staleness p95 {result.stale_p95_s} s"
    else:
        result.holds = True
    return result


def _wait_for_all(run: Run, cameras: int) -> int:
    """Wait until every camera was looked at; return how many were not."""
    seen: set[int] = set()
    until_s = time.monotonic() + START_S + START_EACH_S * cameras
    while len(seen) < cameras and time.monotonic() < until_s and not run.ended:
        time.sleep(0.25)
        seen.update(row[0] for row in _drain(run))
    return cameras - len(seen)


def _drain(run: Run) -> list[tuple[int, float, float | None, str]]:
    rows: list[tuple[int, float, float | None, str]] = []
    while not run.rows.empty():
        rows.extend(run.rows.get())
    return rows


def _processes() -> list[Path]:
    return [pid for pid in Path("/proc").iterdir() if pid.name.isdecimal()]


def _stat(pid: Path) -> list[str]:
    """Return the fields after the program's name; empty when it is gone."""
    try:
        return (pid / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _group(pid: Path) -> int | None:
    fields = _stat(pid)
    return int(fields[2]) if fields else None


def _spent_s(run: Run, server: Server) -> tuple[float, float, float]:
    """Return processor seconds of the server, of the system, and of the cores that they may use."""
    ours = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    ticks = 0
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *numbers = line.split()
        if name in ours:
            user, nice, system, _idle, _waiting, irq, soft, steal = map(int, numbers[:8])
            ticks += user + nice + system + irq + soft + steal
    return _cpu_s(server.pids), _cpu_s(run.pids), ticks / os.sysconf("SC_CLK_TCK")


def _cpu_s(pids: Sequence[int]) -> float:
    """Processor seconds of processes and of their children that have ended."""
    ticks = 0
    for pid in pids:
        fields = _stat(Path(f"/proc/{pid}"))
        ticks += sum(map(int, fields[11:15])) if fields else 0
    return ticks / os.sysconf("SC_CLK_TCK")
