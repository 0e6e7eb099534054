"""Ultralytics' own runner: predict on a .streams file, all cameras in one batch.

Settings from its documentation: stream=True (a generator), stream_buffer=False (newest picture
only), vid_stride so that pictures between looks are not converted, rect as the model's input. The
environment variable of its OpenCV that has RTSP over TCP is the default.
"""

import time

import onnxruntime  # type: ignore[import-untyped]
import torch  # type: ignore[import-not-found, unused-ignore]
import ultralytics  # type: ignore[import-not-found, unused-ignore]

from benchmarks.cameras.looks import Looks, say
from benchmarks.cameras.rows.task import CONF, INPUT_HEIGHT, INPUT_WIDTH, task

VID_STRIDE = 25
"""One look a second where it keeps up; 50 would allow no slip below half a look a second."""


def main() -> None:
    """Run until ended."""
    given = task()
    streams = given.folder / "list.streams"
    streams.write_text("\n".join(given.urls) + "\n", encoding="utf-8")
    looks = Looks(given.ledger)
    say(
        settings=f"ultralytics {ultralytics.__version__}, torch {torch.__version__}, ONNX Runtime "
        f"{onnxruntime.__version__} fp32, stream=True, stream_buffer=False, "
        f"vid_stride={VID_STRIDE}, imgsz=({INPUT_HEIGHT}, {INPUT_WIDTH}), device=cpu"
    )
    model = ultralytics.YOLO(str(given.model), task="detect")
    results = model.predict(
        str(streams),
        stream=True,
        stream_buffer=False,
        vid_stride=VID_STRIDE,
        imgsz=(INPUT_HEIGHT, INPUT_WIDTH),
        conf=CONF,
        device="cpu",
        verbose=False,
    )
    for place, result in enumerate(results):
        looks.note(place % given.cameras, result.orig_img)
    time.sleep(1.0)


if __name__ == "__main__":
    main()
