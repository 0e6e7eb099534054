"""Weights of two runs are mixed by shares; what does not belong together is refused."""

import json
from pathlib import Path

import pytest

from tests.test_training_train import run
from training.mix import main

MIXES = """
import json, sys, torch
from pathlib import Path
from training.checkpoint import MODEL
from training.mix import main
folder = Path(sys.argv[1])
def save(name, value, count, size=3):
    (folder / name).mkdir()
    mean = {"conv.weight": torch.full((size,), value), "batches": torch.tensor(count)}
    torch.save(MODEL | {"mean": mean}, folder / name / "last.pt")
    (folder / name / "made.json").write_text(json.dumps({"start": "nothing", "steps": count}))
    return str(folder / name / "last.pt")
one, other, odd = save("one", 1.0, 7), save("other", 5.0, 9), save("odd", 5.0, 9, size=4)
assert main([one, other, "--shares", "0.75", "0.25", "--out", str(folder / "mixed")]) == 0
mixed = torch.load(folder / "mixed" / "last.pt", weights_only=True)
assert mixed["classes"] == MODEL["classes"]
assert torch.equal(mixed["mean"]["conv.weight"], torch.full((3,), 2.0))
assert mixed["mean"]["batches"] == 7
assert main([one, odd, "--shares", "0.5", "0.5", "--out", str(folder / "none")]) == 2
assert main([one, sys.argv[1] + "/gone.pt", "--shares", "0.5", "0.5", "--out", "none"]) == 2
Path(one).with_name("made.json").write_text("{")
assert main([one, other, "--shares", "0.5", "0.5", "--out", str(folder / "none")]) == 2
assert not (folder / "none").exists()
"""


def test_the_mean_by_shares_with_a_word_of_what_was_mixed(tmp_path: Path) -> None:
    """Three parts of 1 and one of 5 are 2; counters are the first's; other shapes are refused."""
    ended = run("-c", MIXES, str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    first, second, third = ended.stderr.splitlines()
    assert "different shapes" in first
    assert "cannot be read" in second
    assert "made.json" in third
    made = json.loads((tmp_path / "mixed" / "made.json").read_text(encoding="utf-8"))
    assert made["steps"] == 7
    assert made["start"].startswith("nothing; mixed: 0.75 of ")


@pytest.mark.parametrize("shares", [["1"], ["0.5", "0.6"], ["1.5", "-0.5"]])
def test_shares_that_are_no_parts_of_one_are_refused(
    shares: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit 2, before a checkpoint is read."""
    words = ["one.pt", "other.pt", "--shares", *shares, "--out", str(tmp_path / "mixed")]
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "share" in line
    assert not (tmp_path / "mixed").exists()
