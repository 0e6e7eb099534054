"""Tuning tries what the box offers, keeps the best, and `run` uses it here and nowhere else."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from models import (
    Choice,
    ManifestError,
    ModelEntry,
    Registry,
    read_choices,
    tune,
    tune_each,
    write_choices,
)
from models import tuning as module
from models.backends import ENGINES, available_engines
from models.network import MAX_BATCH
from models.tuning import BUDGET_S, NEAR, Trial
from tests.block_model import write_block_model
from tests.onnx_graphs import metadata, whole_input
from tests.site import in_process, rows

STREET = Registry().find("street", Path())


def test_the_best_trial_is_a_fast_one_that_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every engine is tried with every thread count; the best lost at most a few percent to any."""
    monkeypatch.setattr(module, "ROUND_S", 0.05)  # what is asserted holds of any round
    told: list[tuple[int, int]] = []
    best, trials = tune(STREET, lambda done, total: told.append((done, total)))
    tried = {trial.choice.engine for trial in trials}
    assert {"onnxruntime", "openvino"} <= tried == set(available_engines()) <= set(ENGINES)
    assert told[-1] == (len(trials), len(trials))
    good = [trial for trial in trials if not trial.refused]
    assert best in good
    assert best.pictures_per_s * NEAR >= max(trial.pictures_per_s for trial in good)
    assert all(trial.processor_ms > 0 for trial in good)


UNTRIED = "not tried: time is up"


def tried(trials: list[Trial]) -> list[Trial]:
    """Leave out what time was up for; the last that was tried must do, and only that one."""
    reached = [trial for trial in trials if trial.refused != UNTRIED]
    assert trials[: len(reached)] == reached
    assert [trial for trial in trials if not trial.refused] == reached[-1:]
    return reached


def test_models_share_one_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first may take half of it, the second what is left; without any, one way is found."""
    budgets = []

    def hastily(
        entry: ModelEntry, progress: Callable[[int, int], None], *, budget_s: float
    ) -> tuple[Trial, list[Trial]]:
        budgets.append(budget_s)
        return tune(entry, progress, budget_s=0.0)

    monkeypatch.setattr(module, "tune", hastily)
    file = write_block_model(tmp_path / "block.onnx")
    entry = Registry().find(str(file), Path())
    began_s = time.monotonic()
    tuned = []
    for result in tune_each([entry, entry], lambda _: lambda *_: None):
        tuned.append(result)
        time.sleep(0.2)
    took_s = time.monotonic() - began_s
    half, rest = budgets
    assert BUDGET_S / 2 - 1.0 < half <= BUDGET_S / 2
    assert BUDGET_S - took_s <= rest <= BUDGET_S - 0.2
    for _, best, trials in tuned:
        reached = tried(trials)
        assert best == reached[-1]
        assert len(reached) < len(trials)


def test_batches_are_tried_where_a_model_takes_any_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One picture a run, four and the most; a model that is fixed to one is tried with that."""
    monkeypatch.setattr(module, "ROUND_S", 0.01)
    free = whole_input(tmp_path / "free.onnx", metadata(["thing"]))
    fixed = write_block_model(tmp_path / "block.onnx")
    batches = []
    for file in (free, fixed):
        _, trials = tune(Registry().find(str(file), Path()), engines=["onnxruntime"])
        assert {trial.refused for trial in trials} == {""}
        batches.append({trial.choice.batch for trial in trials})
        assert len({trial.choice for trial in trials}) == len(trials)
    assert batches == [{1, 4, MAX_BATCH}, {1}]


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
models: [{name: street}, {name: block, file: block.onnx}]
case_system: {kind: open311, url: "http://127.0.0.1:9/open311/v2"}
cameras: [{id: cam, url: "file:clip.mp4"}]
"""


def test_the_command_writes_what_a_site_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`models tune --site` prints a row a trial, one a model best, and leaves tuned.json.

    Where time is up before all was tried, the rows say so and the command has done its work.
    """
    monkeypatch.setattr(module, "BUDGET_S", 0.1)
    block = write_block_model(tmp_path / "block.onnx")
    site = tmp_path / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    ended = in_process("models", "tune", "--site", site, "--json", monkeypatch=monkeypatch)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.strip().endswith("tuned.json")
    choices, _ = read_choices(tmp_path / "tuned-data")
    names = ("engine", "precision", "threads", "batch", "streams")
    entries = {"street": STREET, "block": Registry().find(str(block), Path())}
    for name, entry in entries.items():
        own = [row for row in rows(ended.stdout) if row["model"] == name]
        (best,) = [row for row in own if row["best"]]
        kept = choices[entry.sha256]
        assert [getattr(kept, key) for key in names] == [best[key] for key in names]
        assert own[-1]["refused"] == UNTRIED
