"""Training stops and goes on; what it cannot train on is refused."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.rendered import rendered
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
run.mkdir()
torch.save({"classes": ["cat"], "architecture": "yolo26n.yaml"}, run / "last.pt")
words = ["--dataset", str(data), "--run", str(run), "--steps", "1"]
assert main(words) == 2
assert main([*words, "--leave-out", "moon"]) == 2
print("equal")
"""


def test_a_rebuilt_model_keeps_its_skill_in_training(tmp_path: Path) -> None:
    """Recalibrated it computes what it did, in training too; and unknown classes cost nothing.

    In the same process, as its start is slow: origins can be left out, and a checkpoint of another
    model and an origin that is not there are refused in words.
    """
    weights = REPOSITORY / "models" / "weights" / "street.onnx"
    rendered(tmp_path / "scenes", range(2))
    data = tmp_path / "data"
    assemble(Sources((tmp_path / "scenes",)), None, data)
    for folder, ending in (("images", "jpg"), ("labels", "txt")):
        one = data / folder / "train" / f"scenes-000000-0.{ending}"
        shutil.copy(one, one.with_name(one.name.replace("scenes", "plates")))
    ended = run("-c", CALIBRATES, str(weights), str(data), str(tmp_path / "run"))
    assert ended.stdout.endswith("equal\n"), ended.stderr
    assert "a checkpoint of another model" in ended.stderr
    assert "no 'moon'" in ended.stderr


def test_a_half_written_dataset_is_refused(tmp_path: Path) -> None:
    """A folder without dataset.json ends in exit 2 and one message."""
    (tmp_path / "images" / "train").mkdir(parents=True)
    ended = run(
        "-m",
        "training.train",
        "--dataset",
        str(tmp_path),
        "--run",
        str(tmp_path / "run"),
        "--steps",
        "1",
    )
    assert ended.returncode == 2
    assert "half-written" in ended.stderr
    assert "Traceback" not in ended.stderr
