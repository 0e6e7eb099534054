"""The parts of benchmarks.cameras that its figures rest on: counter, search, ceiling."""

import json
from pathlib import Path

import numpy as np
import pytest

import benchmarks.cameras.__main__ as cameras
from benchmarks.cameras.ceiling import Parts
from benchmarks.cameras.counter import COUNT, HEIGHT, WIDTH, draw, read
from benchmarks.cameras.search import around, largest
from benchmarks.cameras.trial import Result
from benchmarks.machine import keep


@pytest.mark.parametrize("width", [512, 640, 1280, 1920])
def test_a_counter_is_read_at_every_scale(width: int) -> None:
    """Scaled by means of areas, with noise, every number is read and no other one."""
    random = np.random.default_rng(width)
    height = width * HEIGHT // WIDTH
    rows = (np.arange(height) * HEIGHT // height).astype(int)
    columns = (np.arange(width) * WIDTH // width).astype(int)
    for number in (0, 1, 341, 682, COUNT - 1, *random.integers(0, COUNT, 20).tolist()):
        luma = np.full((HEIGHT, WIDTH), 120, np.uint8)
        draw(luma, int(number))
        noisy = luma[rows][:, columns] + random.normal(0, 12, (height, width))
        assert read(np.clip(noisy, 0, 255).astype(np.uint8)) == number


def test_a_picture_without_a_counter_has_no_number() -> None:
    """Neither a grey picture nor one wrong bit gives a number."""
    luma = np.full((HEIGHT, WIDTH), 120, np.uint8)
    assert read(luma) is None
    draw(luma, 5)
    luma[4:40, 24 + 36 * 4 : 24 + 36 * 5] = 40  # bit 2 of 5 taken away: the parity is wrong
    assert read(luma) is None


@pytest.mark.parametrize("truth", [0, 1, 2, 7, 33, 62, 130])
def test_a_search_ends_at_what_is_held(truth: int) -> None:
    """From any start, and again from a known answer, within a twentieth."""

    def attempt(cameras: int) -> Result:
        return Result(cameras, holds=cameras <= truth)

    for start in (1, 8, 64):
        held, tried = largest(attempt, start, 30)
        assert held <= truth <= held + max(1, round(0.05 * held))
        assert len(tried) <= 14
    for known in (max(1, truth - 3), truth + 5):
        held, _ = around(attempt, known, 60)
        assert held <= truth <= held + max(1, round(0.05 * held))


def test_a_ceiling_counts_what_a_camera_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """2 cores, 2 ms of server, 10 ms a key frame and 16 ms a network look every two seconds."""
    monkeypatch.setattr("benchmarks.cameras.ceiling._cores", lambda: 2)
    parts = Parts(network_ms=16.0, key_ms=10.0)
    assert parts.cameras(2.0, 1.0) == pytest.approx(2000 / (2 + 5 + 8))
    assert parts.cameras(2.0, 0.0) == pytest.approx(2000 / (2 + 5))


def test_only_what_was_kept_of_this_machine_says_where_to_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine holds another number."""
    monkeypatch.setattr(cameras, "RESULTS", tmp_path)
    assert cameras.kept_here() == {}
    held = {"busy": {"ours": 124}, "quiet": {"ours": 192}}
    file = keep("cameras", {**held, "gate_recall": 1.0}, tmp_path)
    assert cameras.kept_here() == held
    kept = json.loads(file.read_text(encoding="utf-8"))
    kept["machine"]["cores"] += 1
    file.write_text(json.dumps(kept), encoding="utf-8")
    assert cameras.kept_here() == {}
