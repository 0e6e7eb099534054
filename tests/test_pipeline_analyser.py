"""The inference thread: what a gate carries is no evidence; a batch waits a share of what it takes.

The slots, the model, the gate and the rules are the real ones; pictures are put in by hand.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from configs import Site, load_site
from detectors import Basis
from models import Detections
from pipeline.analyser import WINDOW_MOST_S, WINDOW_SHARE, Analyser
from pipeline.gate import MotionGate
from pipeline.plan import load_sight, watch_of
from pipeline.slots import Slots
from pipeline.step import CameraStep, Stepped
from streams import Frame
from tests.block_model import write_block_model
from tests.clips import synthetic
from tests.faults import frame_of
from tests.site import camera, write_site

STILL = synthetic(7, 640, 360)
"""A block stands in a zone where it may not."""
DWELL_S = 10.0
STANDS_S = 60.0
INTERVAL_S = 2.0


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a site with one camera and the block model."""
    model = write_block_model(tmp_path / "block.onnx")
    one = camera("cam", "file:clip.mp4", rule={"dwell_s": DWELL_S})
    return load_site(write_site(tmp_path, [one], model, sampling={"interval_s": INTERVAL_S}))


@contextmanager
def watching(
    site: Site, gates: Mapping[str, MotionGate | None], on_step: Callable[[Stepped], None]
) -> Iterator[tuple[Analyser, Slots]]:
    """Make an analyser of a site's cameras, to be started; stop it in the end."""
    watches = {one.id: watch_of(site, one) for one in site.cameras}
    sight = load_sight(site, site.cameras, list(watches.values()), alone=False)
    steps = {name: CameraStep(watch, gate=gates[name]) for name, watch in watches.items()}
    slots = Slots()
    analyser = Analyser(slots, sight, steps, on_step)
    try:
        yield analyser, slots
    finally:
        analyser.stop(10.0)
        sight.close()
    assert not analyser.alive


@contextmanager
def analysing(site: Site, gate: MotionGate | None) -> Iterator[tuple[Slots, queue.Queue[Stepped]]]:
    """Run an analyser of the site's camera; what it makes of each picture comes out of a queue."""
    steps: queue.Queue[Stepped] = queue.Queue()
    with watching(site, {"cam": gate}, steps.put) as (analyser, slots):
        analyser.start()
        yield slots, steps
    assert analyser.counts["cam"].failures == 0


def seldom_forced() -> MotionGate:
    """Make a gate that forces no look while a test lasts."""
    return MotionGate(None, interval_s=60.0, forced_s=600.0)


def shown(site: Site, gate: MotionGate | None) -> tuple[list[Basis], list[str]]:
    """Show the block for STANDS_S; return what each look rests on, and what was found."""
    bases, changes = [], []
    with analysing(site, gate) as (slots, steps):
        for number in range(round(STANDS_S / INTERVAL_S)):
            slots.put(frame_of(STILL, number * INTERVAL_S))
            stepped = steps.get(timeout=10.0)
            assert len(stepped.look.detections) == 1  # seen or carried, it is there
            bases.append(stepped.look.basis)
            changes += [event.change.value for event in stepped.outcome.events]
    return bases, changes


def test_carried_looks_make_no_dwell(site: Site) -> None:
    """One look that a model made, then nothing but carried ones: nobody is accused for that."""
    gate = MotionGate(None, interval_s=10 * STANDS_S, forced_s=10 * STANDS_S)
    bases, changes = shown(site, gate)
    assert (gate.counts.network, gate.counts.forced) == (1, 0)
    assert gate.counts.gated == len(bases) - 1
    assert bases == [Basis.OBSERVED] + [Basis.CARRIED] * gate.counts.gated
    assert "confirmed" not in changes
    bases, changes = shown(site, None)
    assert set(bases) == {Basis.OBSERVED}
    assert "confirmed" in changes  # the same pictures, looked at


def test_forced_looks_are_evidence(site: Site) -> None:
    """A gate as a site file asks for it looks at every second picture of what dwells: confirmed."""
    gate = MotionGate(None, interval_s=INTERVAL_S, forced_s=20.0)
    bases, changes = shown(site, gate)
    counts = gate.counts
    assert bases.count(Basis.CARRIED) == counts.gated > 0
    assert bases.count(Basis.OBSERVED) == counts.network + counts.forced
    assert counts.forced > counts.network
    assert changes.count("confirmed") == 1


BATCHES = 8


@pytest.mark.parametrize(
    "pause_s",
    [
        0.0,  # the window falls
        0.04,  # it rises towards a quarter of that
        0.12,  # a quarter would be 30 ms: too long
    ],
)
def test_the_window_follows_what_batches_take(
    site: Site, pause_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An eighth of the way each time, to a share of the batch's time, up to a bound."""
    (one,) = site.cameras
    watch = watch_of(site, one)
    sight = load_sight(site, [one], [watch], alone=False)
    look = sight.look

    def slowly(frames: Sequence[Frame]) -> list[Detections]:
        time.sleep(pause_s)
        return look(frames)

    monkeypatch.setattr(sight, "look", slowly)
    analyser = Analyser(Slots(), sight, {"cam": CameraStep(watch)}, lambda _: None)
    least_s = most_s = analyser.window_s
    for _ in range(BATCHES):
        began_s = time.monotonic()
        analyser._see([frame_of(STILL, 0.0)])
        took_s = time.monotonic() - began_s  # a batch took less than this, more than the pause
        least_s += (min(WINDOW_MOST_S, WINDOW_SHARE * pause_s) - least_s) / 8
        most_s += (min(WINDOW_MOST_S, WINDOW_SHARE * took_s) - most_s) / 8
    assert analyser.batches == BATCHES
    assert least_s - 1e-9 <= analyser.window_s <= most_s + 1e-9
    window_s = analyser.window_s
    sight.close()
    assert analyser._see([frame_of(STILL, 0.0)]) == [None]  # fails, and says nothing of batches
    assert (analyser.batches, analyser.counts["cam"].failures) == (BATCHES, 1)
    assert analyser.window_s == window_s


def test_the_rules_judge_a_batch_while_the_models_look_at_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, a core would wait for the other."""
    model = write_block_model(tmp_path / "block.onnx")
    both = [camera(name, "file:clip.mp4") for name in ("one", "two")]
    site = load_site(write_site(tmp_path, both, model))
    second_began = threading.Event()
    judged: queue.Queue[tuple[str, bool]] = queue.Queue()

    def judge(stepped: Stepped) -> None:
        judged.put((stepped.look.camera_id, second_began.wait(10.0)))

    gates = {one.id: seldom_forced() for one in site.cameras}
    with watching(site, gates, judge) as (analyser, slots):
        look = analyser._sight.look

        def seen(frames: Sequence[Frame]) -> list[Detections]:
            if frames[0].camera_id == "two":
                second_began.set()
            else:
                slots.put(replace(frame_of(STILL, 0.0), camera_id="two"))
            return look(frames)

        monkeypatch.setattr(analyser._sight, "look", seen)
        slots.put(replace(frame_of(STILL, 0.0), camera_id="one"))
        analyser.start()
        assert [judged.get(timeout=20.0) for _ in "ab"] == [("one", True), ("two", True)]


def test_a_camera_waits_for_its_own_last_look(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its gate carries follows from that look, even where the models still look at it."""
    bases: queue.Queue[Basis] = queue.Queue()
    gates = {"cam": seldom_forced()}
    with watching(site, gates, lambda stepped: bases.put(stepped.look.basis)) as (analyser, slots):
        look, waiting = analyser._sight.look, threading.Event()

        def slowly(frames: Sequence[Frame]) -> list[Detections]:
            waiting.set()
            time.sleep(0.3)  # the next picture is taken meanwhile
            return look(frames)

        monkeypatch.setattr(analyser._sight, "look", slowly)
        slots.put(frame_of(STILL, 0.0))
        analyser.start()
        assert waiting.wait(10.0)
        slots.put(frame_of(STILL, INTERVAL_S))
        assert [bases.get(timeout=10.0) for _ in "ab"] == [Basis.OBSERVED, Basis.CARRIED]
        assert analyser.batches == 1
