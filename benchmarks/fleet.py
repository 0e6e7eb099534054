"""A site of many equal cameras, running: what its processes use. For benchmarks of the whole.

The cameras are `streetwarden camera` processes that send one stream in several phases, so that key
frames are spread over the interval as those of real cameras are. They are not counted.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import yaml

COMMAND = str(Path(sys.executable).with_name("streetwarden"))
PHASES = 5
PHASE_S = 0.4
"""Phases divide the two seconds between key frames."""
TOKEN = "benchmark"  # noqa: S105 - of a site on loopback that lives for minutes
HIGH = 3.0
"""Priority of the cameras that matter more."""
READY_S = 60.0
_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """What the site's processes have used and hold at one moment."""

    at_s: float
    """Monotonic."""
    cpu_s: float
    """User and system time of all its processes, since they started."""
    held_bytes: int
    """Proportional set size of all its processes, without files."""
    ring_bytes: int
    """Of it, packets kept: what the process publishes."""
    published_bytes: int
    """Sum of streetwarden_camera_memory_bytes, rings included."""
    looks: int
    lost: int
    """Looks that were due and not made."""
    shedding: bool


class Fleet:
    """Cameras and a site that watches them. A context manager."""

    def __init__(
        self,
        video: Path,
        cameras: int,
        folder: Path,
        *,
        interval_s: float = 2.0,
        gate: bool = True,
        high: int = 0,
    ) -> None:
        """`high`: so many of the cameras have priority 3, the others 1."""
        self._video, self._count, self._folder = video, cameras, folder
        self._interval_s, self._gate, self._high = interval_s, gate, high
        self._held = ExitStack()
        self._site: subprocess.Popen[str] | None = None
        self._api = ""

    def __enter__(self) -> Self:
        """Start the cameras, then the site; returns once it is ready."""
        try:
            urls = []
            for _ in range(min(PHASES, self._count)):
                camera = self._start("camera", str(self._video), "--port", "0", "--json")
                urls.append(str(_ready(camera)["camera"]))
                time.sleep(PHASE_S)
            self._site = self._start("run", str(self._write_site(urls)), "--json")
            self._api = str(_ready(self._site)["api"])
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything."""
        self._held.close()

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        log = self._held.enter_context((self._folder / f"{arguments[0]}.log").open("a"))
        process = subprocess.Popen(  # noqa: S603 - our own command
            [COMMAND, *arguments], stdout=subprocess.PIPE, stderr=log, text=True
        )
        self._held.callback(_stop, process)
        return process

    def _write_site(self, urls: list[str]) -> Path:
        zone = [[0.1, 0.4], [0.9, 0.4], [0.9, 0.95], [0.1, 0.95]]
        sampling: dict[str, Any] = {"interval_s": self._interval_s}
        if self._gate:
            sampling["gate"] = {}
        site = {
            "version": 1,
            "site": {"id": "fleet", "timezone": "Asia/Shanghai"},
            "data": str(self._folder / "data"),
            "sampling": sampling,
            "api": {"listen": "127.0.0.1:0", "token": TOKEN},
            "evidence": {"reserve_mib": 1},
            "cameras": [
                {
                    "id": f"c{number:03}",
                    "url": urls[number % len(urls)],
                    "priority": HIGH if number < self._high else 1.0,
                    "zones": [{"id": "kerb", "kind": "no_parking", "polygon": zone}],
                    "rules": [{"kind": "illegal_parking", "zones": ["kerb"], "dwell_s": 3600}],
                }
                for number in range(self._count)
            ],
        }
        file = self._folder / "site.yaml"
        file.write_text(yaml.safe_dump(site), encoding="utf-8")
        return file

    def cameras(self) -> list[dict[str, Any]]:
        """Return each camera's row of /health, in the order of the site."""
        rows: list[dict[str, Any]] = self._ask("/health").json()["cameras"]
        return rows

    def settle(self, seconds: float) -> None:
        """Wait until every camera is up, then so long; SystemExit when one does not come."""
        until_s = time.monotonic() + READY_S
        while any(row["state"] != "up" for row in self.cameras()):
            if time.monotonic() > until_s:
                raise SystemExit(f"not every camera came up; see {self._folder}")
            time.sleep(0.5)
        time.sleep(seconds)

    def sample(self) -> Sample:
        """Read what the processes use, and what they say of themselves."""
        held = cpu_s = 0.0
        for pid in self._pids():
            cpu_s += _cpu_s(pid)
            held += _held_bytes(pid)
        values = dict(_metrics(self._ask("/metrics").text))
        lost = _sum(values, "streetwarden_drops_total")
        return Sample(
            at_s=time.monotonic(),
            cpu_s=cpu_s,
            held_bytes=int(held),
            ring_bytes=int(_sum(values, "streetwarden_camera_ring_bytes")),
            published_bytes=int(_sum(values, "streetwarden_camera_memory_bytes")),
            looks=int(_sum(values, "streetwarden_looks_total")),
            lost=int(lost),
            shedding=bool(values.get("streetwarden_shedding")),
        )

    def _pids(self) -> list[int]:
        if self._site is None:
            return []
        return [self._site.pid, *_descendants(self._site.pid)]

    def _ask(self, path: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.get(f"{self._api}{path}", headers=headers, timeout=30, trust_env=False)


def _ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Read rows until the ready one."""
    if process.stdout is not None:
        for line in process.stdout:
            row: dict[str, Any] = json.loads(line)
            if row.get("event") == "ready":
                return row
    raise SystemExit("a process of the benchmark ended before it was ready")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _descendants(pid: int) -> Iterator[int]:
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, file.read_text(encoding="ascii").split()):
            yield child
            yield from _descendants(child)


def _cpu_s(pid: int) -> float:
    """User and system time (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _held_bytes(pid: int) -> int:
    """Memory of its own and shared memory, proportionally (proc(5), smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    kib = {line.partition(":")[0]: line.split()[1] for line in lines[1:]}
    return (int(kib["Pss_Anon"]) + int(kib["Pss_Shmem"])) << 10


def _metrics(text: str) -> Iterator[tuple[str, float]]:
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            yield name, float(value)


def _sum(values: dict[str, float], name: str) -> float:
    return sum(value for key, value in values.items() if key.partition("{")[0] == name)
