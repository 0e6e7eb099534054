"""What training reads of a dataset's folder beside its pictures: dataset.json and the labels."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.example import CLASSES, DatasetError

Row = TypeVar("Row")


def read_counts(dataset: Path) -> dict[str, Any]:
    """Read DATASET/dataset.json; raises DatasetError for a folder that is none or half-written."""
    path = dataset / "dataset.json"
    if not path.exists():
        raise DatasetError(f"{dataset}: no dataset.json, so it is none or half-written")
    try:
        counts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        dict(counts["train"]["pictures"])
        told = {name for names in counts.get("unknown", {}).values() for name in names}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"{path}: not what training.assemble writes: {error!r}") from error
    if strange := sorted(told - set(CLASSES)):
        raise DatasetError(f"{path}: class {strange[0]!r} is none of {', '.join(CLASSES)}")
    return counts


def labels_of(picture: Path) -> Path:
    """Return where the labels of DATASET/images/SPLIT/NAME.jpg are."""
    split = picture.parent
    return split.parent.parent / "labels" / split.name / f"{picture.stem}.txt"


def parsed_lines(labels: Path, parse: Callable[[str], Row]) -> list[Row]:
    """Read a label file line by line; raises DatasetError, with the line that parse refuses."""
    try:
        lines = labels.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DatasetError(f"{labels}: cannot be read ({error})") from error
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(parse(line))
        except ValueError as error:
            raise DatasetError(f"{labels}:{number}: {error}") from error
    return rows


def read_labels(labels: Path) -> NDArray[np.float64]:
    """Read a label file: (N, 5), the class and x, y, w, h in fractions; raises DatasetError."""
    return np.array(parsed_lines(labels, _row_of), np.float64).reshape(-1, 5)


def _row_of(line: str) -> list[float]:
    row = [float(value) for value in line.split()]
    if len(row) != 5 or not np.isfinite(row).all():
        raise ValueError(f"expected a class and 4 numbers, got {line!r}")
    if row[0] not in range(len(CLASSES)):
        raise ValueError(f"class {row[0]:g}, expected 0 to {len(CLASSES) - 1}")
    return row
