"""Entry points and parameter sets, read from really encoded streams."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import Source
from streams.demuxer import Demuxer
from streams.nal import (
    START_CODE,
    Family,
    parameter_sets,
    read_header,
    to_annex_b,
    warmup,
)
from streams.unit import Unit
from tests.clips import clip, resized_clip

SMALL = {"width": 320, "height": 176}
"""x265 is slow; its streams are small."""


def units(path: Path) -> list[Unit]:
    """Demux a whole clip."""
    with Demuxer(Source.of_file(path)) as demuxer:
        return list(demuxer.units())


@pytest.mark.parametrize(
    ("options", "clean"),
    [
        ({}, [0.0, 2.0, 4.0]),
        ({"b_frames": 3}, [0.0, 2.0, 4.0]),
        ({"b_frames": 3, "open_gop": True}, [0.0, 2.0, 4.0]),  # recovery points of I slices
        ({"intra_refresh": True}, [0.0]),  # then none that is whole at once
        ({"gop": 250}, [0.0]),
        ({"codec": "h265", "b_frames": 3, **SMALL}, [0.0, 2.0, 4.0]),
        ({"codec": "h265", "b_frames": 3, "open_gop": True, **SMALL}, [0.0, 2.0, 4.0]),  # CRA
        ({"suffix": ".ts"}, [0.0, 2.0, 4.0]),
    ],
    ids=str,
)
def test_clean_entry_points(options: dict[str, object], clean: list[float]) -> None:
    """Only what a decoder can start at and show at once counts as clean."""
    found = units(clip(seconds=6, **options))
    first_s = min(unit.pts_s or 0.0 for unit in found)
    entries = [(unit.pts_s or 0.0) - first_s for unit in found if unit.warmup == 0]
    assert entries == pytest.approx(clean, abs=1e-3)


def test_intra_refresh_says_how_long_it_takes() -> None:
    """Its recovery points are entries, but not clean ones: a sweep of the picture lies ahead."""
    later = [unit.warmup for unit in units(clip(seconds=6, intra_refresh=True)) if unit.warmup]
    assert len(later) == 2
    assert all(20 <= pictures <= 50 for pictures in later)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_containers_give_the_same_pictures(codec: str) -> None:
    """Length prefixes (MP4, Matroska) and start codes (TS) leave the demuxer alike."""
    options = {"codec": codec, "seconds": 1, "gop": 25, **SMALL}
    first = units(clip(suffix=".mp4", **options))
    other = units(clip(suffix=".mkv", **options))
    assert [unit.data for unit in first] == [unit.data for unit in other]
    assert all(unit.data.startswith(START_CODE) for unit in first)
    assert first[0].parameters.extradata == other[0].parameters.extradata


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_change_of_size_is_a_new_parameter_set(codec: str) -> None:
    """The stream's own parameter sets count up where the picture size changes, once."""
    found = units(resized_clip(codec=codec, seconds=1, gop=25, sizes=((320, 176), (176, 144))))
    assert [unit.parameter_set for unit in found] == [0] * 25 + [1] * 25
    assert found[0].parameters.width == 320
    assert found[0].parameters.extradata != found[25].parameters.extradata


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1), st.sampled_from([1, 2, 4]))
def test_length_prefixes_become_start_codes(parts: list[bytes], size: int) -> None:
    """Every NAL unit survives, in order."""
    data = b"".join(len(part).to_bytes(size) + part for part in parts)
    assert to_annex_b(data, size) == b"".join(START_CODE + part for part in parts)


@given(st.binary(max_size=60), st.sampled_from([1, 2, 4]))
def test_damaged_lengths_are_refused(data: bytes, size: int) -> None:
    """Garbage is rewritten or refused, never read beyond its end."""
    try:
        assert len(to_annex_b(data, size)) >= 4
    except ValueError as error:
        assert "beyond" in str(error)  # noqa: PT017  # both ends are fine


@given(st.binary(max_size=200), st.sampled_from(["h264", "hevc"]))
def test_garbage_is_no_entry_point_and_no_crash(data: bytes, syntax: Family) -> None:
    """Whatever a camera sends is looked at without an error."""
    parameter_sets(syntax, START_CODE + data)
    found = warmup(syntax, START_CODE + data)
    assert found is None or found >= 0


@given(st.binary(min_size=1, max_size=60), st.sampled_from(["h264", "hevc"]))
def test_damaged_headers_are_refused(data: bytes, syntax: Family) -> None:
    """A container's codec header is understood, or a ValueError; no other error."""
    try:
        read_header(syntax, b"\x01" + data)
    except ValueError as error:
        assert "damaged" in str(error)  # noqa: PT017  # both ends are fine
