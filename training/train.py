r"""Train the street model: a YOLO26n from scratch on cuts of the dataset's pictures.

    YOLO_AUTOINSTALL=false .venv-training/bin/python -m training.train \
        --dataset runs/dataset --run runs/street --steps 1200

Model and loss are the Ultralytics package's; the loop is ours, because its own loader pads 16:9
pictures to squares, and on a processor every pixel counts. Stopped at any time, the same command
goes on from the last checkpoint (RUN/last.pt, every SAVE_EVERY steps); more --steps later continue
the run. The same seed draws the same cuts; RUN/log.jsonl has one line a LOG_EVERY steps.
"""

import argparse
import importlib.metadata
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch  # type: ignore[import-not-found]  # lives in the training environment only

from training.architecture import ARCHITECTURE, make_model
from training.crops import CUT, Sample, cut, read_sample, tint
from training.example import CLASSES, DatasetError
from training.rebuild import rebuild
from training.teacher import CONF as TEACHER_CONF

SCENES_SHARE = 0.55
"""Share of rendered pictures among the cuts."""
MOSAIC_SHARE = 0.25
"""Share of cuts put together from four of half the size."""
WARM_UP = 80
PHASES = 100
"""The loss moves its weight from the many-boxes head to the single-box head in so many parts."""
SAVE_EVERY = 25
LOG_EVERY = 10


class Cuts:
    """Draws batches of cuts; keeps the decoded pictures in memory."""

    def __init__(self, dataset: Path) -> None:
        if not (dataset / "dataset.json").exists():
            raise DatasetError(f"{dataset}: no dataset.json, so it is none or half-written")
        pictures = sorted((dataset / "images" / "train").glob("*.jpg"))
        self._groups = [
            [p for p in pictures if p.name.startswith("scenes-")],
            [p for p in pictures if not p.name.startswith("scenes-")],
        ]
        if not pictures:
            raise DatasetError(f"{dataset}: no training pictures")
        self._samples: dict[Path, Sample] = {}

    def __len__(self) -> int:
        """Count the pictures."""
        return sum(map(len, self._groups))

    def _draw(self, rng: np.random.Generator, size: tuple[int, int]) -> Sample:
        rendered, real = self._groups
        group = rendered if rendered and (not real or rng.uniform() < SCENES_SHARE) else real
        picture = group[int(rng.integers(len(group)))]
        if picture not in self._samples:
            self._samples[picture] = read_sample(picture)
        return cut(rng, self._samples[picture], size)

    def _mosaic(self, rng: np.random.Generator) -> Sample:
        rows, columns = CUT[0] // 2, CUT[1] // 2
        picture = np.empty((*CUT, 3), np.uint8)
        boxes, labels = [], []
        for top in (0, rows):
            for left in (0, columns):
                part = self._draw(rng, (rows, columns))
                picture[top : top + rows, left : left + columns] = part.picture
                boxes.append(part.xyxy + np.array([left, top, left, top], np.float32))
                labels.append(part.label)
        return Sample(picture, np.concatenate(boxes), np.concatenate(labels))

    def batch(self, rng: np.random.Generator, count: int) -> dict[str, torch.Tensor]:
        """Draw so many cuts in the form that the loss reads."""
        images, labels, boxes, owners = [], [], [], []
        for i in range(count):
            one = self._mosaic(rng) if rng.uniform() < MOSAIC_SHARE else self._draw(rng, CUT)
            images.append(tint(rng, one.picture))
            centre = (one.xyxy[:, :2] + one.xyxy[:, 2:]) / 2
            both = np.concatenate([centre, one.xyxy[:, 2:] - one.xyxy[:, :2]], axis=1)
            boxes.append(both / np.array([CUT[1], CUT[0], CUT[1], CUT[0]], np.float32))
            labels.append(one.label)
            owners.append(np.full(len(one.label), i))
        stacked = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
        return {
            "img": stacked,
            "cls": torch.from_numpy(np.concatenate(labels)).float()[:, None],
            "bboxes": torch.from_numpy(np.concatenate(boxes)).float(),
            "batch_idx": torch.from_numpy(np.concatenate(owners)).float(),
        }


class Run:
    """Model, its running mean, optimiser and step: everything a checkpoint holds."""

    def __init__(
        self, folder: Path, *, steps: int, rate: float, seed: int, start: Path | None = None
    ) -> None:
        self.folder, self.steps, self.rate, self.seed = folder, steps, rate, seed
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(seed)
        self.model = make_model() if start is None else rebuild(start)
        self.model.args.epochs = PHASES
        self.mean = deepcopy(self.model).eval()
        decayed = [p for p in self.model.parameters() if p.ndim > 1]
        others = [p for p in self.model.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 5e-4}, {"params": others, "weight_decay": 0.0}],
            lr=rate,
            betas=(0.9, 0.999),
        )
        self.model.criterion = self.model.init_criterion()
        self.step = 0
        self._restore()

    def _restore(self) -> None:
        path = self.folder / "last.pt"
        if path.exists():
            saved = torch.load(path, map_location="cpu", weights_only=True)
            if saved["classes"] != list(CLASSES) or saved["architecture"] != ARCHITECTURE:
                raise DatasetError(f"{path}: a checkpoint of another model")
            self.model.load_state_dict(saved["model"])
            self.mean.load_state_dict(saved["mean"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.step = int(saved["step"])

    def save(self) -> None:
        """Write the checkpoint; a crash while writing leaves the one before."""
        partial = self.folder / "last.pt.part"
        torch.save(
            {
                "architecture": ARCHITECTURE,
                "classes": list(CLASSES),
                "model": self.model.state_dict(),
                "mean": self.mean.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "seed": self.seed,
            },
            partial,
        )
        partial.replace(self.folder / "last.pt")

    def learn(self, batch: dict[str, torch.Tensor]) -> tuple[float, dict[str, float]]:
        """Take one step; return the loss and its parts."""
        share = self.step / self.steps
        rate = self.rate * (0.04 + 0.96 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))
        rate *= min(1.0, (self.step + 1) / WARM_UP)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        criterion: Any = self.model.criterion
        criterion.updates = int(share * PHASES) - 1
        criterion.update()
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16):
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
        for key, value in self.mean.state_dict().items():
            if value.dtype.is_floating_point:
                value.mul_(decay).add_(current[key].detach(), alpha=1 - decay)
            else:
                value.copy_(current[key])


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--stop-at", type=int, help="stop at this step of the schedule")
    parser.add_argument("--start", type=Path, help="ONNX file whose weights a new run starts from")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=0.0015)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    try:
        cuts = Cuts(options.dataset)
        run = Run(
            options.run,
            steps=options.steps,
            rate=options.rate,
            seed=options.seed,
            start=options.start,
        )
    except DatasetError as error:
        print(error, file=sys.stderr)
        return 2
    _write_made(run, options)
    print(f"{len(cuts)} pictures; from step {run.step} of {options.steps}", flush=True)
    _loop(run, cuts, options.batch, options.stop_at or options.steps)
    return 0


def _write_made(run: Run, options: argparse.Namespace) -> None:
    """Record beside the checkpoint what a manifest says about how the model was made."""
    counts = json.loads((options.dataset / "dataset.json").read_text(encoding="utf-8"))
    data = counts["train"]["pictures"]
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


def _loop(run: Run, cuts: Cuts, count: int, stop_at: int) -> None:
    begun, losses = time.monotonic(), []
    while run.step < stop_at:
        # Seeded by the step, so that a resumed run draws what an unbroken one would.
        rng = np.random.default_rng([run.seed, run.step])
        loss, parts = run.learn(cuts.batch(rng, count))
        losses.append(loss / count)
        if run.step % LOG_EVERY == 0:
            pace = len(losses) * count / (time.monotonic() - begun)
            line = {"step": run.step, "loss": round(float(np.mean(losses)), 4), "img_s": pace}
            line |= {key: round(value, 4) for key, value in parts.items()}
            with (run.folder / "log.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            print(f"step {run.step}/{run.steps} loss {line['loss']} {pace:.1f} img/s", flush=True)
            begun, losses = time.monotonic(), []
        if run.step % SAVE_EVERY == 0 or run.step == stop_at:
            run.save()


if __name__ == "__main__":
    sys.exit(main())
