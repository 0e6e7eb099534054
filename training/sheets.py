"""Contact sheets: many labelled pictures on one, for a person to look at."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.crops import read_sample
from training.example import CLASSES, DatasetError

COLUMNS, ROWS = 4, 5
TILE = (216, 384)
"""Height and width of a picture on the sheet."""

Image = NDArray[np.uint8]


def write_sheets(tiles: Sequence[Image], stem: Path) -> list[Path]:
    """Write tiles of TILE size as STEM-00.jpg, STEM-01.jpg, ...; return the files."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    files = []
    for number, first in enumerate(range(0, len(tiles), COLUMNS * ROWS)):
        some = tiles[first : first + COLUMNS * ROWS]
        lines = -(-len(some) // COLUMNS)
        sheet = np.full((lines * TILE[0], COLUMNS * TILE[1], 3), 40, np.uint8)
        for i, tile in enumerate(some):
            top, left = i // COLUMNS * TILE[0], i % COLUMNS * TILE[1]
            sheet[top : top + TILE[0], left : left + TILE[1]] = tile
        path = stem.with_name(f"{stem.name}-{number:02d}.jpg")
        if not cv2.imwrite(str(path), sheet):
            raise DatasetError(f"{path}: cannot be written (is the disk full?)")
        files.append(path)
    return files


def tile_of(image: Image, marks: Sequence[tuple[str, Sequence[float]]], title: str) -> Image:
    """Draw boxes (name, x0 y0 x1 y1) into a BGR picture and fit it into a tile."""
    height, width = image.shape[:2]
    scale = min(TILE[0] / height, TILE[1] / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    for name, xyxy in marks:
        x0, y0, x1, y1 = (round(float(value) * scale) for value in xyxy)
        colour = _colour(name)
        cv2.rectangle(small, (x0, y0), (x1, y1), colour, 1)
        cv2.putText(small, name, (x0, max(8, y0 - 2)), cv2.FONT_HERSHEY_SIMPLEX, 0.32, colour, 1)
    tile = np.full((*TILE, 3), 40, np.uint8)
    tile[: size[1], : size[0]] = small
    cv2.putText(tile, title, (3, TILE[0] - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (0, 255, 255), 1)
    return tile


def _colour(name: str) -> tuple[int, int, int]:
    name = name.partition(" ")[0]
    place = CLASSES.index(name) if name in CLASSES else 0
    patch = np.array([[[place * 179 // len(CLASSES), 220, 255]]], np.uint8)
    blue, green, red = cv2.cvtColor(patch, cv2.COLOR_HSV2BGR)[0, 0].tolist()
    return blue, green, red


def sheets_of(dataset: Path, split: str, out: Path, each: int = COLUMNS * ROWS) -> list[Path]:
    """Write one sheet an origin with pictures spread evenly over it."""
    by_origin: dict[str, list[Path]] = {}
    for picture in sorted((dataset / "images" / split).glob("*.jpg")):
        by_origin.setdefault(picture.name.partition("-")[0], []).append(picture)
    files = []
    for origin, pictures in by_origin.items():
        step = max(1, len(pictures) // each)
        tiles = []
        for picture in pictures[::step][:each]:
            sample = read_sample(picture)
            marks = [
                (CLASSES[label], xyxy)
                for label, xyxy in zip(sample.label.tolist(), sample.xyxy.tolist(), strict=True)
            ]
            image = np.ascontiguousarray(sample.picture[:, :, ::-1])
            tiles.append(tile_of(image, marks, picture.stem))
        files += write_sheets(tiles, out / f"{split}-{origin}")
    return files
