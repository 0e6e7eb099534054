"""Finding how a model runs best on this box: engine, precision, threads, pictures a run."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from models.backends import ENGINES, available_engines
from models.choice import Choice
from models.detections import Detections
from models.detector import Detector, load
from models.errors import ModelError
from models.manifest import ModelEntry
from models.network import MAX_BATCH
from models.pictures import Picture
from models.selfcheck import known_pictures

ROUNDS = 3
ROUND_S = 0.6
PICTURES = 8
"""Pictures a call, as a busy box has them waiting."""
SAME_PX = 1.5
SAME_SCORE = 0.02
SAME_SHARE = 0.98
"""Share of boxes that another precision has to find again to be accepted."""
GAIN = 1.03
"""A choice with more threads has to be faster than one with fewer by this factor."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One way of running a model, and what came of it."""

    choice: Choice
    pictures_per_s: float
    """Median of the rounds, pictures in and boxes out; 0 where it failed."""
    processor_ms: float
    """Processor time a picture."""
    refused: str = ""
    """Why it is no candidate: it failed, or found other boxes."""


Progress = Callable[[int, int], None]
"""Told how many trials are done, of how many."""


def tune(entry: ModelEntry, progress: Progress | None = None) -> tuple[Trial, list[Trial]]:
    """Try every way this box offers; return the best and all, in the order tried.

    The reference for what is found is ONNX Runtime in float32. Raises ModelError where not even
    that runs.
    """
    pictures = _pictures()
    reference = _open(entry, Choice(threads=1))
    expected = reference.detect(pictures)
    free = reference.batch is None
    reference.close()
    choices = list(_choices(free=free))
    trials = []
    for number, choice in enumerate(choices):
        trials.append(_try(entry, choice, pictures, expected))
        if progress is not None:
            progress(number + 1, len(choices))
    return _best(trials), trials


def _choices(*, free: bool) -> Iterator[Choice]:
    cores = len(os.sched_getaffinity(0))
    threads = sorted({1, 2, cores // 2, min(cores, 8)} & set(range(1, cores + 1)))
    for engine in available_engines():
        for precision in ENGINES[engine][1]:
            for count in threads:
                for batch in (1, 4, MAX_BATCH) if free else (1,):
                    yield Choice(engine, precision, count, batch)


def _try(
    entry: ModelEntry, choice: Choice, pictures: list[Picture], expected: list[Detections]
) -> Trial:
    try:
        detector = _open(entry, choice)
        found = detector.detect(pictures)
        missing = _missing(expected, found)
        if missing > 1 - SAME_SHARE:
            detector.close()
            return Trial(choice, 0.0, 0.0, f"finds {missing:.0%} of the boxes otherwise")
        paces, used_s, seen = [], time.process_time(), 0
        for _ in range(ROUNDS):
            begun, count = time.perf_counter(), 0
            while (passed := time.perf_counter() - begun) < ROUND_S:
                detector.detect(pictures)
                count += len(pictures)
            paces.append(count / passed)
            seen += count
        used_s = time.process_time() - used_s
        detector.close()
    except ModelError as error:
        return Trial(choice, 0.0, 0.0, str(error))
    return Trial(choice, statistics.median(paces), 1000 * used_s / seen)


def _best(trials: list[Trial]) -> Trial:
    """Return the fastest; among equally fast ones that with the fewest threads, then as tried."""
    good = [trial for trial in trials if not trial.refused]
    if not good:
        raise ModelError("; ".join(sorted({trial.refused for trial in trials})))
    most = max(trial.pictures_per_s for trial in good)
    near = [trial for trial in good if trial.pictures_per_s * GAIN >= most]
    return min(near, key=lambda trial: (trial.choice.threads or 0, -trial.pictures_per_s))


def _open(entry: ModelEntry, choice: Choice) -> Detector:
    return load(
        entry.file,
        conf=entry.threshold,
        layout=entry.layout,
        classes=entry.classes,
        input_size=entry.input_size,
        spin=False,  # beside decoding cameras, as in a running site
        sha256=entry.sha256,
        choice=choice,
    )


def _pictures() -> list[Picture]:
    """Return the self-check pictures and variations of them: no two are alike."""
    known = [each.picture for each in known_pictures()]
    rng = np.random.default_rng(0)
    varied = list(known)
    for number in range(PICTURES - len(known)):
        picture = known[number % len(known)]
        gain = rng.uniform(0.7, 1.2)
        varied.append(np.clip(picture * gain + rng.normal(0, 4, picture.shape), 0, 255))
    return [np.ascontiguousarray(each, np.uint8) for each in varied]


def _missing(expected: list[Detections], found: list[Detections]) -> float:
    """Share of boxes on either side that have no like on the other."""
    matched = total = 0
    for one, other in zip(expected, found, strict=True):
        total += max(len(one), len(other))
        free = set(range(len(other)))
        for index in range(len(one)):
            like = next(
                (
                    place
                    for place in sorted(free)
                    if other.label[place] == one.label[index]
                    and abs(float(other.score[place] - one.score[index])) <= SAME_SCORE
                    and np.abs(other.xyxy[place] - one.xyxy[index]).max() <= SAME_PX
                ),
                None,
            )
            if like is not None:
                free.discard(like)
                matched += 1
    return 1 - matched / total if total else 0.0
