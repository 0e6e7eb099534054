"""Cameras: GStreamer's RTSP server, run with the system's Python (which has `gi`).

Arguments: the clip's .h264 file, the ledger file, the number of mounts, the pictures a second.
Prints `{"port": N}`; ends at end of input. Mount /N shows the clip over and over, its key frames
N/mounts of a GOP later than mount 0's, so that not all cameras have theirs at once. Any number of
clients share a mount: a picture is cut into RTP packets once, whoever reads it.

The ledger holds, for each mount and each number in the frame counter, the monotonic time at which
the picture was given to the network last, as float64.
"""

import json
import mmap
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

import gi  # type: ignore[import-not-found, unused-ignore]  # only the system's Python has it

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found, unused-ignore]  # noqa: E402  # versions first

GOP = 50
CAPS = "video/x-h264,stream-format=byte-stream,alignment=au"
LAUNCH = (
    f"( appsrc name=source is-live=true format=time do-timestamp=true caps={CAPS}"
    " ! h264parse ! rtph264pay name=pay0 pt=96 )"
)


class Cameras:
    """The mounts, and the thread that plays them."""

    def __init__(self, clip: Path, ledger: mmap.mmap, mounts: int, fps: float) -> None:
        offsets = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))
        data = clip.read_bytes()
        ends = [*offsets[1:], len(data)]
        self._pictures = [
            GLib.Bytes.new(data[first:last]) for first, last in zip(offsets, ends, strict=True)
        ]
        self._ledger = ledger
        self._mounts, self._fps = mounts, fps
        self._sources: dict[int, Any] = {}
        self._server = GstRtspServer.RTSPServer()
        self._server.set_address("127.0.0.1")
        self._server.set_service("0")
        self._server.set_backlog(256)
        # A mount's first client waits for a key frame; the others need not wait with it.
        self._server.get_thread_pool().set_max_threads(-1)
        for mount in range(mounts):
            factory = GstRtspServer.RTSPMediaFactory()
            factory.set_launch(LAUNCH)
            factory.set_shared(True)
            factory.connect("media-configure", self._configured, mount)
            self._server.get_mount_points().add_factory(f"/{mount}", factory)
        self._server.attach(None)
        self.port = int(self._server.get_bound_port())

    def _configured(self, _factory: Any, media: Any, mount: int) -> None:
        media.set_suspend_mode(GstRtspServer.RTSPSuspendMode.NONE)
        media.connect("unprepared", lambda _media: self._sources.pop(mount, None))
        self._sources[mount] = media.get_element().get_by_name("source")

    def play(self) -> None:
        """Push every picture when its time has come."""
        started_s = time.monotonic() + 0.1
        count = len(self._pictures)
        step = 0
        shift = GOP / self._mounts
        while True:
            # One step is one picture of every mount, spread over the picture's time.
            for mount in sorted(range(self._mounts), key=lambda one: one * shift % 1):
                late = mount * shift
                due_s = started_s + (step + late % 1) / self._fps
                wait_s = due_s - time.monotonic()
                if wait_s > 0:
                    time.sleep(wait_s)
                source = self._sources.get(mount)
                if source is None:
                    continue
                number = (step - int(late)) % count
                place = 8 * (mount * count + number)
                struct.pack_into("=d", self._ledger, place, time.monotonic())
                source.emit("push-buffer", Gst.Buffer.new_wrapped_bytes(self._pictures[number]))
            step += 1


def main() -> None:
    """Serve until standard input ends."""
    Gst.init(None)
    clip, ledger_file, mounts, fps = sys.argv[1:5]
    with Path(ledger_file).open("r+b") as file:
        ledger = mmap.mmap(file.fileno(), 0)
    cameras = Cameras(Path(clip), ledger, int(mounts), float(fps))
    loop = GLib.MainLoop()

    def listen() -> None:
        sys.stdin.read()
        GLib.idle_add(loop.quit)

    threading.Thread(target=cameras.play, daemon=True).start()
    threading.Thread(target=listen, daemon=True).start()
    print(json.dumps({"port": cameras.port}), flush=True)  # its protocol
    loop.run()


if __name__ == "__main__":
    main()
