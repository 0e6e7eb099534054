"""Still, boxes and time of a moment belong to one and the same frame."""

import itertools
import queue
from datetime import timedelta
from pathlib import Path

import numpy as np

from models import VOCABULARY, Registry, load
from pipeline.ingest import Ingest
from pipeline.sight import LoadedModel, Sight
from streams import CameraSpec, Frame, Source
from tests.block_model import write_block_model
from tests.clips import block_box, clip, read_counter
from tests.rtsp import RtspServer, require_gstreamer

LOOKS = 6


def sight_of(path: Path) -> Sight:
    """Return the block detector as a site's one model."""
    detector = load(path)
    entry = Registry(None).find(str(path), path.parent)
    loaded = LoadedModel("block", detector, entry, VOCABULARY.adopt(detector.classes))
    return Sight([loaded], {"cam": ["block"]}, 0.25)


def test_stills_and_boxes_belong_to_the_same_frame(tmp_path: Path) -> None:
    """Picture, full-size still and box all name the same burnt-in frame number.

    Over a real RTSP server and through the ingest process.
    """
    require_gstreamer()
    sight = sight_of(write_block_model(tmp_path / "block.onnx"))
    video = clip(width=960, height=540, seconds=16, gop=25, b_frames=2)
    frames: queue.Queue[Frame] = queue.Queue()
    with RtspServer({"/cam0": video}) as server:
        spec = CameraSpec("cam", Source(server.url("/cam0")), None, 1.0, 320)
        ingest = Ingest([spec], workers=1, on_frame=frames.put, on_state=lambda _: None)
        ingest.start()
        try:
            seen = []
            for _ in range(LOOKS):
                seen.append(_check(ingest, sight, frames.get(timeout=20)))
                ingest.taken(["cam"])
        finally:
            ingest.stop()
    numbers = [number for number, _ in seen]
    assert numbers == sorted(set(numbers))
    for (before, before_s), (after, after_s) in itertools.pairwise(seen):
        assert abs((after_s - before_s) - (after - before) / 25) < 0.02


def _check(ingest: Ingest, sight: Sight, frame: Frame) -> tuple[int, float]:
    number = read_counter(frame.picture)
    assert number is not None
    assert frame.picture.shape == (180, 320, 3)
    excerpts = ingest.excerpts("cam", frame.at_s, frame.at_s + 0.001)
    still = ingest.still(excerpts[0], frame.at_s)
    assert still.shape == (540, 960, 3)
    assert read_counter(still) == number
    offset = excerpts[0].captured_at(frame.at_s) - frame.captured_at
    assert abs(offset) < timedelta(milliseconds=50)
    box = sight.look([frame])[0].xyxy[0]
    np.testing.assert_allclose(box, block_box(number, 960, 540), atol=9)
    return number, frame.at_s
