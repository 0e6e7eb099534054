"""The decoding benchmarks say what they say they say."""

import json
import shutil
from pathlib import Path

import pytest

import models
from benchmarks import key_frame
from benchmarks.decode import main
from tests.clips import clip

WEIGHTS = Path(models.__file__).parent / "weights"


def test_the_last_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    """For a given file: four costs, all measured, and the ratios that follow from them."""
    main([str(clip(width=320, height=176, seconds=4, b_frames=2)), "--rounds", "1"])
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["width"], last["height"], last["looks"]) == (320, 176, 2)
    assert 0 <= last["demux_ms"] < last["every_ms"]
    assert last["ratio_every"] == pytest.approx(last["ours_ms"] / last["every_ms"], abs=0.05)
    assert last["ratio_every"] < 1.0  # a picture of fifty cannot cost what all fifty do
    assert [found["looks"] for found in last["files"]] == [2]


def test_a_key_frame_is_judged_in_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rendered picture, coded at 1080p: its things are found in all ways; the pool's is named.

    Boxes come back into the pixels of the picture: a mistake in that would find nothing.
    """
    monkeypatch.setenv("STREETWARDEN_DATA", str(tmp_path / "nowhere"))
    truth = json.loads((WEIGHTS / "street-selfcheck.json").read_text(encoding="utf-8"))
    shutil.copy(WEIGHTS / truth["file"], tmp_path)
    truth |= {"weather": "sun", "seed": 900_000}
    for thing in truth["things"]:
        thing["visible_px"] = 1000
    (tmp_path / "900000-0.json").write_text(json.dumps(truth), encoding="utf-8")
    key_frame.main(["--scenes", str(tmp_path), "--rounds", "1"])
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["pictures"] == {"scenes": 1}
    assert last["boxes"] == {"scenes": len(truth["things"])}
    assert len(last["rows"]) == len(key_frame.WAYS)
    assert all(row["scenes"]["recall"] > 0.4 for row in last["rows"])
    ours = last["ours"]
    assert (ours["loop_filter"], ours["fast"], ours["filter"]) == (False, True, "PLANES")
    assert (ours["gained"], ours["lost"], ours["p"]) == (0, 0, 1.0)
    assert all(row["decode_ms"] > 0 and row["scale_ms"] > 0 for row in last["rows"])
