"""The decoding benchmark says what it says it says."""

import json

import pytest

from benchmarks.decode import main
from tests.clips import clip


def test_the_last_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    """For a given file: four costs, all measured, and the ratios that follow from them."""
    main([str(clip(width=320, height=176, seconds=4, b_frames=2)), "--rounds", "1"])
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["width"], last["height"], last["looks"]) == (320, 176, 2)
    assert 0 <= last["demux_ms"] < last["every_ms"]
    assert last["ratio_every"] == pytest.approx(last["ours_ms"] / last["every_ms"], abs=0.05)
    assert last["ratio_every"] < 1.0  # a picture of fifty cannot cost what all fifty do
    assert [found["looks"] for found in last["files"]] == [2]
