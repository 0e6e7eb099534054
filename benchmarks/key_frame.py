"""Measure what a key frame costs in each way to decode and scale it, and what the model then sees.

What it measures: annotated pictures that no model of ours was trained on (the evaluation third of
each real set in STREETWARDEN_DATA, and rendered scenes where a folder of them is named), each coded
as one H.264 key frame of 1920x1080, decoded with and without the loop filter and FFmpeg's "fast"
flag, scaled to the size that the product delivers (plane by plane, as it does, and with each filter
that swscale has), and shown to the bundled street model. For each way: recall at the model's
threshold, AP50 (the mean over classes), and processor milliseconds of the thread that decodes and
scales, the medians of rounds in which all ways take turns.
Against: the way that the decode pool takes. `gained` and `lost` count true boxes that a way finds
and it does not, or the other way round; `p` is the sign test on them. Below 0.05 a way sees more or
less; 32 ways are compared, so one or two get there by chance.

Limit: only pictures that are enlarged at most 1.5-fold ("sharp", from 1280x720 on) hold detail that
scaling down can lose or alias; the smaller ones and the rendered ones are enlarged to 1920x1080,
bars at their sides. Real ones were coded as JPEG once before, which smooths them, and none shows a
sensor's noise at night, which some filters let through. x264 codes at constant quality; a camera
that squeezes harder leaves more blocks to the loop filter. Neighbouring pictures are alike, so `p`
is too small. The sets leave things unlabelled: believe recall rather than precision. Only H.264.

    python -m benchmarks.key_frame [--pictures N] [--scenes FOLDER] [--crf N] [--rounds N] [--keep]

The last line is one JSON object: `pictures` and `boxes` by set, `key_frame_kb`, `ours` (the way of
the decode pool), `rows` (all ways, in the table's order). --keep also writes it to
benchmarks/results/.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from scipy.stats import binomtest

from benchmarks.machine import keep
from models import Detections, Detector, ModelError, Picture, Registry, read_picture
from streams import CodecParameters, Packet
from streams.decoder import KEY_OPTIONS, KeyDecoder
from streams.scaler import Scaler
from training.evaluate import held_out
from training.example import DatasetError, Example
from training.judged import FLOOR, summary
from training.scoring import Scores

WIDTH, HEIGHT = 1920, 1080
SHARP = 1.5
"""A picture that is enlarged at most so far, as 1280x720 is, holds detail to lose in scaling."""
GREY = 114
CODEC = CodecParameters("h264", b"", WIDTH, HEIGHT, Fraction(1, 25))
UNFILTERED = {"skip_loop_filter": "all"}
FAST = {"flags2": "+fast"}
DECODINGS: tuple[dict[str, str], ...] = ({}, FAST, UNFILTERED, UNFILTERED | FAST)
FILTERS: tuple[Interpolation | None, ...] = (
    None,
    *(
        Interpolation[name]
        for name in ("POINT", "FAST_BILINEAR", "BILINEAR", "AREA", "BICUBLIN", "BICUBIC", "LANCZOS")
    ),
)
"""None: planes halved, then linear, as the decode pool does; else a filter of swscale's."""
SCENES = "scenes"
FAMILIES = ("sharp", "real", SCENES)

Way = tuple[int, Interpolation | None]
"""Place in DECODINGS, and the filter."""
WAYS: tuple[Way, ...] = tuple((i, filter_) for i in range(len(DECODINGS)) for filter_ in FILTERS)
OURS: Way = (DECODINGS.index(dict(KEY_OPTIONS)), None)


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """An annotated picture as a camera's key frame."""

    origin: str
    """Name of its set."""
    example: Example
    group: Mapping[str, str]
    """Class: name it is judged under."""
    packet: Packet
    scale: float
    """Pixels of the frame for one of the picture, which lies at (left, top) in it."""
    left: int
    top: int

    def families(self) -> set[str]:
        """Say in which columns of the table it counts."""
        if self.origin == SCENES:
            return {SCENES}
        return {"real", "sharp"} if self.scale <= SHARP else {"real"}

    def asked(self) -> list[bool]:
        """Say of each true box whether it is asked for."""
        return [box.label in self.group for box in self.example.boxes]

    def placed(self, found: Detections, picture: Picture) -> Detections:
        """Return what was found in a delivered picture in pixels of the annotated one."""
        height, width = picture.shape[:2]
        whole = found.scaled(WIDTH / width, HEIGHT / height)
        corner = np.array([self.left, self.top] * 2, np.float32)
        xyxy = np.asarray((whole.xyxy - corner) / self.scale, np.float32)
        return Detections(xyxy, found.score, found.label)


@dataclass(slots=True)
class Tallies:
    """What one way collected over all shots."""

    scores: dict[str, Scores] = field(default_factory=dict)
    """By family."""
    hits: list[bool] = field(default_factory=list)
    """For each true box that is asked for: was it found?"""

    def add(self, shot: Shot, found: Detections, names: Sequence[str], threshold: float) -> None:
        """Match one picture."""
        boxes, ignored = shot.example.boxes, shot.example.ignored
        answers: list[float | None] = []
        for family in shot.families():
            scores = self.scores.setdefault(family, Scores())
            answers = scores.add(boxes, found, names, shot.group, ignored)
        self.hits += [
            score is not None and score >= threshold
            for score, wanted in zip(answers, shot.asked(), strict=True)
            if wanted
        ]


class Bench:
    """All ways, each with a decoder and scalers of its own; everything on the calling thread."""

    def __init__(self, detector: Detector, threshold: float) -> None:
        self._detector, self._threshold = detector, threshold
        self._decoders = [KeyDecoder(options) for options in DECODINGS]
        self._scalers = {filter_: Scaler(filter_) for filter_ in FILTERS}
        self.tallies = {way: Tallies() for way in WAYS}
        self.decode_ms: list[list[float]] = [[] for _ in DECODINGS]
        self.scale_ms: dict[Interpolation | None, list[float]] = {
            filter_: [] for filter_ in FILTERS
        }

    def take(self, shot: Shot, rounds: int) -> None:
        """Decode a shot in every way, `rounds` times; scale and judge what came out last."""
        for _ in range(rounds - 1):
            for i in range(len(DECODINGS)):
                self._decode(i, shot)
        seen: dict[bytes, Detections] = {}
        longest_px = max(self._detector.input_size)
        for i in range(len(DECODINGS)):
            frame = self._decode(i, shot)
            for filter_, scaler in self._scalers.items():
                begun_s = time.thread_time()
                picture = scaler.picture(frame, longest_px)
                self.scale_ms[filter_].append(1000.0 * (time.thread_time() - begun_s))
                pixels = picture.tobytes()
                if pixels not in seen:
                    seen[pixels] = self._detector.detect([picture], FLOOR)[0]
                found = shot.placed(seen[pixels], picture)
                self.tallies[i, filter_].add(shot, found, self._detector.classes, self._threshold)

    def _decode(self, decoding: int, shot: Shot) -> VideoFrame:
        begun_s = time.thread_time()
        frame = self._decoders[decoding].decode(shot.packet, CODEC)
        self.decode_ms[decoding].append(1000.0 * (time.thread_time() - begun_s))
        if frame is None:
            raise SystemExit(f"benchmarks.key_frame: {shot.example.picture}: does not decode")
        return frame

    def row(self, way: Way) -> dict[str, Any]:
        """Return what is said of a way."""
        decoding, filter_ = way
        hits, ours = self.tallies[way].hits, self.tallies[OURS].hits
        gained = sum(now and not before for now, before in zip(hits, ours, strict=True))
        lost = sum(before and not now for now, before in zip(hits, ours, strict=True))
        row: dict[str, Any] = {
            "loop_filter": "skip_loop_filter" not in DECODINGS[decoding],
            "fast": "flags2" in DECODINGS[decoding],
            "filter": "PLANES" if filter_ is None else filter_.name,
            "decode_ms": round(statistics.median(self.decode_ms[decoding]), 2),
            "scale_ms": round(statistics.median(self.scale_ms[filter_]), 2),
            "recall_all": round(sum(hits) / len(hits), 4) if hits else None,
        }
        for family in FAMILIES:
            if (scores := self.tallies[way].scores.get(family)) is not None:
                found = summary(scores, self._threshold)
                row[family] = {
                    "recall": found["recall"],
                    "ap50": found["map50"],
                    "precision": found["precision"],
                }
        p = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
        return row | {"gained": gained, "lost": lost, "p": round(float(p), 4)}


def shot_of(origin: str, example: Example, group: Mapping[str, str], crf: int) -> Shot:
    """Set a picture into a frame of 1920x1080 and code it as a key frame."""
    picture = read_picture(example.picture)
    height, width = picture.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    size = round(width * scale), round(height * scale)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    left, top = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
    frame = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    frame[top : top + size[1], left : left + size[0]] = cv2.resize(picture, size, interpolation=way)
    return Shot(origin, example, group, key_packet(frame, crf), scale, left, top)


def key_packet(picture: Picture, crf: int) -> Packet:
    """Code one picture as x264 does at a constant quality, with its loop filter."""
    context = av.CodecContext.create("libx264", "w")
    if not isinstance(context, VideoCodecContext):
        raise TypeError("libx264 is no video codec")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base = CODEC.time_base
    context.options = {"preset": "veryfast", "crf": str(crf)}
    coded = context.encode(av.VideoFrame.from_ndarray(picture, format="rgb24"))
    data = b"".join(bytes(packet) for packet in (*coded, *context.encode(None)))
    return Packet(data, 0, 0, 1, key=True, arrival_s=0.0, at_s=0.0, parameter_set=0)


def chosen(pictures: int, scenes: Sequence[Path]) -> list[tuple[str, Example, Mapping[str, str]]]:
    """Choose so many pictures of each set, evenly spaced: set, picture, what it is asked for."""
    real = Path(os.environ.get("STREETWARDEN_DATA", "../shared/data")) / "images"
    if not real.is_dir():
        print(f"no folder {real}: no real pictures")
    sets = held_out([], scenes, real if real.is_dir() else None)
    sets.pop("scenes, vehicles as one", None)
    return [
        (name, examples[len(examples) * i // count], group)
        for name, (examples, group) in sets.items()
        for count in [min(pictures, len(examples))]
        for i in range(count)
    ]


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print a table, and last one JSON object."""
    options = _options(words)
    try:
        entry = Registry().find("street", Path.cwd())
        detector = Registry().open(entry, spin=False)
        examples = chosen(options.pictures, options.scenes)
    except (ModelError, DatasetError, OSError) as error:
        raise SystemExit(f"benchmarks.key_frame: {error}") from error
    bench = Bench(detector, entry.threshold)
    said: dict[str, Any] = {"crf": options.crf, "pictures": {}, "boxes": {}}
    sizes_kb = []
    for origin, example, group in examples:
        shot = shot_of(origin, example, group, options.crf)
        bench.take(shot, options.rounds)
        sizes_kb.append(len(shot.packet.data) / 1000)
        for family in {origin, *shot.families()}:
            said["pictures"][family] = said["pictures"].get(family, 0) + 1
            said["boxes"][family] = said["boxes"].get(family, 0) + sum(shot.asked())
    said["key_frame_kb"] = round(statistics.median(sizes_kb), 1)
    rows = [bench.row(way) for way in WAYS]
    result = said | {"ours": rows[WAYS.index(OURS)], "rows": rows}
    print_table(result)
    if options.keep:
        print(f"kept: {keep('key_frame', result)}")
    print(json.dumps(result))


def print_table(result: Mapping[str, Any]) -> None:
    """Print a line a way; the decode pool's has a star."""
    there = [family for family in FAMILIES if family in result["pictures"]]
    for family in there:
        print(f"{family}: {result['pictures'][family]} pictures, {result['boxes'][family]} boxes")
    print(f"a key frame has {result['key_frame_kb']} kB (median)")
    heads = "".join(f"{family + ' recall':>14} {'AP50':>5}" for family in there)
    print(f"  loop filter, flag, scaling      ms decode scale{heads}  gained lost     p")
    for row in result["rows"]:
        star = "*" if row == result["ours"] else " "
        way = f"{'on' if row['loop_filter'] else 'off':3} {'fast' if row['fast'] else '-':4} "
        way += f"{row['filter'].lower():13}"
        scores = "".join(
            f"{row[family]['recall'] or 0:14.3f} {row[family]['ap50'] or 0:5.3f}"
            for family in there
        )
        print(
            f"{star} {way:30} {row['decode_ms']:9.2f} {row['scale_ms']:5.2f}{scores}"
            f"  {row['gained']:6} {row['lost']:4} {row['p']:.3f}"
        )


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.key_frame", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--pictures", type=int, default=28, help="of each set (default 28)")
    parser.add_argument(
        "--scenes", type=Path, nargs="+", default=[], help="rendered pictures, never assembled"
    )
    parser.add_argument("--crf", type=int, default=26, help="x264's quality (default 26)")
    parser.add_argument("--rounds", type=int, default=3, help="of decoding (default 3)")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/")
    options = parser.parse_args(words)
    if options.pictures < 1 or options.rounds < 1:
        parser.error("--pictures, --rounds: at least 1")
    if not 0 <= options.crf <= 51:
        parser.error("--crf: 0 to 51")
    return options


if __name__ == "__main__":
    main(sys.argv[1:])
