"""Site files for tests, and the real command run on them as a process of its own."""

import io
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest
import yaml

from api.cli import main
from tests.secrecy import told_in

COMMAND = str(Path(sys.executable).with_name("streetwarden"))
TOKEN = "test-token-for-the-api"
WHOLE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]


def camera(camera_id: str, url: str, **more: Any) -> dict[str, Any]:
    """Describe a camera with one no-parking zone over everything."""
    zone = {"id": "kerb", "kind": "no_parking", "polygon": more.pop("polygon", WHOLE)}
    rule = {"kind": "illegal_parking", "zones": ["kerb"], **more.pop("rule", {})}
    return {
        "id": camera_id,
        "url": url,
        "place": {"lat": 36.0986, "lon": 120.3719, "address": "市北区营口路"},
        "zones": [zone],
        "rules": [rule],
        **more,
    }


def write_site(
    folder: Path, cameras: Sequence[Mapping[str, Any]], model: Path, **more: Any
) -> Path:
    """Write a site file in a folder; its data folder is `data` beside it."""
    site = {
        "version": 1,
        "site": {"id": "test", "timezone": "Asia/Shanghai", "language": "zh-CN"},
        "data": "./data",
        "models": [{"name": "test", "file": str(model)}],
        "api": {"listen": "127.0.0.1:0", "token": TOKEN},
        "evidence": {"reserve_mib": 1},  # the usual one, times every test, would fill the disk
        "cameras": list(cameras),
        **more,
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    return path


def streetwarden(
    *arguments: str | Path, timeout_s: float = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    done = subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env={**os.environ, **environment},
    )
    assert not told_in(done.stdout + done.stderr)
    return done


def in_process(
    *arguments: str | Path, monkeypatch: pytest.MonkeyPatch
) -> subprocess.CompletedProcess[str]:
    """Run the command's own main() here: the same code, without a second's start for each call."""
    words = [COMMAND, *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    code: object = 0
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", words)
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
    assert isinstance(code, int)
    assert not told_in(out.getvalue() + err.getvalue())
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def rows(text: str) -> list[dict[str, Any]]:
    """Read JSON lines; a line that is none fails the test."""
    return [json.loads(line) for line in text.splitlines()]


class Process:
    """`streetwarden ... --json` running; its rows are read as they come."""

    def __init__(self, *arguments: str | Path) -> None:
        self._process = subprocess.Popen(
            [COMMAND, *map(str, arguments), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.rows: list[dict[str, Any]] = []
        self.log: list[str] = []
        self._changed: queue.Queue[dict[str, Any]] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read_rows, daemon=True),
            threading.Thread(target=self._read_log, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(5)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        assert not told_in("".join(self.log))

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def _read_rows(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            row = json.loads(line)
            self.rows.append(row)
            self._changed.put(row)

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line)

    def wait_for(
        self, wanted: Callable[[dict[str, Any]], bool], timeout_s: float
    ) -> dict[str, Any]:
        """Return the first row that is wanted, from now on; fails with the log."""
        end_s = time.monotonic() + timeout_s
        while True:
            try:
                row = self._changed.get(timeout=max(0.01, end_s - time.monotonic()))
            except queue.Empty:
                text = "".join(self.log[-40:])
                raise AssertionError(f"not seen within {timeout_s} s; log:\n{text}") from None
            if wanted(row):
                return row

    def ready(self, timeout_s: float = 30) -> str:
        """Wait for the ready row; returns the API's URL."""
        row = self.wait_for(lambda row: row["event"] == "ready", timeout_s)
        return str(row["api"])

    def kill(self) -> None:
        """Kill -9, as a power cut would; waits until it is gone and read to the end."""
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(5)

    def stop(self, timeout_s: float = 40) -> int:
        """SIGTERM; returns the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.end(timeout_s)

    def end(self, timeout_s: float) -> int:
        """Wait until it ends by itself; returns the exit code."""
        code = self._process.wait(timeout_s)
        for reader in self._readers:
            reader.join(5)
        return code


def ask(api: str, path: str) -> httpx.Response:
    """Ask a running site with its token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.get(f"{api}{path}", headers=headers, timeout=10, trust_env=False)


def health(api: str) -> dict[str, dict[str, Any]]:
    """Return what /health says, by camera."""
    return {row["id"]: row for row in ask(api, "/health").json()["cameras"]}


def metrics(api: str) -> dict[str, float]:
    """Return what /metrics says: name with labels to value."""
    lines = ask(api, "/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}
