r"""Put rendered scenes and real pictures together into one dataset (YOLO format).

    python -m training.assemble --scenes renders/train --real $STREETWARDEN_DATA/images \
        --frames $STREETWARDEN_DATA/videos/street.mp4 pictures/of-a-street \
        --teacher $STREETWARDEN_DATA/weights/picodet_s_416_coco.onnx --out runs/dataset

Writes images/SPLIT/ORIGIN-NAME.jpg (at most LONGEST_PX long), labels/SPLIT/*.txt, data.yaml for
Ultralytics, coco-SPLIT.json and, last of all, dataset.json with the counts and, by origin, the
classes of which nothing is to be learned there (unknown): a folder without it is half-written.
Splits: "train", and "val" for what only judges. Run again after more pictures were rendered: what
is there is kept, so the teacher sees every real picture once.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from models import ModelError, PictureError, load
from training.annotations import read_scene
from training.dataset import read_labels
from training.example import CLASSES, LOOK_ALIKES, STORIES, DatasetError, Example
from training.frames import take_frames, take_pictures
from training.own import OwnSet, own_set
from training.progress import progress
from training.real_sets import REAL_SETS, UNKNOWN
from training.sheets import sheets_of
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
        "--frames",
        type=Path,
        nargs="*",
        default=[],
        help="videos, and folders of pictures, that the teacher labels",
    )
    parser.add_argument("--teacher", type=Path, help="ONNX model that fills in other classes")
    parser.add_argument(
        "--own",
        nargs=2,
        action="append",
        default=[],
        metavar=("FORMAT", "FOLDER"),
        help="a city's own pictures: voc, yolo or coco, and their folder",
    )
    parser.add_argument("--sheets", action="store_true", help="write contact sheets too")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    sources = Sources(
        tuple(options.scenes),
        tuple(options.plates),
        options.real,
        tuple(options.frames),
        tuple((form, Path(folder)) for form, folder in options.own),
    )
    try:
        counts = assemble(sources, options.teacher, options.out)
        if options.sheets:
            for split in ("train", "val"):
                sheets_of(options.out, split, options.out / "sheets")
    except (DatasetError, ModelError, PictureError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(counts))
    return 0


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a dataset's pictures come from."""

    scenes: tuple[Path, ...] = ()
    plates: tuple[Path, ...] = ()
    real: Path | None = None
    frames: tuple[Path, ...] = ()
    own: tuple[tuple[str, Path], ...] = ()
    """(format, folder) of a city's own pictures."""


def assemble(sources: Sources, teacher: Path | None, out: Path) -> dict[str, object]:
    """Write the dataset; return its counts (pictures and boxes a split and origin)."""
    if sources.frames and teacher is None:
        raise DatasetError("frames have no labels of their own: name a --teacher too")
    splits = _rendered(sources.scenes)
    splits["train"] += [example for folder in sources.plates for example in _pictures(folder)]
    own = [own_set(form, folder) for form, folder in sources.own]
    real = [*(_real(sources.real) if sources.real is not None else ()), *_own(own)]
    detector = load(teacher) if teacher is not None else None
    real += [("train", one) for one in _frames(sources.frames, out / "frames")]
    # Only now, when labels, teacher and frames could be read, is a finished dataset touched.
    (out / "dataset.json").unlink(missing_ok=True)
    for split, examples in splits.items():
        for example in progress(examples, f"rendered, {split}"):
            _write(example, out, split)
    for split, example in progress(real, "real"):
        if detector is None or _labels_of(example, out, split).exists():
            _write(example, out, split)
        else:
            _write(complete(example, detector), out, split)
    return _finish(out, {one.name: one.unknown for one in own})


def _own(sets: Sequence[OwnSet]) -> Iterable[tuple[str, Example]]:
    if len({one.name for one in sets}) < len(sets):
        raise DatasetError("two own folders have the same name: set one in its mapping.json")
    for one in sets:
        train, held_out = one.split()
        yield from (("train", example) for example in train)
        yield from (("val", example) for example in held_out)


def _frames(sources: Sequence[Path], out: Path) -> list[Example]:
    if len({one.stem for one in sources}) < len(sources):
        raise DatasetError("two sources of frames have the same name: rename one")
    return [
        example
        for one in sources
        for example in (take_pictures(one, out) if one.is_dir() else take_frames(one, out))
    ]


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
    modes = {"look-alikes": LOOK_ALIKES, "story": STORIES} if example.origin == "scenes" else {}
    return f"{modes.get(example.mode, example.origin)}-{example.picture.stem}"


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
    if not cv2.imwrite(str(picture), image, [cv2.IMWRITE_JPEG_QUALITY, 92]):
        raise DatasetError(f"{picture}: cannot be written (is the disk full?)")
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


def _finish(out: Path, own: Mapping[str, frozenset[str]]) -> dict[str, object]:
    counts: dict[str, object] = {}
    for split in ("train", "val"):
        pictures: Counter[str] = Counter()
        boxes: Counter[str] = Counter()
        for labels in sorted((out / "labels" / split).glob("*.txt")):
            pictures[labels.name.partition("-")[0]] += 1
            boxes.update(CLASSES[int(label)] for label in read_labels(labels)[:, 0])
        counts[split] = {"pictures": dict(pictures), "boxes": dict(boxes)}
    counts["unknown"] = {origin: sorted(names) for origin, names in {**UNKNOWN, **own}.items()}
    # Stories have seeds of their own (training.scenes.stills).
    rendered = [p for o in ("scenes", LOOK_ALIKES) for p in out.glob(f"labels/*/{o}-*.txt")]
    scenes = [path.name.split("-")[1] for path in rendered]
    if scenes:
        counts["scene_seeds"] = [int(min(scenes)), int(max(scenes))]
    names = "\n".join(f"  {i}: {name}" for i, name in enumerate(CLASSES))
    (out / "data.yaml").write_text(
        f"path: {out.resolve()}\ntrain: images/train\nval: images/val\nnames:\n{names}\n",
        encoding="utf-8",
    )
    for split in ("train", "val"):
        _write_coco(out, split)
    # Last of all: a folder without it is half-written.
    partial = out / "dataset.json.part"
    partial.write_text(json.dumps(counts, indent=1), encoding="utf-8")
    partial.replace(out / "dataset.json")
    return counts


def _write_coco(out: Path, split: str) -> None:
    """Write the labels of a split as OUT/coco-SPLIT.json, for tools that read COCO."""
    images: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    for number, labels in enumerate(sorted((out / "labels" / split).glob("*.txt")), 1):
        picture = out / "images" / split / f"{labels.stem}.jpg"
        width, height = size_of(picture)
        name = picture.relative_to(out).as_posix()
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for line in labels.read_text(encoding="utf-8").splitlines():
            label, *shares = line.split()
            x, y, w, h = (float(share) for share in shares)
            box = [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height]
            row: dict[str, object] = {"id": len(rows) + 1, "image_id": number, "iscrowd": 0}
            row |= {"category_id": int(label), "bbox": [round(value, 2) for value in box]}
            rows.append(row | {"area": round(box[2] * box[3], 2)})
    categories = [{"id": i, "name": name} for i, name in enumerate(CLASSES)]
    record = {"images": images, "annotations": rows, "categories": categories}
    (out / f"coco-{split}.json").write_text(json.dumps(record), encoding="utf-8")


def size_of(picture: Path) -> tuple[int, int]:
    """Return width and height of a JPEG by its frame header, without decoding it."""
    with picture.open("rb") as file:
        if file.read(2) != b"\xff\xd8":
            raise DatasetError(f"{picture}: not a JPEG")
        while len(head := file.read(4)) == 4:
            length = int.from_bytes(head[2:])
            # SOF0 to SOF15 hold the size; C4, C8 and CC are tables of other things.
            if 0xC0 <= head[1] <= 0xCF and head[1] not in {0xC4, 0xC8, 0xCC}:
                frame = file.read(5)
                return int.from_bytes(frame[3:5]), int.from_bytes(frame[1:3])
            file.seek(length - 2, 1)
    raise DatasetError(f"{picture}: no size in its header")


if __name__ == "__main__":
    sys.exit(main())
