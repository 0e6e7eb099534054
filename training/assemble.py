r"""Put rendered scenes and real pictures together into one dataset (YOLO format).

    python -m training.assemble --scenes renders/train --real $STREETWARDEN_DATA/images \
        --frames $STREETWARDEN_DATA/videos/street.mp4 \
        --teacher $STREETWARDEN_DATA/weights/picodet_s_416_coco.onnx --out runs/dataset

Writes images/SPLIT/ORIGIN-NAME.jpg (at most LONGEST_PX long), labels/SPLIT/*.txt, data.yaml for
Ultralytics and, last of all, dataset.json with the counts and, by origin, the classes of which
nothing is to be learned there (unknown): a folder without it is half-written.
Splits: "train", and "val" for what only judges. Run again after more pictures were rendered: what
is there is kept, so the teacher sees every real picture once.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2

from models import load
from training.annotations import read_scene
from training.example import CLASSES, DatasetError, Example
from training.frames import take_frames
from training.real_sets import REAL_SETS, UNKNOWN
from training.split import split_scenes
from training.teacher import complete

LONGEST_PX = 960
"""Longer pictures are scaled down to this: training sees none of them larger."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Assemble; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.assemble", description=__doc__)
    parser.add_argument("--scenes", type=Path, nargs="*", default=[])
    parser.add_argument(
        "--plates", type=Path, nargs="*", default=[], help="folders of training.scenes.on_plates"
    )
    parser.add_argument("--real", type=Path, help="folder of the real sets")
    parser.add_argument(
        "--frames", type=Path, nargs="*", default=[], help="videos whose frames the teacher labels"
    )
    parser.add_argument("--teacher", type=Path, help="ONNX model that fills in other classes")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        counts = assemble(
            options.scenes,
            options.real,
            options.teacher,
            options.out,
            options.frames,
            options.plates,
        )
    except (DatasetError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(counts))
    return 0


def assemble(
    scenes: Sequence[Path],
    real: Path | None,
    teacher: Path | None,
    out: Path,
    frames: Sequence[Path] = (),
    plates: Sequence[Path] = (),
) -> dict[str, object]:
    """Write the dataset; return its counts (pictures and boxes a split and origin)."""
    if frames and teacher is None:
        raise DatasetError("frames of videos have no labels of their own: name a --teacher too")
    splits = _rendered(scenes)
    splits["train"] += [example for folder in plates for example in _pictures(folder)]
    (out / "dataset.json").unlink(missing_ok=True)
    for split, examples in splits.items():
        for example in examples:
            _write(example, out, split)
    detector = load(teacher) if teacher is not None else None
    taken = [("train", one) for video in frames for one in take_frames(video, out / "frames")]
    for split, example in [*(_real(real) if real is not None else ()), *taken]:
        if detector is None or _labels_of(example, out, split).exists():
            _write(example, out, split)
        else:
            _write(complete(example, detector), out, split)
    return _finish(out)


def _rendered(folders: Sequence[Path]) -> dict[str, list[Example]]:
    train, held_out = split_scenes([one for folder in folders for one in _pictures(folder)])
    return {"train": train, "val": held_out}


def _pictures(folder: Path) -> list[Example]:
    truths = sorted(folder.glob("*.json"))
    if not truths:
        raise DatasetError(f"{folder}: no rendered pictures")
    return [read_scene(truth) for truth in truths]


def _real(root: Path) -> Iterable[tuple[str, Example]]:
    for real_set in REAL_SETS:
        train, held_out = real_set.split(root)
        yield from (("train", example) for example in train)
        yield from (("val", example) for example in held_out)


def _name_of(example: Example) -> str:
    return f"{example.origin}-{example.picture.stem}"


def _labels_of(example: Example, out: Path, split: str) -> Path:
    return out / "labels" / split / f"{_name_of(example)}.txt"


def _write(example: Example, out: Path, split: str) -> None:
    """Write a picture and then its labels; what already has labels is left as it is."""
    labels = _labels_of(example, out, split)
    if labels.exists():
        return
    picture = out / "images" / split / f"{_name_of(example)}.jpg"
    for folder in (labels.parent, picture.parent):
        folder.mkdir(parents=True, exist_ok=True)
    image = cv2.imread(str(example.picture))
    if image is None:
        raise DatasetError(f"{example.picture}: not a picture")
    if image.shape[:2] != (example.height, example.width):
        raise DatasetError(
            f"{example.picture}: is {image.shape[1]} x {image.shape[0]}, its labels say "
            f"{example.width} x {example.height}"
        )
    shrink = min(1.0, LONGEST_PX / max(image.shape[:2]))
    if shrink < 1.0:
        image = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(picture), image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    partial = labels.with_suffix(".part")
    partial.write_text("".join(yolo_lines(example)), encoding="utf-8")
    partial.replace(labels)


def yolo_lines(example: Example) -> list[str]:
    """Return "class x y w h" a box, in fractions of the picture, boxes cut at its edges."""
    lines = []
    for box in example.boxes:
        x0, x1 = (min(max(x, 0.0), example.width) / example.width for x in box.xyxy[0::2])
        y0, y1 = (min(max(y, 0.0), example.height) / example.height for y in box.xyxy[1::2])
        numbers = ((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0)
        lines.append(
            f"{CLASSES.index(box.label)} " + " ".join(f"{number:.6f}" for number in numbers) + "\n"
        )
    return lines


def _finish(out: Path) -> dict[str, object]:
    counts: dict[str, object] = {}
    for split in ("train", "val"):
        pictures: Counter[str] = Counter()
        boxes: Counter[str] = Counter()
        for labels in sorted((out / "labels" / split).glob("*.txt")):
            pictures[labels.name.partition("-")[0]] += 1
            lines = labels.read_text(encoding="utf-8").splitlines()
            boxes.update(CLASSES[int(line.split()[0])] for line in lines)
        counts[split] = {"pictures": dict(pictures), "boxes": dict(boxes)}
    counts["unknown"] = {origin: sorted(names) for origin, names in UNKNOWN.items()}
    scenes = [path.name.split("-")[1] for path in out.glob("labels/*/scenes-*.txt")]
    if scenes:
        counts["scene_seeds"] = [int(min(scenes)), int(max(scenes))]
    names = "\n".join(f"  {i}: {name}" for i, name in enumerate(CLASSES))
    (out / "data.yaml").write_text(
        f"path: {out.resolve()}\ntrain: images/train\nval: images/val\nnames:\n{names}\n",
        encoding="utf-8",
    )
    (out / "dataset.json").write_text(json.dumps(counts, indent=1), encoding="utf-8")
    return counts


if __name__ == "__main__":
    sys.exit(main())
