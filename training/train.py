r"""Train the street model: a YOLO26n from scratch on cuts of the dataset's pictures.

    YOLO_AUTOINSTALL=false .venv-training/bin/python -m training.train \
        --dataset runs/dataset --run runs/street --steps 1200

Model and loss are the Ultralytics package's; the loop is ours, because its own loader pads 16:9
pictures to squares, and on a processor every pixel counts. Stopped at any time, the same command
goes on from the last checkpoint (RUN/last.pt, every --save-every steps); more --steps later
continue the run. With a CUDA device it trains there. The same seed draws the same cuts;
RUN/log.jsonl has one line a LOG_EVERY steps.
"""

import argparse
import importlib.metadata
import json
import math
import os
import sys
import time
from collections.abc import Iterable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch  # type: ignore[import-not-found]  # lives in the training environment only

from training.architecture import ARCHITECTURE, make_model
from training.batches import Steps, batches
from training.checkpoint import MODEL, give_weights, read_checkpoint
from training.criterion import Criterion
from training.cuts import Cuts
from training.dataset import read_counts
from training.example import DatasetError
from training.rebuild import rebuild, recalibrate
from training.teacher import CONF as TEACHER_CONF

WARM_UP = 80
CALIBRATION = 64
"""Cuts from which a rebuilt model's normalisations take their statistics."""
LOG_EVERY = 10
STATES = ("model", "mean", "optimizer", "step")
"""Parts of a checkpoint that a stopped run goes on from."""


def _count(text: str) -> int:
    """Read a whole number above 0; raises argparse's error, which ends the tool."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number above 0")
    return int(text)


class Run:
    """Model, its running mean, optimiser and step: everything a checkpoint holds."""

    def __init__(
        self,
        folder: Path,
        *,
        steps: int,
        rate: float,
        seed: int,
        start: Path | None = None,
        device: str = "cpu",
    ) -> None:
        self.folder, self.steps, self.rate, self.seed = folder, steps, rate, seed
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(seed)
        there = torch.cuda.is_available()
        if device == "cuda" and not there:
            raise DatasetError("--device cuda: this machine has none that torch can use")
        if device == "auto":
            device = "cuda" if there else "cpu"
        self.device = torch.device(device)
        self.model = _begun(start).to(self.device)
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
        # Convolutions of both take this order as it is, and would reorder the other one each time.
        self.model = self.model.to(memory_format=torch.channels_last)
        self.mean = deepcopy(self.model).eval()
        decayed = [p for p in self.model.parameters() if p.ndim > 1]
        others = [p for p in self.model.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 5e-4}, {"params": others, "weight_decay": 0.0}],
            lr=rate,
            betas=(0.9, 0.999),
        )
        self.model.criterion = Criterion(self.model)
        self.step = 0
        self._restore()

    def _restore(self) -> None:
        path = self.folder / "last.pt"
        if path.exists():
            saved = read_checkpoint(path, *STATES, device=self.device)
            give_weights(self.model, saved["model"], path)
            give_weights(self.mean, saved["mean"], path)
            self.optimizer.load_state_dict(saved["optimizer"])
            self.step = int(saved["step"])

    def calibrate(self, pictures: torch.Tensor) -> None:
        """Make a model rebuilt from an export fit to be trained on."""
        recalibrate(self.model, _scaled(pictures.to(self.device)))
        self.mean.load_state_dict(self.model.state_dict())

    def save(self) -> None:
        """Write the checkpoint; a crash while writing leaves the one before."""
        partial = self.folder / "last.pt.part"
        state = {
            **MODEL,
            "model": self.model.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seed": self.seed,
        }
        try:
            torch.save(state, partial)
            partial.replace(self.folder / "last.pt")
        except (OSError, RuntimeError) as error:
            # On a full disk torch raises a RuntimeError of its own.
            partial.unlink(missing_ok=True)
            raise DatasetError(f"{partial}: cannot be written (is the disk full?)") from error

    def learn(self, batch: dict[str, torch.Tensor]) -> tuple[float, dict[str, float]]:
        """Take one step; return the loss and its parts."""
        share = self.step / self.steps
        rate = self.rate * (0.04 + 0.96 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))
        rate *= min(1.0, (self.step + 1) / WARM_UP)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        batch = {key: value.to(self.device, non_blocking=True) for key, value in batch.items()}
        batch["img"] = _scaled(batch["img"])
        with torch.autocast(self.device.type, torch.bfloat16):
            loss, parts = self.model(batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.sum().backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 10.0)
        self.optimizer.step()
        self.step += 1
        self._average()
        return float(loss.detach().sum()), {key: float(value) for key, value in parts.items()}

    def _average(self) -> None:
        decay = 0.998 * (1 - math.exp(-self.step / 150))
        current = self.model.state_dict()
        floats: list[tuple[torch.Tensor, torch.Tensor]] = []
        counts: list[tuple[torch.Tensor, torch.Tensor]] = []
        for key, value in self.mean.state_dict().items():
            pairs = floats if value.dtype.is_floating_point else counts
            pairs.append((value, current[key].detach()))
        # All at once: one by one, on a GPU, this would take as long as the learning.
        means, values = zip(*floats, strict=True)
        torch._foreach_mul_(means, decay)
        torch._foreach_add_(means, values, alpha=1 - decay)
        for value, now in counts:
            value.copy_(now)


def _begun(start: Path | None) -> Any:
    """Make what a run starts from: random weights, an export's, or a checkpoint's running mean."""
    if start is not None and start.suffix == ".onnx":
        return rebuild(start)
    saved = read_checkpoint(start, "mean") if start is not None else None
    model = make_model()
    if saved is not None:
        give_weights(model, saved["mean"], start)
    return model


def _scaled(pictures: torch.Tensor) -> torch.Tensor:
    return (pictures.float() / 255).contiguous(memory_format=torch.channels_last)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; 0 done, 1 the disk is full, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--steps", type=_count, required=True)
    parser.add_argument("--stop-at", type=_count, help="stop at this step of the schedule")
    parser.add_argument(
        "--start", type=Path, help="ONNX file or checkpoint that a new run begins with"
    )
    parser.add_argument(
        "--leave-out",
        nargs="+",
        default=[],
        metavar="ORIGIN",
        help="for an ablation: scenes, plates, frames or the name of a set",
    )
    parser.add_argument(
        "--device",
        default="auto",
        choices=("auto", "cpu", "cuda"),
        help="auto takes cuda if there is one",
    )
    parser.add_argument("--batch", type=_count, default=16)
    parser.add_argument("--rate", type=float, default=0.0015)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save-every", type=_count, default=25, help="steps between checkpoints")
    parser.add_argument("--threads", type=_count, default=2)
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        help="processes that draw the cuts, for a GPU; 0: the learning one does",
    )
    options = parser.parse_args(arguments)
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    try:
        cuts = Cuts(options.dataset, frozenset(options.leave_out))
        run = Run(
            options.run,
            steps=options.steps,
            rate=options.rate,
            seed=options.seed,
            start=options.start,
            device=options.device,
        )
    except (DatasetError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        return _carry_on(run, cuts, options)
    except (DatasetError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _carry_on(run: Run, cuts: Cuts, options: argparse.Namespace) -> int:
    if options.start is not None and options.start.suffix == ".onnx" and run.step == 0:
        run.calibrate(cuts.batch(np.random.default_rng(options.seed), CALIBRATION)["img"])
    _write_made(run, options)
    print(f"{len(cuts)} pictures; from step {run.step} of {options.steps}", flush=True)
    if options.workers:
        cuts.read_all(options.workers)
    last = options.stop_at or options.steps
    steps = Steps(cuts, options.seed, options.batch, last)
    pinned = run.device.type == "cuda"
    drawn = batches(steps, run.step, workers=options.workers, pinned=pinned)
    _loop(run, drawn, count=options.batch, save_every=options.save_every, last=last)
    return 0


def _write_made(run: Run, options: argparse.Namespace) -> None:
    """Record beside the checkpoint what a manifest says about how the model was made."""
    counts = read_counts(options.dataset)
    data = {
        origin: count
        for origin, count in counts["train"]["pictures"].items()
        if origin not in options.leave_out
    }
    packages = ("ultralytics-opencv-headless", "torch", "numpy")
    made = {
        "architecture": ARCHITECTURE.removesuffix(".yaml").upper().replace("N", "n"),
        "start": str(options.start) if options.start else "random weights",
        "steps": options.stop_at or options.steps,
        "batch": options.batch,
        "rate": options.rate,
        "seed": options.seed,
        "pictures": sum(data.values()),
        "data": data,
        "scene_seeds": counts.get("scene_seeds"),
        "teacher_conf": TEACHER_CONF,
        "packages": {name: importlib.metadata.version(name) for name in packages},
    }
    (run.folder / "made.json").write_text(json.dumps(made, indent=1), encoding="utf-8")


def _loop(
    run: Run, drawn: Iterable[dict[str, torch.Tensor]], *, count: int, save_every: int, last: int
) -> None:
    begun, losses = time.monotonic(), []
    for batch in drawn:
        loss, parts = run.learn(batch)
        losses.append(loss / count)
        if run.step % LOG_EVERY == 0:
            pace = len(losses) * count / (time.monotonic() - begun)
            line = {"step": run.step, "loss": round(float(np.mean(losses)), 4), "img_s": pace}
            line |= {key: round(value, 4) for key, value in parts.items()}
            with (run.folder / "log.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            print(f"step {run.step}/{run.steps} loss {line['loss']} {pace:.1f} img/s", flush=True)
            begun, losses = time.monotonic(), []
        if run.step % save_every == 0 or run.step == last:
            run.save()


if __name__ == "__main__":
    sys.exit(main())
