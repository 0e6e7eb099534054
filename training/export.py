r"""Write a trained checkpoint as ONNX and enter it in the manifest of bundled models.

    YOLO_AUTOINSTALL=false .venv-training/bin/python -m training.export onnx \
        --checkpoint runs/street/last.pt --out runs/street/street.onnx [--end-to-end]
    .venv/bin/python -m training.export manifest --model runs/street/street.onnx \
        --threshold 0.25 --scores runs/street/scores.json --made runs/street/made.json

The running mean of the weights is what is exported, by the Ultralytics package with its metadata.
`manifest` runs in the base environment: it reads the file with models.load, refuses one above
MOST_BYTES or without the expected classes, copies it to models/weights/street.onnx and writes the
entry, the card and, for the bundled weights, the table in README.md. The scores of violations
(`kind_conf`) belong to the weights they were found with, so of other weights they are dropped.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.architecture import ARCHITECTURE, make_model
from training.card import WEIGHTS, texts_of
from training.checkpoint import give_weights, read_checkpoint
from training.crops import INPUT
from training.example import CLASSES, DatasetError

if TYPE_CHECKING:
    from models import Detector

MOST_BYTES = 12_000_000
LEARNED_RECALL = 0.1
"""Recall on held-out scenes, at the shipped threshold, from which a class counts as learned."""
FIND_KIND_CONF = "python -m benchmarks.kind_conf renders/calibration --write"


def main(arguments: Sequence[str] | None = None) -> int:
    """Export; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    onnx = commands.add_parser("onnx")
    onnx.add_argument("--checkpoint", type=Path, required=True)
    onnx.add_argument("--out", type=Path, required=True)
    onnx.add_argument("--end-to-end", action="store_true")
    entry = commands.add_parser("manifest")
    entry.add_argument("--model", type=Path, required=True)
    entry.add_argument("--threshold", type=float, required=True)
    entry.add_argument("--scores", type=Path, required=True, help="JSON of training.evaluate")
    entry.add_argument("--made", type=Path, required=True, help="made.json of the run")
    entry.add_argument("--other", type=Path, nargs="*", default=[], help="scores of other models")
    entry.add_argument("--weights", type=Path, default=WEIGHTS)
    entry.add_argument("--toy", action="store_true", help="do not ask it to pass the self-check")
    options = parser.parse_args(arguments)
    try:
        if options.command == "onnx":
            export_onnx(options.checkpoint, options.out, end_to_end=options.end_to_end)
        else:
            made = json.loads(options.made.read_text(encoding="utf-8"))
            scores = json.loads(options.scores.read_text(encoding="utf-8"))
            for path in options.other:
                others = json.loads(path.read_text(encoding="utf-8"))
                scores.setdefault("others", {})[path.stem] = others
            made["commit"] = commit()
            if options.toy:
                made["toy"] = "too short a run for the self-check"
            enter(options.model, options.weights, options.threshold, made, scores)
    except (DatasetError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def export_onnx(checkpoint: Path, out: Path, *, end_to_end: bool) -> None:
    """Write the checkpoint's running mean as ONNX of INPUT size (training environment)."""
    saved = read_checkpoint(checkpoint, "mean")
    model = make_model()
    give_weights(model, saved["mean"], checkpoint)
    write_onnx(model, out, end_to_end=end_to_end)


def write_onnx(model: Any, out: Path, *, end_to_end: bool) -> None:
    """Export a DetectionModel: (1, 300, 6) end-to-end, else (1, 4 + classes, places) for NMS."""
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    from ultralytics import YOLO  # type: ignore[import-not-found]  # noqa: PLC0415

    whole = YOLO(ARCHITECTURE, task="detect", verbose=False)
    whole.model = model.eval()
    model.args = {"imgsz": max(INPUT), "data": "street scenes"}
    model.task = "detect"
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        # The package writes beside the architecture's name, in the working folder.
        os.chdir(folder)
        try:
            path = whole.export(
                format="onnx",
                imgsz=INPUT,
                nms=False if end_to_end else None,
                simplify=True,
                device="cpu",
                verbose=False,
            )
            made = Path(path).resolve()
        finally:
            os.chdir(here)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, out)


def enter(
    model: Path, weights: Path, threshold: float, made: dict[str, Any], scores: dict[str, Any]
) -> None:
    """Copy a checked model to the bundled weights and write its manifest entry, card and table.

    Raises DatasetError for one that is too large, has other classes or, unless made holds "toy",
    does not see what the self-check's pictures show; then everything stays as it was.
    """
    detector = _checked(model, threshold, toy="toy" in made)
    learned = [name for name, row in scores["sets"]["scenes"].items() if _is_learned(row)]
    record = {
        "name": "street",
        "file": "street.onnx",
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "layout": detector.layout,
        "input_size": list(detector.input_size),
        "classes": list(CLASSES),
        "licence": "AGPL-3.0",
        "threshold": threshold,
        "made": made | {"classes_learned": [name for name in CLASSES if name in learned]},
        "scores": {key: value for key, value in scores.items() if key != "confusion"},
        "maps": {},
    }
    manifest = weights / "manifest.json"
    models: list[dict[str, Any]] = []
    if manifest.exists():
        models = json.loads(manifest.read_text(encoding="utf-8"))["models"]
    others = [entry for entry in models if entry["name"] != record["name"]]
    old = next((entry for entry in models if entry not in others), {})
    record |= _kind_conf(old, record)
    texts = texts_of(record, weights)
    partial = weights / "street.part"
    shutil.copyfile(model, partial)
    partial.replace(weights / "street.onnx")
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    partial = manifest.with_suffix(".part")
    partial.write_text(json.dumps({"models": [*others, record]}, indent=1) + "\n", "utf-8")
    partial.replace(manifest)


def _checked(model: Path, threshold: float, *, toy: bool) -> "Detector":
    """Load a model that may be entered; raises DatasetError for any other."""
    from models import Verdict, check_model, load  # noqa: PLC0415 - slow, and only this needs it

    size = model.stat().st_size
    if size > MOST_BYTES:
        raise DatasetError(f"{model}: {size} bytes, at most {MOST_BYTES} are bundled")
    detector = load(model, conf=threshold)
    if tuple(detector.classes) != CLASSES:
        raise DatasetError(f"{model}: classes {detector.classes}, expected {CLASSES}")
    if not toy:
        checked = check_model(model, conf=threshold)
        if checked.verdict is not Verdict.ACCEPTED:
            raise DatasetError(f"{model}: fails its self-check: {'; '.join(checked.reasons)}")
    return detector


def _kind_conf(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry keeps of the scores of violations before; says so where it is nothing.

    They were found with the old weights at the old threshold, and mean nothing with others.
    """
    found = old.get("kind_conf")
    if not found:
        return {}
    if all(old.get(key) == new[key] for key in ("sha256", "threshold")):
        return {"kind_conf": found}
    print(
        f"kind_conf of the weights before is dropped ({', '.join(found)}); find it anew with "
        f"`{FIND_KIND_CONF}`"
    )
    return {}


def commit() -> str:
    """Return the commit that the working tree stands on, with "+" when it is changed."""
    git = shutil.which("git")
    if git is None:
        return "unknown"

    def ask(*words: str) -> str:
        command = [git, "-C", str(WEIGHTS.parent), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        return done.stdout.strip() if done.returncode == 0 else ""

    name = ask("rev-parse", "--short=12", "HEAD")
    if not name:
        return "unknown"
    return name + ("+" if ask("status", "--porcelain", "--untracked-files=no") else "")


def _is_learned(row: dict[str, Any]) -> bool:
    """Say whether a class is found often enough on held-out scenes to be called learned."""
    return bool(row["asked"]) and (row["recall"] or 0.0) >= LEARNED_RECALL


if __name__ == "__main__":
    sys.exit(main())
