"""Batches, sizes and threads: each picture gets its own boxes, in its own pixels."""

import threading
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from models import Detector, InferenceFailed, load
from models.backends import Session, open_session
from models.network import MAX_BATCH
from tests.onnx_graphs import Dim, fixed_outputs, metadata, rows, whole_input

SCORE_ROW = 4


def brightness_model(path: Path, batch: Dim, dtype: int = TensorProto.FLOAT) -> Path:
    """Make a network that gives one box whose score is the brightness of the picture."""
    output = rows((32, 32, 16, 16, 0, 0.0), classes=1, cells=84)
    light = np.zeros_like(output)
    light[0, SCORE_ROW, 0] = 1
    return fixed_outputs(
        path, [output], brightness=[light], batch=batch, facts=metadata(["lamp"]), dtype=dtype
    )


def greys(*values: int) -> list[np.ndarray]:
    """Return a 64x64 picture a value."""
    return [np.full((64, 64, 3), value, np.uint8) for value in values]


def scores(detector: Detector, pictures: list[np.ndarray]) -> list[float]:
    """Detect in a batch; the only score of every picture."""
    found = detector.detect(pictures, conf=0.01)
    assert [len(each) for each in found] == [1] * len(pictures)
    return [float(each.score[0]) for each in found]


@pytest.mark.parametrize("spin", [True, False])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_and_their_waiting_do_not_change_results(
    tmp_path: Path, threads: int, spin: bool
) -> None:
    """Any number of threads inside a run, waiting actively or not, gives the same boxes."""
    model = brightness_model(tmp_path / "made.onnx", 1)
    detector = load(model, threads=threads, spin=spin)
    assert scores(detector, greys(10, 200)) == near(10, 200)


def near(*values: int) -> object:
    """Compare with the brightness of pictures; the network's mean is float32, or float16."""
    return pytest.approx([value / 255 for value in values], abs=1e-3)


@pytest.mark.parametrize(("batch", "expected"), [(1, 1), (4, 4), ("n", None)])
def test_every_picture_gets_its_own_boxes(tmp_path: Path, batch: Dim, expected: int | None) -> None:
    """Fixed to one, fixed to four (the last run is not full), or free: results keep the order."""
    detector = load(brightness_model(tmp_path / "made.onnx", batch))
    assert detector.batch == expected
    values = [10, 200, 30, 90, 250, 60, 120]
    for _ in range(2):
        assert scores(detector, greys(*values)) == near(*values)
    assert scores(detector, greys(77)) == near(77)
    assert detector.detect([]) == []


def test_large_batches_are_split(tmp_path: Path) -> None:
    """A free batch is bounded; more pictures go in several runs."""
    detector = load(brightness_model(tmp_path / "made.onnx", "n"))
    values = list(range(10, 10 + 2 * MAX_BATCH + 3))
    assert scores(detector, greys(*values)) == near(*values)


def test_half_precision_inputs_are_fed_as_such(tmp_path: Path) -> None:
    """A network that takes float16 gets it."""
    detector = load(brightness_model(tmp_path / "made.onnx", "n", TensorProto.FLOAT16))
    assert scores(detector, greys(10, 200)) == near(10, 200)


def test_a_free_size_gets_the_smallest_rectangle(tmp_path: Path) -> None:
    """Pictures of several shapes in one call: each is grouped, fed in its rectangle, given back."""
    facts = metadata(["all", "none"], imgsz="[320, 320]")
    detector = load(whole_input(tmp_path / "free.onnx", facts))
    assert (detector.input_size, detector.batch) == ((320, 320), None)
    pictures = [
        np.zeros((*size, 3), np.uint8) for size in [(90, 160), (200, 100), (90, 160), (320, 320)]
    ]
    found = detector.detect(pictures)
    for picture, detections in zip(pictures, found, strict=True):
        height, width = picture.shape[:2]
        np.testing.assert_allclose(detections.xyxy, [[0, 0, width, height]])
    assert {size for size, _ in detector._feed._tensors} == {(192, 320), (320, 160), (320, 320)}


def test_a_manifest_may_set_a_free_size(tmp_path: Path) -> None:
    """The promised size replaces the exporter's."""
    facts = metadata(["all"], imgsz="[320, 320]")
    detector = load(whole_input(tmp_path / "free.onnx", facts), input_size=(96, 160))
    detector.detect([np.zeros((90, 160, 3), np.uint8)])
    assert detector.input_size == (96, 160)
    assert list(detector._feed._tensors) == [((96, 160), 0)]


def test_many_shapes_do_not_pile_up_memory(tmp_path: Path) -> None:
    """Input tensors of the shapes used last are kept, the others freed."""
    detector = load(whole_input(tmp_path / "free.onnx", metadata(["all"])))
    for height in range(32, 1000, 32):
        assert len(detector.detect([np.zeros((height, 640, 3), np.uint8)])[0]) == 1
    assert len(detector._feed._tensors) <= 16


def test_input_memory_is_allocated_once(tmp_path: Path) -> None:
    """The tensor of a size stays where it is from picture to picture."""
    detector = load(brightness_model(tmp_path / "made.onnx", 1))
    addresses = set()
    for value in (10, 20, 30):
        detector.detect(greys(value))
        addresses |= {tensor.blob.ctypes.data for tensor in detector._feed._tensors.values()}
    assert len(addresses) == 1


def test_threads_take_turns(tmp_path: Path) -> None:
    """Several threads on one detector get their own results, however they interleave."""
    detector = load(brightness_model(tmp_path / "made.onnx", 1))
    wrong: list[object] = []

    def work(value: int) -> None:
        for _ in range(50):
            score = scores(detector, greys(value))[0]
            if abs(score - value / 255) > 1e-3:
                wrong.append((value, score))

    workers = [threading.Thread(target=work, args=(value,)) for value in (40, 120, 240)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert wrong == []


def test_results_are_the_callers(tmp_path: Path) -> None:
    """A later picture does not change boxes handed out before."""
    detector = load(brightness_model(tmp_path / "made.onnx", 1))
    first = detector.detect(greys(200))[0]
    kept = (first.xyxy.copy(), first.score.copy())
    detector.detect(greys(90))
    np.testing.assert_array_equal(first.xyxy, kept[0])
    np.testing.assert_array_equal(first.score, kept[1])


def test_a_closed_detector_says_so(tmp_path: Path) -> None:
    """After close a picture is refused, not crashed on; closing twice is no mistake."""
    detector = load(brightness_model(tmp_path / "made.onnx", 1))
    detector.close()
    detector.close()
    with pytest.raises(InferenceFailed, match="closed"):
        detector.detect(greys(10))


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((64, 64), np.uint8),  # grey
        np.zeros((64, 64, 4), np.uint8),  # with transparency
        np.zeros((64, 64, 3), np.float32),  # normalised already
        np.zeros((0, 64, 3), np.uint8),  # nothing
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, picture: np.ndarray) -> None:
    """The caller's mistake is named before anything runs."""
    detector = load(brightness_model(tmp_path / "made.onnx", 1))
    with pytest.raises(ValueError, match="uint8 pictures, got"):
        detector.detect([picture])


def test_a_network_that_drops_pictures_is_found_out(tmp_path: Path) -> None:
    """A free batch whose output stays at one picture would give the rest somebody else's boxes."""
    model = fixed_outputs(
        tmp_path / "made.onnx",
        [rows((32, 32, 16, 16, 0, 0.9), classes=1, cells=84)],
        batch="n",
        facts=metadata(["lamp"]),
        ignore_batch=True,
    )
    detector = load(model)
    assert len(detector.detect(greys(10))[0]) == 1
    with pytest.raises(InferenceFailed, match="2 pictures went in"):
        detector.detect(greys(10, 20))


def test_large_inputs_go_in_smaller_runs(tmp_path: Path) -> None:
    """A network of free size that was exported for huge pictures takes two of them at a time."""
    facts = metadata(["all"], imgsz="[4096, 4096]")
    network = load(whole_input(tmp_path / "free.onnx", facts))._network
    assert network.most((4096, 4096)) == 2
    assert network.most((64, 64)) == MAX_BATCH


def test_a_failing_run_leaves_the_detector_usable(tmp_path: Path) -> None:
    """When the network fails in the midst of a call, nothing of it is left in the next one."""
    calls = []

    def engine(model: bytes, *, threads: int, spin: bool) -> Session:
        session = open_session(model, threads=threads, spin=spin)
        run = session.run

        def failing(blob: np.ndarray) -> list[np.ndarray]:
            calls.append(blob)
            if len(calls) == 3:
                raise InferenceFailed("out of memory")
            return run(blob)

        session.run = failing  # type: ignore[method-assign]  # a fault put in on purpose
        return session

    detector = load(brightness_model(tmp_path / "made.onnx", 1), engine=engine)
    with pytest.raises(InferenceFailed, match="out of memory"):
        detector.detect(greys(10, 20, 30, 40))
    assert scores(detector, greys(50, 60, 70)) == near(50, 60, 70)
