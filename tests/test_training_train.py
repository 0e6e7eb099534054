"""Training stops and goes on; what it cannot train on is refused."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.rendered import rendered
from tests.small_disk import small_disk
from training.assemble import Sources, assemble

TRAINING = REPOSITORY / ".venv-training" / "bin" / "python"

RUNS = """
import copy, sys, torch
from training.train import main
data, folder = sys.argv[1:]
for name, stop in (("whole", "3"), ("broken", "2"), ("broken", "3")):
    arguments = ["--dataset", data, "--run", f"{folder}/{name}", "--steps", "4", "--batch", "2"]
    assert main([*arguments, "--threads", "1", "--stop-at", stop]) == 0
one, two = (torch.load(f"{folder}/{n}/last.pt", weights_only=True) for n in ("whole", "broken"))
assert one["step"] == two["step"] == 3
for part in ("model", "mean"):
    for name, value in one[part].items():
        assert torch.equal(value, two[part][name]), name
start = ["--dataset", data, "--run", f"{folder}/next", "--steps", "9", "--batch", "2"]
assert main([*start, "--stop-at", "1", "--rate", "0", "--start", f"{folder}/whole/last.pt"]) == 0
next_ = torch.load(f"{folder}/next/last.pt", weights_only=True)
assert next_["step"] == 1
for name, value in one["mean"].items():
    if name.endswith("weight"):
        assert torch.equal(value, next_["model"][name]), name
print("equal")
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the training environment."""
    if not TRAINING.exists():
        pytest.skip("no .venv-training (the extra [training])")
    return subprocess.run(
        [str(TRAINING), *arguments],
        cwd=REPOSITORY,
        check=False,
        timeout=170,
        capture_output=True,
        text=True,
        env=os.environ | {"YOLO_AUTOINSTALL": "false", "OMP_NUM_THREADS": "1"},
    )


def test_a_resumed_run_is_the_unbroken_one(tmp_path: Path) -> None:
    """Two steps and then one more give bit for bit the weights of three steps in one go.

    A new run that starts from the checkpoint begins with its running mean.
    """
    rendered(tmp_path / "scenes", range(4))
    assemble(Sources((tmp_path / "scenes",)), None, tmp_path / "data")
    ended = run("-c", RUNS, str(tmp_path / "data"), str(tmp_path))
    assert ended.stdout.endswith("equal\n"), ended.stderr
    made = json.loads((tmp_path / "whole" / "made.json").read_text(encoding="utf-8"))
    assert (made["steps"], made["pictures"], made["scene_seeds"]) == (3, 4, [0, 3])


CALIBRATES = """
import copy, sys, torch
from training.criterion import KnownClasses
from training.rebuild import rebuild, recalibrate
torch.manual_seed(0)
model = rebuild(__import__("pathlib").Path(sys.argv[1])).eval()
pictures = torch.rand(16, 3, 96, 160)
before = model(pictures)[1]["one2many"]
bare = copy.deepcopy(model).train()(pictures)["one2many"]["scores"]
recalibrate(model, pictures)
after = model.eval()(pictures)[1]["one2many"]
for part in ("boxes", "scores"):
    assert torch.allclose(before[part], after[part], rtol=1e-2, atol=1e-2), part
want = after["scores"]
kept = model.train()(pictures)["one2many"]["scores"]
assert (kept - want).abs().mean() < 0.1 * (bare - want).abs().mean()
loss = KnownClasses()
loss.known = torch.tensor([[[1.0, 0.0]]])
out = loss(torch.zeros(1, 3, 2), torch.ones(1, 3, 2))
assert (out[..., 0] > 0.6).all() and (out[..., 1] == 0).all()
from training.train import main
from pathlib import Path
from training.cuts import Cuts
data, run = Path(sys.argv[2]), Path(sys.argv[3])
assert len(Cuts(data, frozenset({"plates"}))) == 2 and len(Cuts(data)) == 3
"""

REFUSES = """
import contextlib, io, pickle
from training.architecture import ARCHITECTURE
from training.example import CLASSES
from training.export import main as export
def told(tool, *arguments):
    with contextlib.redirect_stderr(io.StringIO()) as said:
        assert tool([str(word) for word in arguments]) == 2, arguments
    (line,) = said.getvalue().splitlines()
    return line
run.mkdir()
last, other = run / "last.pt", run.with_name("other.pt")
words = ["--dataset", data, "--run", run, "--steps", "1"]
exports = ["onnx", "--out", "x", "--checkpoint"]
assert "no 'moon'" in told(main, *words, "--leave-out", "moon")
ours = {"classes": list(CLASSES), "architecture": ARCHITECTURE}
last.write_bytes(b"not a checkpoint")
assert f"{last}: no whole checkpoint" in told(main, *words)
assert last.read_bytes() == b"not a checkpoint"
last.unlink()
for content, words_ in (
    ({"model": model, "epoch": 3}, "no whole checkpoint of training.train (UnpicklingError)"),
    ({"weights": torch.zeros(2)}, "a checkpoint of another model"),
    (ours | {"classes": ["cat"]}, "a checkpoint of another model"),
    ([1, 2], "a checkpoint of another model"),
    (ours, "a checkpoint without mean"),
):
    torch.save(content, other)
    assert f"{other}: {words_}" in told(export, *exports, other)
    assert f"{other}: {words_}" in told(main, *words, "--start", other)
torch.save(ours | {"mean": {"stem": torch.zeros(2)}}, other)
assert f"{other}: weights of another model" in told(main, *words, "--start", other)
assert f"{other}: weights of another model" in told(export, *exports, other)
for wrong in (("--steps", "0"), ("--batch", "-1"), ("--threads", "x"), ("--device", "moon")):
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            main([str(word) for word in (*words, *wrong)])
        except SystemExit as ended:
            assert ended.code == 2
        else:
            raise AssertionError(wrong)
    assert wrong[0] in said.getvalue().splitlines()[-1], said.getvalue()
if not torch.cuda.is_available():
    assert "--device cuda: this machine has none" in told(main, *words, "--device", "cuda")
whole = other.read_bytes()
for content in (b"", whole[:-30], pickle.dumps(ours)[:-9], bytes(range(256))):
    other.write_bytes(content)
    assert f"{other}: no whole checkpoint" in told(export, *exports, other)
for name in ("gone.pt", "gone.onnx"):
    assert f"{name}: cannot be read (No such file" in told(main, *words, "--start", run / name)
onnx = other.rename(other.with_suffix(".onnx"))
assert f"{onnx}: no ONNX file" in told(main, *words, "--start", onnx)
assert "File exists" in told(main, *words[:2], "--run", onnx, "--steps", "1")
labels, counts = data / "labels" / "train" / "scenes-000001-0.txt", data / "dataset.json"
for path, content, words_ in (
    (labels, "99 0.5 0.5 0.1 0.1", "txt:1: class 99, expected 0 to 14"),
    (labels, None, "scenes-000001-0.txt: cannot be read"),
    (counts, counts.read_text()[:40], "dataset.json: not what training.assemble writes"),
    (counts, "{}", "dataset.json: not what training.assemble writes: KeyError('train')"),
    (counts, None, "half-written"),
):
    kept = path.read_bytes()
    path.unlink() if content is None else path.write_text(content)
    assert words_ in told(main, *words)
    path.write_bytes(kept)
assert not any(run.iterdir())
print("refused")
"""

FILLS = """
import sys
from pathlib import Path
from training.checkpoint import read_checkpoint
from training.train import STATES, main
data, run = sys.argv[1:]
words = ["--dataset", data, "--run", run, "--steps", "2", "--batch", "1", "--threads", "1"]
assert main([*words, "--save-every", "1"]) == 1
assert read_checkpoint(Path(run, "last.pt"), *STATES)["step"] == 1
assert not Path(run, "last.pt.part").exists()
"""


def test_a_rebuilt_model_keeps_its_skill_in_training(tmp_path: Path) -> None:
    """Recalibrated it computes what it did, in training too; and unknown classes cost nothing.

    In the same process, as its start is slow: origins can be left out; files that are no checkpoint
    of ours, half-written datasets and labels outside the classes each end in exit 2 and one line.
    """
    weights = REPOSITORY / "models" / "weights" / "street.onnx"
    rendered(tmp_path / "scenes", range(2))
    data = tmp_path / "data"
    assemble(Sources((tmp_path / "scenes",)), None, data)
    for folder, ending in (("images", "jpg"), ("labels", "txt")):
        one = data / folder / "train" / f"scenes-000000-0.{ending}"
        shutil.copy(one, one.with_name(one.name.replace("scenes", "plates")))
    ended = run("-c", CALIBRATES + REFUSES, str(weights), str(data), str(tmp_path / "run"))
    assert ended.stdout.endswith("refused\n"), ended.stderr


def test_a_full_disk_is_said_and_keeps_the_checkpoint_before(tmp_path: Path) -> None:
    """With room for one checkpoint the second ends in exit 1 and a message; the first is whole."""
    rendered(tmp_path / "scenes", range(1))
    assemble(Sources((tmp_path / "scenes",)), None, tmp_path / "data")
    with small_disk(tmp_path / "small", "64m") as disk:
        ended = run("-c", FILLS, str(tmp_path / "data"), str(disk / "run"))
    assert ended.returncode == 0, ended.stderr
    assert "last.pt.part: cannot be written (is the disk full?)" in ended.stderr
    assert "Traceback" not in ended.stderr
