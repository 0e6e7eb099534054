"""Tuning tries what the box offers, keeps the best, and `run` uses it here and nowhere else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models import Choice, ManifestError, Registry, read_choices, tune, write_choices
from models.backends import ENGINES, available_engines
from models.tuning import NEAR

STREET = Registry().find("street", Path())


def test_the_best_trial_is_a_fast_one_that_finds_the_same() -> None:
    """Every engine is tried with every thread count; the best lost at most a few percent to any."""
    told: list[tuple[int, int]] = []
    best, trials = tune(STREET, lambda done, total: told.append((done, total)))
    tried = {trial.choice.engine for trial in trials}
    assert {"onnxruntime", "openvino"} <= tried == set(available_engines()) <= set(ENGINES)
    assert told[-1] == (len(trials), len(trials))
    good = [trial for trial in trials if not trial.refused]
    assert best in good
    assert best.pictures_per_s * NEAR >= max(trial.pictures_per_s for trial in good)
    assert all(trial.processor_ms > 0 for trial in good)


def test_choices_come_back_on_the_machine_that_made_them(tmp_path: Path) -> None:
    """Written and read again they are the same; after a change of machine they are left alone."""
    choice = Choice("openvino", "fp32", 1, 4, 2)
    file = write_choices(tmp_path, {STREET.sha256: ("street", choice, 12.345)})
    assert read_choices(tmp_path) == ({STREET.sha256: choice}, "")
    record = json.loads(file.read_text(encoding="utf-8"))
    record["machine"]["cores"] += 1
    file.write_text(json.dumps(record), encoding="utf-8")
    choices, unused = read_choices(tmp_path)
    assert choices == {}
    assert "another machine (cores)" in unused
    assert read_choices(tmp_path / "none") == ({}, "")


@pytest.mark.parametrize(
    "damage",
    ["", "[]", '{"models": {}}', '{"machine": {}, "models": {"a": {"engine": "tvm"}}}'],
)
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    """What is not as tuning writes it ends in one error that says how to make it anew."""
    (tmp_path / "tuned.json").write_text(damage, encoding="utf-8")
    with pytest.raises(ManifestError, match=r"tuned\.json.*models tune"):
        read_choices(tmp_path)


SITE = """
version: 1
site: {id: tuned, timezone: Asia/Shanghai}
models: [{name: street}]
case_system: {kind: open311, url: "http://127.0.0.1:9/open311/v2"}
cameras: [{id: cam, url: "file:clip.mp4"}]
"""


def test_the_command_writes_what_a_site_uses(tmp_path: Path) -> None:
    """`models tune --site` prints a row a trial, one of them best, and leaves tuned.json."""
    site = tmp_path / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    command = Path(sys.executable).with_name("streetwarden")
    ended = subprocess.run(
        [str(command), "models", "tune", "--site", str(site), "--json"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    (best,) = [row for row in rows if row["best"]]
    choices, _ = read_choices(tmp_path / "tuned-data")
    kept = choices[STREET.sha256]
    names = ("engine", "precision", "threads", "batch", "streams")
    assert [getattr(kept, name) for name in names] == [best[name] for name in names]
    assert ended.stderr.strip().endswith("tuned.json")
