r"""Give every class of a model one threshold in common, by the scores at which each is best.

    python -m training.calibrate --model runs/street/raw.onnx --scenes renders/train \
        --conf 0.3 --out runs/street/street.onnx

On the scenes that did not teach (every eighth seed) the score with the best F-measure is found for
each class, and the class's bias is moved so that this score becomes CONF (Platt scaling with the
offset alone: a class's boxes keep their order, and so its mean precision). What judges has to be
other pictures. The overlap above which the worse of two boxes goes (NMS) is the one of IOUS with
the best mean precision on those scenes; the file says it as "iou" in its metadata, which
models.load reads. Prints {class: [score it was best at, precision, recall there], "iou": overlap}.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from models import ModelError, load
from training.annotations import read_scene
from training.evaluate import OWN_GROUP
from training.example import CLASSES, COMMON, DatasetError
from training.judged import judge
from training.rebuild import HEADS
from training.scoring import Tally
from training.split import split_scenes

BETA = 1.0
"""Weight of recall against precision (van Rijsbergen's)."""
CASE_BETA = 0.5
"""The same of what is a case by itself: a false one costs a visit, a missed look comes again. Kinds
of violation may ask for less (benchmarks.kind_conf)."""
SIGN_BETA = 0.7
"""The same of whole signs: one that is broken has to be heard beside them."""
NO_CASES = COMMON | {"muck_truck", "muck_truck_open"}
"""Of these it takes several, a while, or a change."""
MOST = 1.5
"""Logits by which a class is moved at most: few pictures do not say more."""
IOUS = (0.5, 0.6, 0.7)
"""0.7 is what the Ultralytics package uses."""
LEAST_ASKED = 30
"""Things of a class below which it is left as it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Calibrate; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m training.calibrate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--scenes", type=Path, nargs="+", required=True)
    parser.add_argument("--conf", type=float, required=True, help="the threshold in common")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        best, iou = best_of_model(options.model, options.scenes)
        scores = {name: row[0] for name, row in best.items()}
        shift(options.model, scores, options.conf, options.out, iou)
    except (DatasetError, ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(best | {"iou": iou}))
    return 0


def best_of_model(
    model: Path, scenes: Sequence[Path]
) -> tuple[dict[str, list[float]], float | None]:
    """Return the best scores, as best_scores() does, at the best overlap, and that.

    Nothing where no scene is held out: then nothing is known.
    """
    examples = [read_scene(truth) for folder in scenes for truth in sorted(folder.glob("*.json"))]
    held_out = split_scenes(examples)[1]
    if not held_out:
        return {}, None
    judged = {
        iou: judge(load(model, iou=iou), held_out, OWN_GROUP).scores().tallies for iou in IOUS
    }
    iou = max(judged, key=lambda iou: mean_precision(judged[iou]))
    return best_scores(judged[iou]), iou


def mean_precision(tallies: Mapping[str, Tally]) -> float:
    """Return the mean over classes of the average precision at an overlap of 0.5."""
    return fmean(tally.average_precision() or 0.0 for tally in tallies.values())


def best_scores(tallies: Mapping[str, Tally]) -> dict[str, list[float]]:
    """Return, of the classes seen often enough, the best score with its precision and recall."""
    return {
        name: best_of(tally, beta_of(name))
        for name, tally in tallies.items()
        if tally.asked >= LEAST_ASKED
    }


def beta_of(name: str) -> float:
    """Return a class's weight of recall against precision."""
    if name == "sign":
        return SIGN_BETA
    return BETA if name in NO_CASES else CASE_BETA


def best_of(tally: Tally, beta: float) -> list[float]:
    """Return the score with the best F-measure (van Rijsbergen's), and what it gives."""
    recall, precision, score = tally.curve()
    if not len(score):
        return [1.0, 0.0, 0.0]
    square = beta * beta
    measure = (1 + square) * precision * recall / np.maximum(square * precision + recall, 1e-9)
    place = int(measure.argmax())
    return [round(float(row[place]), 4) for row in (score, precision, recall)]


def shift(
    model: Path, best: Mapping[str, float], conf: float, out: Path, iou: float | None = None
) -> None:
    """Write the model with each class's bias moved so that its best score becomes conf.

    iou: what the file shall say of the overlap of boxes of one thing.
    """
    import onnx  # noqa: PLC0415 - training environment only

    graph = onnx.load(str(model))
    offsets = np.zeros(len(CLASSES), np.float32)
    for name, score in best.items():
        offset = _logit(conf) - _logit(min(max(score, 0.01), 0.99))
        offsets[CLASSES.index(name)] = min(max(offset, -MOST), MOST)
    biases = [
        item
        for item in graph.graph.initializer
        if item.name.endswith(".2.bias") and any(f".{end}" in item.name for _, end in HEADS[1:])
    ]
    if not biases or any(list(item.dims) != [len(CLASSES)] for item in biases):
        raise DatasetError(f"{model}: no class biases found; is it a street model of ours?")
    for item in biases:
        moved = onnx.numpy_helper.to_array(item) + offsets
        item.CopyFrom(onnx.numpy_helper.from_array(moved, item.name))
    if iou is not None:
        facts = {item.key: item.value for item in graph.metadata_props} | {"iou": str(iou)}
        onnx.helper.set_model_props(graph, facts)
    partial = out.with_suffix(".part")
    onnx.save(graph, str(partial))
    partial.replace(out)


def _logit(score: float) -> float:
    return math.log(score / (1 - score))


if __name__ == "__main__":
    sys.exit(main())
