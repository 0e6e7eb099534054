"""GStreamer's RTSP server over files, as a process of its own: the independent camera of the tests.

    with RtspServer({"/cam0": clip(seconds=60)}) as server:
        av.open(server.url("/cam0"), options={"rtsp_transport": "tcp"})

Files are sent as they are (no re-encoding), paced in real time. All clients of a mount share one
play-out: the first starts at the file's beginning, later ones join where it is; when the last one
leaves, the next starts at the beginning again. With `always_on` the play-out starts with the mount
and never stops, as a camera's does, so clients always join in the middle. Without it, a client that
comes within milliseconds after the last one left is answered 503 (it is still being taken down).
At the file's end the server says goodbye and clients see the end of the stream: take a long clip,
or `clips.looped`.

`remove(path)` and `add(path, ...)` unplug and return a mount while others play (clients are closed,
new ones get 404). To unplug the whole way (refused, frozen, cut) put a tests.proxy.Proxy before it.
"""

import functools
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import pytest

_PYTHON = "/usr/bin/python3"
_SERVER = Path(__file__).with_name("gstreamer_rtsp.py")
_START_TIMEOUT_S = 20.0
_DEMUXERS = {
    ".mp4": "qtdemux",
    ".mov": "qtdemux",
    ".mkv": "matroskademux",
    ".ts": "tsdemux",
    ".avi": "avidemux",
}
_PAYLOADERS = {
    "h264": "h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96",
    "h265": "h265parse config-interval=-1 ! rtph265pay name=pay0 pt=96",
    "mjpeg": "jpegparse ! rtpjpegpay name=pay0 pt=26",
}
_AUDIO = (
    "audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1"
    " ! alawenc ! rtppcmapay name=pay1 pt=8"
)


class RtspServer:
    """A GStreamer RTSP server process on a loopback port that the system chose.

    Mounts need `user` and `password` when given, except those named in `open_paths`.
    """

    def __init__(
        self,
        mounts: Mapping[str, Path] | None = None,
        *,
        codec: Literal["h264", "h265", "mjpeg"] = "h264",
        user: str | None = None,
        password: str | None = None,
        method: Literal["basic", "digest"] = "digest",
        always_on: bool = False,
        open_paths: frozenset[str] = frozenset(),
    ) -> None:
        self._mounts = dict(mounts or {})
        self._codec: Literal["h264", "h265", "mjpeg"] = codec
        self._login = (user or "", password or "", method if user else "none")
        self._always_on = always_on
        self._open_paths = open_paths
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        require_gstreamer()
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and its mounts."""
        self._process = subprocess.Popen(
            [_PYTHON, str(_SERVER), *self._login],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"GST_DEBUG": "0", "PATH": "/usr/bin:/bin"},
        )
        self.port = int(self._read()["port"])
        for path, file in self._mounts.items():
            self.add(path, file)

    def stop(self) -> None:
        """End the process; harmless when it has ended already."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()

    def url(self, path: str = "/cam0", *, login: bool = True) -> str:
        """URL of a mount, with user and password where the server asks for them."""
        user, password, method = self._login
        at = f"{user}:{password}@" if login and method != "none" else ""
        return f"rtsp://{at}127.0.0.1:{self.port}{path}"

    def add(
        self,
        path: str,
        file: Path,
        *,
        codec: Literal["h264", "h265", "mjpeg"] | None = None,
        audio: bool = False,
    ) -> None:
        """Serve a file under a path, from now on; `audio` adds an A-law track as cameras have."""
        parts = [f'filesrc location="{file}"']
        if file.suffix in _DEMUXERS:
            parts.append(_DEMUXERS[file.suffix])
        parts.append(_PAYLOADERS[codec or self._codec])
        launch = " ! ".join(parts) + (f" {_AUDIO}" if audio else "")
        open_to_all = self._login[2] == "none" or path in self._open_paths
        mount = {
            "path": path,
            "launch": f"( {launch} )",
            "open": open_to_all,
            "always_on": self._always_on,
        }
        self._command({"add": mount})

    def remove(self, path: str) -> None:
        """Stop serving a path: its clients are closed, new ones get 404."""
        self._command({"remove": path})

    def _command(self, command: Mapping[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        if "error" in answer:
            raise RuntimeError(f"GStreamer's server: {answer['error']}")

    def _read(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"GStreamer's server ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@functools.cache
def gstreamer_problem() -> str | None:
    """Say why GStreamer's server cannot run here; None when it can."""
    probe = (
        "import gi; gi.require_version('GstRtspServer', '1.0');"
        "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
        "missing = [e for e in ('qtdemux', 'h264parse', 'h265parse', 'rtph264pay')"
        " if not Gst.ElementFactory.find(e)];"
        "assert not missing, missing"
    )
    try:
        result = subprocess.run(
            [_PYTHON, "-c", probe],
            capture_output=True,
            text=True,
            timeout=_START_TIMEOUT_S,
            check=False,
        )
    except OSError as error:
        return f"no {_PYTHON}: {error}"
    if result.returncode == 0:
        return None
    return (
        "GStreamer's RTSP server is missing (apt-get install gir1.2-gst-rtsp-server-1.0 "
        "python3-gst-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
        f"gstreamer1.0-plugins-bad): {result.stderr.strip().splitlines()[-1:]}"
    )


def require_gstreamer() -> None:
    """Skip the running test, with the reason, when GStreamer's server cannot run here."""
    problem = gstreamer_problem()
    if problem is not None:
        pytest.skip(problem)
