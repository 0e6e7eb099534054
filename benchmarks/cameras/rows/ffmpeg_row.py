"""One `ffmpeg -skip_frame nokey` a camera, raw pictures through a pipe, ONNX Runtime on the newest.

What somebody who knows FFmpeg writes in an afternoon: key frames only, without the loop filter,
scaled to the network's input by ffmpeg, one thread a process.
"""

import subprocess
import threading
from importlib.metadata import version

import imageio_ffmpeg  # type: ignore[import-not-found, unused-ignore]
import numpy as np
from numpy.typing import NDArray

from benchmarks.cameras.looks import Looks, say
from benchmarks.cameras.rows.network import Network
from benchmarks.cameras.rows.task import INPUT_HEIGHT, INPUT_WIDTH, task

SIZE = INPUT_HEIGHT * INPUT_WIDTH * 3
OPTIONS = (
    *("-nostdin", "-loglevel", "error", "-threads", "1"),
    *("-skip_frame", "nokey", "-skip_loop_filter", "all"),
    *("-flags", "low_delay", "-fflags", "nobuffer"),
    *("-rtsp_transport", "tcp", "-allowed_media_types", "video"),
)
SHOWN = f"scale={INPUT_WIDTH}:{INPUT_HEIGHT}:flags=fast_bilinear"


class Newest:
    """The newest picture of each camera; the longest waiting one first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int, bytes] = {}

    def put(self, camera: int, data: bytes) -> None:
        """Offer a picture; it replaces one that still waits."""
        with self._changed:
            self._waiting[camera] = data
            self._changed.notify()

    def take(self) -> tuple[int, bytes]:
        """Wait for a picture."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            camera = next(iter(self._waiting))
            return camera, self._waiting.pop(camera)


def main() -> None:
    """Run until ended."""
    given = task()
    looks, newest = Looks(given.ledger), Newest()
    program = imageio_ffmpeg.get_ffmpeg_exe()
    say(
        settings=f"ffmpeg {imageio_ffmpeg.get_ffmpeg_version()} {' '.join(OPTIONS)} -vf {SHOWN}, "
        f"a process a camera; ONNX Runtime {version('onnxruntime')} fp32"
    )
    for camera, url in enumerate(given.urls):
        command = [
            *(program, *OPTIONS, "-i", url, "-vf", SHOWN, "-vsync", "passthrough"),
            *("-flush_packets", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603  # of this package
        threading.Thread(target=_read, args=(camera, process, newest), daemon=True).start()
    network = Network(given.model)
    while True:
        camera, data = newest.take()
        picture: NDArray[np.uint8] = np.frombuffer(data, np.uint8).reshape(
            INPUT_HEIGHT, INPUT_WIDTH, 3
        )
        network.boxes(picture)
        looks.note(camera, picture)


def _read(camera: int, process: subprocess.Popen[bytes], newest: Newest) -> None:
    pipe = process.stdout
    while pipe is not None:
        data = pipe.read(SIZE)
        if len(data) < SIZE:
            return
        newest.put(camera, data)


if __name__ == "__main__":
    main()
