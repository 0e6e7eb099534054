"""Cuts of pictures carry their boxes with them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.crops import CUT, INPUT, Sample, cut, read_sample, tint
from training.dataset import read_counts
from training.example import DatasetError


def street(x0: int, y0: int, width: int, height: int) -> Sample:
    """Make a dark picture with one bright rectangle and its box."""
    picture = np.zeros((360, 640, 3), np.uint8)
    picture[y0 : y0 + height, x0 : x0 + width] = 255
    box = np.array([[x0, y0, x0 + width, y0 + height]], np.float32)
    return Sample(picture, box, np.array([3]))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(0, 500), st.integers(0, 300))
def test_a_cuts_box_lies_where_its_pixels_lie(seed: int, x0: int, y0: int) -> None:
    """Scaled, shifted and flipped, the box still frames the bright pixels to within two."""
    one = cut(np.random.default_rng(seed), street(x0, y0, 100, 50))
    assert one.picture.shape == (*CUT, 3)
    grey = (one.picture == 114).all(axis=2)  # outside the picture
    rows, columns = np.nonzero((one.picture[..., 0] > 127) & ~grey)
    if len(one.label):
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert np.abs(one.xyxy[0] - seen).max() <= 2.0
        assert one.label.tolist() == [3]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(0, 540), st.integers(0, 310))
def test_a_cut_around_a_thing_holds_it(seed: int, x0: int, y0: int) -> None:
    """However far at the edge the thing is, its middle is in a cut laid around it."""
    sample = street(x0, y0, 40, 30)
    one = cut(np.random.default_rng(seed), sample, CUT, sample.xyxy[0])
    assert one.label.tolist() == [3]


def test_a_box_that_is_mostly_cut_away_is_not_asked_for() -> None:
    """Over many cuts some lose the thing, and no kept box is a sliver."""
    sample = street(20, 20, 60, 40)
    kept = [cut(np.random.default_rng(seed), sample) for seed in range(200)]
    counts = {len(one.label) for one in kept}
    assert counts == {0, 1}
    assert all((one.xyxy[:, 2:] - one.xyxy[:, :2]).min() >= 3 for one in kept if len(one.label))


def test_the_models_rectangle_has_a_pictures_proportions() -> None:
    """INPUT is exactly 16:9 and in steps of the model's coarsest stride, as CUT is."""
    assert INPUT[1] * 9 == INPUT[0] * 16
    assert all(side % 32 == 0 for side in (*INPUT, *CUT))


def test_tint_keeps_the_form_and_changes_the_colour() -> None:
    """Same size and type; never the same pixels over many draws."""
    picture = np.random.default_rng(0).integers(0, 255, (48, 80, 3)).astype(np.uint8)
    for seed in range(20):
        out = tint(np.random.default_rng(seed), picture)
        assert (out.shape, out.dtype) == (picture.shape, picture.dtype)
        assert (out != picture).any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"a\.txt: cannot be read .*No such file"),
        ("0 0.5 0.5 0.1 0.1\n15 0.5 0.5 0.1 0.1\n", r"a\.txt:2: class 15, expected 0 to 14"),
        ("-1 0.5 0.5 0.1 0.1\n", "class -1, expected"),
        ("0.5 0.5 0.5 0.1 0.1\n", "class 0.5, expected"),
        ("nan 0.5 0.5 0.1 0.1\n", "expected a class and 4 numbers"),
        ("0 0.5 0.5 0.1\n", "expected a class and 4 numbers"),
        ("car 0.5 0.5 0.1 0.1\n", r"a\.txt:1: .*'car'"),
    ],
)
def test_labels_that_cannot_be_learned_are_named(
    tmp_path: Path, text: str | None, message: str
) -> None:
    """A picture of a dataset without labels, and a line that is wrong, are refused by file."""
    for name in ("images", "labels"):
        (tmp_path / name / "train").mkdir(parents=True)
    picture = tmp_path / "images" / "train" / "a.jpg"
    cv2.imwrite(str(picture), np.zeros((20, 40, 3), np.uint8))
    if text is not None:
        (tmp_path / "labels" / "train" / "a.txt").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_sample(picture)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no dataset.json, so it is none or half-written"),
        ('{"train": {"pic', r"dataset\.json: not what training\.assemble writes: JSONDecodeError"),
        ('{"train": 3}', "not what training.assemble writes"),
        ('{"train": {"pictures": {}}, "unknown": {"a": ["lorry"]}}', "'lorry' is none of car, bus"),
    ],
)
def test_a_half_written_dataset_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    """A dataset.json that is not there, cut off or of something else is refused by name."""
    if text is not None:
        (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_counts(tmp_path)
