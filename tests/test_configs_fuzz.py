"""Whatever stands in a site file, it is read or refused with ConfigError, and never more."""

import copy
import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from configs import ConfigError, Site
from configs.polygon import check_polygon
from configs.schedule import WEEKDAYS, parse_days, write_days
from tests.site_text import GOOD, site_of

FOLDER = Path("nowhere")

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["${API_TOKEN}", "${", "$${", "rtsp://[::1", "file:", "22:00", "mon-", "//"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def read_or_refused(text: str) -> Site | None:
    """Read a text; None when it was refused. Anything but ConfigError fails the test."""
    try:
        return site_of(text, FOLDER)
    except ConfigError as caught:
        error = caught
    assert error.problem
    assert error.remedy
    assert "api-secret" not in f"{error}{error.others}"
    return None


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a document with every key in it."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@settings(deadline=None)
@given(st.data(), VALUES)
def test_any_value_in_any_place_is_read_or_refused(data: st.DataObject, value: Any) -> None:
    """One value of a good file is replaced by something else."""
    document = copy.deepcopy(yaml.safe_load(GOOD))
    container, key = data.draw(st.sampled_from(list(places(document))))
    container[key] = value
    read_or_refused(yaml.safe_dump(document, allow_unicode=True))


@settings(deadline=None)
@given(st.data())
def test_any_cut_of_the_text_is_read_or_refused(data: st.DataObject) -> None:
    """A part of a good file is missing, or other characters stand in its place."""
    start = data.draw(st.integers(0, len(GOOD)))
    stop = data.draw(st.integers(start, min(len(GOOD), start + 40)))
    read_or_refused(GOOD[:start] + data.draw(st.text(max_size=5)) + GOOD[stop:])


@settings(deadline=None)
@given(st.sets(st.integers(0, 6), min_size=1))
def test_days_are_written_as_they_are_read(days: set[int]) -> None:
    """Writing weekdays and reading them again changes nothing."""
    assert parse_days(write_days(frozenset(days))) == days


@settings(deadline=None)
@given(st.integers(0, 6), st.integers(0, 6))
def test_a_range_of_days_runs_forwards(first: int, last: int) -> None:
    """From a day to a day, over the week's end where it must; both included."""
    days = parse_days(f"{WEEKDAYS[first]}-{WEEKDAYS[last]}")
    assert {first, last} <= days
    assert len(days) == (last - first) % 7 + 1


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 359), min_size=8, max_size=30, unique=True),
    st.floats(0.05, 0.5),
    st.integers(0, 29),
)
def test_a_convex_ring_is_a_polygon(degrees: list[int], radius: float, turn: int) -> None:
    """Corners in order around a circle enclose a zone, wherever the list starts, either way."""
    around = sorted({*degrees, 0, 120, 240})  # corners on all sides: no sliver of an arc
    angles = [math.radians(degree) for degree in around]
    ring = [(0.5 + radius * math.cos(a) * 0.99, 0.5 + radius * math.sin(a) * 0.99) for a in angles]
    turned = ring[turn % len(ring) :] + ring[: turn % len(ring)]
    assert check_polygon(turned) == tuple(turned)
    assert len(check_polygon([*turned[::-1], turned[-1]])) == len(ring)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=8))
def test_any_ring_is_a_polygon_or_refused(points: list[tuple[float, float]]) -> None:
    """Whatever the corners, the answer is a ring of at least three, or an error with a remedy."""
    with suppress(PydanticCustomError):
        assert len(check_polygon(points)) >= 3


@pytest.mark.parametrize("text", ["", "a-b-c", "mon-", ",", "-", "mon--tue", "montue"])
def test_other_words_are_no_days(text: str) -> None:
    """What names no days is refused."""
    with pytest.raises(Exception, match="does not name days"):
        parse_days(text)
