"""A loaded model that finds things in pictures."""

import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.backends import Engine, engine_of
from models.choice import Choice
from models.detections import Detections
from models.errors import InferenceFailed, ManifestError, ModelError
from models.feed import Feed, Run
from models.lanes import Lanes
from models.layouts import Facts, Layout, choose
from models.letterbox import Placement, Size
from models.network import Network
from models.onnx_file import OnnxFile
from models.pictures import Picture
from models.suppression import suppress

log = logging.getLogger(__name__)

DEFAULT_THRESHOLD = 0.25
"""Score from which a box counts when nobody says: the field's customary one."""

TOGETHER = 4
"""Pictures a call at least: the next is prepared, and boxes are read, while the network is busy."""

MAX_THREADS = 8
"""Threads a run when nobody says: small networks gain nothing from more."""


class Detector:
    """Pictures in, boxes out. For one thread at a time: a lock makes a second one wait."""

    def __init__(
        self,
        file: OnnxFile,
        network: Network,
        layout: Layout,
        *,
        name: str,
        threshold: float,
        iou: float | None,
    ) -> None:
        self.name = name
        self.file = file.path
        self.sha256 = file.sha256
        self.layout = layout.name
        self.classes = layout.classes
        self.input_size: Size = network.input_size
        """(height, width) in pixels; what pictures are fitted into when the network's is free."""
        self.batch = network.batch
        """Pictures a run that the model is fixed to; None when it takes any number."""
        self.threshold = threshold
        self.metadata = network.session.metadata
        """What the exporter wrote into the file."""
        self._network = network
        self._layout = layout
        self._iou = None if layout.iou is None else iou or layout.iou
        self._feed = Feed(network.dtype, layout.pixels, network.batch)
        self._lanes = Lanes(network.session, self._feed)
        self._lock = threading.Lock()
        self.together = max(TOGETHER, network.most(network.input_size), 2 * self._lanes.count)
        """Pictures a call that it makes the most of."""

    def __repr__(self) -> str:
        """Say which model, how it is read."""
        height, width = self.input_size
        return (
            f"Detector({self.name}, {self.layout}, {width}x{height}, {len(self.classes)} classes)"
        )

    def detect(self, pictures: Sequence[Picture], conf: float | None = None) -> list[Detections]:
        """Find things with a score above `conf` (default `threshold`), in as few runs as possible.

        Several pictures in a call gain time even where each is a run of its own: the next one is
        prepared while the network is busy. `pictures` are (h, w, 3) uint8 RGB of any sizes.
        Returns one Detections a picture, in its pixels, cut at its edges; labels index `classes`.
        Raises InferenceFailed.
        """
        for picture in pictures:
            shape_fits = picture.ndim == 3 and picture.shape[2] == 3 and picture.size > 0
            if not shape_fits or picture.dtype != np.uint8:
                raise ValueError(
                    f"expected (h, w, 3) uint8 pictures, got {picture.shape} {picture.dtype}"
                )
        threshold = self.threshold if conf is None else conf
        found: dict[int, Detections] = {}
        with self._lock:
            runs = self._runs(pictures)
            each = self._lanes.each(runs, partial(self._read, conf=threshold))
            for run, boxes in zip(runs, each, strict=True):
                found.update(zip(run.indices, boxes, strict=True))
        return [found[index] for index in range(len(pictures))]

    def close(self) -> None:
        """Free the engine's memory; `detect` then raises InferenceFailed."""
        with self._lock:
            self._lanes.close()
            self._feed.close()
            self._network.session.close()

    def _runs(self, pictures: Sequence[Picture]) -> list[Run]:
        """Group pictures into runs of one input size each."""
        groups: dict[Size, list[tuple[int, Picture, Placement]]] = {}
        for index, picture in enumerate(pictures):
            height, width = picture.shape[:2]
            free = self._network.free_size
            placement = self._layout.place((height, width), self.input_size, free=free)
            groups.setdefault(placement.input, []).append((index, picture, placement))
        runs = []
        for size, group in groups.items():
            limit = self._network.most(size)
            for first in range(0, len(group), limit):
                indices, own, placements = zip(*group[first : first + limit], strict=True)
                runs.append(Run(indices, own, placements))
        return runs

    def _read(
        self, run: Run, count: int, outputs: list[NDArray[np.float32]], conf: float
    ) -> list[Detections]:
        """Turn the outputs of a run of `count` pictures into boxes of each that was wanted."""
        if any(len(output) != count for output in outputs):
            raise InferenceFailed(
                f"{self.file}: {count} pictures went in, outputs of "
                f"{[len(output) for output in outputs]} came back"
            )
        return [
            self._boxes(outputs, place, placement, conf)
            for place, placement in enumerate(run.placements)
        ]

    def _boxes(
        self,
        outputs: Sequence[NDArray[np.float32]],
        index: int,
        placement: Placement,
        conf: float,
    ) -> Detections:
        """Turn one picture's share of the outputs into boxes in its own pixels, best first."""
        with np.errstate(all="ignore"):  # what a broken network makes infinite is dropped here
            found = self._layout.candidates(outputs, index, conf)
        finite = np.isfinite(found.xyxy)
        if not finite.all():
            found = found.select(np.asarray(finite.all(axis=1)))
        if self._iou is None:
            order = np.argsort(-found.score, kind="stable")
        else:
            order = suppress(found.xyxy, found.score, found.label, self._iou)
        xyxy = placement.to_picture(found.xyxy[order])
        detections = Detections(xyxy, found.score[order], found.label[order])
        inside = np.asarray((xyxy[:, 2:] > xyxy[:, :2]).all(axis=1))
        return detections if inside.all() else detections.select(inside)


def load(
    path: Path,
    *,
    conf: float | None = None,
    iou: float | None = None,
    layout: str | None = None,
    classes: Sequence[str] | None = None,
    threads: int | None = None,
    spin: bool = True,
    input_size: Size | None = None,
    name: str | None = None,
    sha256: str | None = None,
    choice: Choice | None = None,
    engine: Engine | None = None,
) -> Detector:
    """Load a detector from an ONNX file and run it once; the layout is recognised if not given.

    `conf`: score threshold, 0.25 by default. `iou`: overlap for NMS, by default the layout's usual.
    `threads`: inside one run; by default a thread a processor, at most 8. `spin`: let them wait
    actively; False where other work shares the processors (docs/models.md). `input_size`,
    `sha256`: what a manifest promises; a network of free size takes that size, another file is
    refused. `choice`: engine, precision, threads, streams and batch that tuning found best here,
    `engine`: any other; by default ONNX Runtime on the CPU.
    Raises NotAModel, NoDetector, ManifestError (a promise not kept).
    """
    file = OnnxFile.read(path)
    if sha256 is not None and file.sha256 != sha256.lower():
        raise ManifestError(
            f"{path}: its SHA-256 is {file.sha256}, the manifest says {sha256}: the file has been "
            "changed or damaged; restore it or correct the manifest"
        )
    try:
        chosen = choice or Choice()
        engine = engine or engine_of(chosen.engine, chosen.precision, chosen.streams)
        threads = threads or chosen.threads or _default_threads()
        session = engine(file.data, threads=threads, spin=spin)
        network = replace(Network.examine(session, input_size), limit=chosen.batch)
        facts = Facts(
            network.input_size,
            network.output_shapes,
            network.session.metadata,
            None if classes is None else tuple(classes),
        )
        detector = Detector(
            file,
            network,
            choose(facts, layout),
            name=name or path.stem,
            threshold=DEFAULT_THRESHOLD if conf is None else conf,
            iou=iou,
        )
    except ModelError as error:
        raise type(error)(f"{path}: {error}") from error
    log.debug("loaded %r from %s", detector, path)
    return detector


def _default_threads() -> int:
    return min(len(os.sched_getaffinity(0)), MAX_THREADS)
