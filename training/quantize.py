r"""Make an int8 model of a float one, and accept it only when its scores hold.

    .venv-training/bin/python -m training.quantize --model runs/street/street.onnx \
        --dataset runs/dataset --unseen renders/unseen --real $STREETWARDEN_DATA/images \
        --conf 0.3 --out runs/street/street_int8.onnx

Static quantization by ONNX Runtime: weights a channel, activations by pictures of the dataset's
training split, in the QDQ form; convolutions alone, so that the boxes' arithmetic stays exact. Both
models are scored on what is held out. OUT is written only when no set loses more than MOST_LOSS of
mAP50, recall or precision; else exit 1 with the figures.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models import ModelError, Picture, load
from training.crops import INPUT
from training.evaluate import held_out, judge_all
from training.example import DatasetError
from training.judged import summary

PICTURES = 120
"""Calibration pictures, spread evenly over the dataset."""
MOST_LOSS = 0.01
KEYS = ("map50", "recall", "precision")
RUNS = 15
GREY = 114

Tables = dict[str, dict[str, Any]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Quantize; 0 accepted, 1 refused, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.quantize", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--scenes", type=Path, nargs="*", default=[])
    parser.add_argument("--unseen", type=Path, nargs="*", default=[])
    parser.add_argument("--real", type=Path)
    parser.add_argument("--conf", type=float, required=True)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        sets = held_out(options.scenes, options.unseen, options.real)
        with tempfile.TemporaryDirectory() as folder:
            small = Path(folder) / "int8.onnx"
            quantize(options.model, calibration(options.dataset, options.pictures), small)
            before, after = (
                {
                    name: summary(judged.scores(), options.conf)
                    for name, judged in judge_all(load(path, threads=1), sets).items()
                }
                for path in (options.model, small)
            )
            lost = losses(before, after)
            report: dict[str, Any] = {"float": before, "int8": after, "lost": lost}
            report |= {"bytes": [path.stat().st_size for path in (options.model, small)]}
            report |= {"ms": [_pace(path) for path in (options.model, small)]}
            print(json.dumps(report, indent=1))
            if lost:
                print(f"refused: {'; '.join(lost)}", file=sys.stderr)
                return 1
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_bytes(small.read_bytes())
    except (DatasetError, ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def losses(before: Tables, after: Tables) -> list[str]:
    """Say in words what a model lost against another, more than MOST_LOSS; empty when nothing."""
    found = []
    for name, row in before.items():
        for key in KEYS:
            old, new = row[key], after[name][key]
            if old is not None and (new is None or new < old - MOST_LOSS):
                found.append(f"{name}: {key} {old} -> {new}")
    return found


def calibration(dataset: Path, count: int) -> list[Path]:
    """Choose pictures of the training split, every origin in proportion; raises DatasetError."""
    pictures = sorted((dataset / "images" / "train").glob("*.jpg"))
    if not (dataset / "dataset.json").exists() or not pictures:
        raise DatasetError(f"{dataset}: no dataset.json or no pictures: none, or half-written")
    places = np.linspace(0, len(pictures) - 1, min(count, len(pictures)))
    return [pictures[round(float(place))] for place in places]


def tensor_of(path: Path) -> NDArray[np.float32]:
    """Return a picture as the model gets it: (1, 3, H, W), 0 to 1, fitted into grey."""
    image = cv2.imread(str(path))
    if image is None:
        raise DatasetError(f"{path}: not a picture")
    height, width = image.shape[:2]
    scale = min(INPUT[0] / height, INPUT[1] / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    whole = np.full((*INPUT, 3), GREY, np.uint8)
    top, left = (INPUT[0] - size[1]) // 2, (INPUT[1] - size[0]) // 2
    whole[top : top + size[1], left : left + size[0]] = small[:, :, ::-1]
    return np.ascontiguousarray(whole.transpose(2, 0, 1)[None].astype(np.float32) / 255)


def quantize(model: Path, pictures: Sequence[Path], out: Path) -> None:
    """Write the int8 form of a float model."""
    # Slow to load, and onnx is in no environment but those of development and training.
    import onnx  # noqa: PLC0415
    from onnxruntime import quantization  # type: ignore[import-untyped]  # noqa: PLC0415

    whole = onnx.load(str(model))

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        """Hands one picture after the other to the calibration."""

        def __init__(self) -> None:
            self._tensors: Iterator[NDArray[np.float32]] = map(tensor_of, pictures)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            """Return the next picture's tensor by the input's name; None after the last."""
            tensor = next(self._tensors, None)
            return None if tensor is None else {whole.graph.input[0].name: tensor}

    quantization.quantize_static(
        str(model),
        str(out),
        Reader(),
        quant_format=quantization.QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        # Of uint8 times int8 some processors add pairs in 16 bits and overflow at full range.
        reduce_range=True,
    )
    made = onnx.load(str(out))
    if not made.metadata_props:
        made.metadata_props.extend(whole.metadata_props)
        onnx.save(made, str(out))


def _pace(model: Path) -> float:
    """Return the median milliseconds of one picture on one thread."""
    detector = load(model, threads=1)
    picture: Picture = np.full((*INPUT, 3), GREY, np.uint8)
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        detector.detect([picture])
        times.append(time.perf_counter() - begun)
    return round(float(np.median(times)) * 1000, 2)


if __name__ == "__main__":
    sys.exit(main())
