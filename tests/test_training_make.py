"""From seeds to manifest in one command: what stops it, and what it leaves alone."""

import json
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from training import make
from training.make import Plan, StepError, _enter, _options, _plan, _run, main


def plan(out: Path) -> Plan:
    """Plan a toy."""
    return _plan(_options(["--small", "--out", str(out)]))


def test_a_toy_knows_no_real_inputs_and_is_never_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--small takes no data; with --install it is refused before anything is written."""
    assert plan(tmp_path).data is None
    out = tmp_path / "out"
    assert main(["--small", "--install", "--out", str(out)]) == 2
    assert "leave --install out" in capsys.readouterr().err
    assert not out.exists()


def test_wrong_input_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A data folder without inputs, and seeds that are kept for judging: exit 2."""
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no real inputs" in capsys.readouterr().err
    assert main(["--first-seed", "899999", "--scenes", "9", "--out", str(tmp_path / "out")]) == 2
    assert "from 900000 on are for judging" in capsys.readouterr().err


class Disk(NamedTuple):
    """What shutil.disk_usage returns."""

    total: int
    used: int
    free: int


def test_no_room_is_said_before_anything_is_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says how much is free and how much is needed."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(10**9, 10**9 - 10**8, 10**8))
    assert main(["--small", "--out", str(tmp_path)]) == 2
    assert "0.1 GB free, a run needs 0.2 GB" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_fails_ends_the_others_and_shows_its_end(tmp_path: Path) -> None:
    """Of two commands one fails at once: the other does not run its minute to the end."""
    words = "import sys; print('the disk is full'); sys.exit(3)"
    slow = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(StepError, match=r"(?s)render: exit 3.*render-1\.log.*the disk is full"):
        _run(plan(tmp_path), "render", [slow, [sys.executable, "-c", words]])


def test_without_its_environments_it_says_how_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The module alone does not install anything."""
    monkeypatch.setattr(make, "SCENES", tmp_path / "none" / "bin" / "python")
    assert main(["--small", "--out", str(tmp_path / "out")]) == 2
    assert "make model" in capsys.readouterr().err


def test_a_model_that_is_entered_says_what_it_drops(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scores of violations of the weights before are gone, and that is no secret of a log file."""
    toy, weights = plan(tmp_path / "out"), tmp_path / "weights"
    run = toy.out / "run"
    run.mkdir(parents=True)
    weights.mkdir()
    bundled = make.HOME / "models" / "weights"
    shutil.copyfile(bundled / "street.onnx", run / "street.onnx")
    listed = json.loads((bundled / "manifest.json").read_text(encoding="utf-8"))
    entry = next(one for one in listed["models"] if one["name"] == "street")
    for name in ("made", "scores"):
        (run / f"{name}.json").write_text(json.dumps(entry[name]), encoding="utf-8")
    entry |= {"sha256": "0" * 64, "kind_conf": {"muck_pile": 0.18}}
    (weights / "manifest.json").write_text(json.dumps(listed), encoding="utf-8")
    _enter(toy, weights)
    told = capsys.readouterr().err
    assert "kind_conf of the weights before is dropped (muck_pile)" in told
    assert "benchmarks.kind_conf" in told
    [entered] = json.loads((weights / "manifest.json").read_text(encoding="utf-8"))["models"]
    assert "kind_conf" not in entered
