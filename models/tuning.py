"""Finding how a model runs best on this box: engine, precision, threads, pictures a run."""

import os
import statistics
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.backends import ENGINES, available_engines
from models.choice import Choice
from models.detections import Detections
from models.detector import MAX_THREADS, Detector, load
from models.errors import ModelError, NotAModel
from models.manifest import ModelEntry
from models.network import MAX_BATCH
from models.pictures import Picture
from models.selfcheck import known_pictures

ROUNDS = 3
ROUND_S = 0.6
"""Of a round at most: with many choices rounds are shorter."""
BUDGET_S = 100.0
"""For all models together. Choices that have not been tried by then are left out: tuning takes less
than two minutes."""
ROUNDS_SHARE = 0.6
"""Of the budget for rounds; opening sessions takes the rest."""
PICTURES = 8
"""Pictures a call, as a busy box has them waiting."""
SAME_PX = 1.5
SAME_SCORE = 0.02
SAME_SHARE = 0.98
"""Share of boxes that another precision has to find again to be accepted."""
NEAR = 1.1
"""Of choices that are slower than the fastest by less than this factor, the one that takes the
least processor time is best: the processors decode pictures too."""
CPU_ENGINES = ("onnxruntime", "openvino")


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
    loaded: bool = True


Progress = Callable[[int, int], None]
"""Told how many trials are done, of how many."""


def tune_each(
    entries: Sequence[ModelEntry], begin: Callable[[ModelEntry], Progress]
) -> Iterator[tuple[ModelEntry, Trial, list[Trial]]]:
    """Tune models one after the other within BUDGET_S; yield each with its best and all trials.

    A model may take an even share of what is left. `begin` is told of each, and returns whom to
    tell of its trials.
    """
    end_s = time.monotonic() + BUDGET_S
    for number, entry in enumerate(entries):
        progress = begin(entry)
        share_s = (end_s - time.monotonic()) / (len(entries) - number)
        yield entry, *tune(entry, progress, budget_s=share_s)


def tune(
    entry: ModelEntry,
    progress: Progress | None = None,
    engines: Collection[str] | None = None,
    *,
    budget_s: float = BUDGET_S,
) -> tuple[Trial, list[Trial]]:
    """Try every way this box offers, or those of some engines; return the best and all, as tried.

    What has not been tried after `budget_s` is left out, once one way is known to do. The reference
    for what is found is ONNX Runtime in float32. Raises ModelError where not even that runs.
    """
    begun_s = time.monotonic()
    pictures = _pictures()
    reference = _open(entry, Choice(threads=1))
    expected = reference.detect(pictures)
    free = reference.batch is None
    reference.close()
    offered = available_engines() if engines is None else sorted(engines)
    choices = sorted(_choices(offered, free=free), key=lambda one: one.engine in CPU_ENGINES)
    round_s = min(ROUND_S, ROUNDS_SHARE * budget_s / (ROUNDS * len(choices)))
    trials: list[Trial] = []
    missing: set[str] = set()
    for number, choice in enumerate(choices):
        if time.monotonic() - begun_s > budget_s and not all(trial.refused for trial in trials):
            trials.append(Trial(choice, 0.0, 0.0, "not tried: time is up"))
        elif choice.engine not in missing:
            trials.append(_try(entry, choice, pictures, expected, round_s))
            if not trials[-1].loaded and choice.engine not in CPU_ENGINES:
                missing.add(choice.engine)  # no device: nothing else of it will load either
        if progress is not None:
            progress(number + 1, len(choices))
    return _best(trials), trials


def _choices(engines: Iterable[str], *, free: bool) -> Iterator[Choice]:
    cores = len(os.sched_getaffinity(0))
    counts = sorted({1, 2, cores // 2, min(cores, MAX_THREADS)} & set(range(1, cores + 1)))
    for engine in engines:
        on_cpu = engine in CPU_ENGINES
        for precision in ENGINES[engine].precisions:
            for streams, threads in _shares(cores, counts) if on_cpu else ((1, 1), (2, 1)):
                for batch in (1, 4, MAX_BATCH) if free else (1,):
                    yield Choice(engine, precision, threads, batch, streams)


def _shares(cores: int, counts: list[int]) -> Iterator[tuple[int, int]]:
    """Yield (streams, threads): one run with each number of threads, then all cores in streams."""
    yield from ((1, count) for count in counts)
    yield from ((cores // count, count) for count in counts[:2] if cores // count > 1)


def _try(
    entry: ModelEntry,
    choice: Choice,
    pictures: list[Picture],
    expected: list[Detections],
    round_s: float,
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
            while not count or (passed := time.perf_counter() - begun) < round_s:
                detector.detect(pictures)
                count += len(pictures)
            paces.append(count / passed)
            seen += count
        used_s = time.process_time() - used_s
        detector.close()
    except ModelError as error:
        reason = str(error).removeprefix(f"{entry.file}: ")
        return Trial(choice, 0.0, 0.0, reason, loaded=not isinstance(error, NotAModel))
    return Trial(choice, statistics.median(paces), 1000 * used_s / seen)


def _best(trials: list[Trial]) -> Trial:
    """Return, of those about as fast as the fastest, the one that costs the least processor time.

    Raises ModelError where every one was refused.
    """
    good = [trial for trial in trials if not trial.refused]
    if not good:
        raise ModelError("; ".join(sorted({trial.refused for trial in trials})))
    most = max(trial.pictures_per_s for trial in good)
    near = [trial for trial in good if trial.pictures_per_s * NEAR >= most]
    return min(near, key=lambda trial: (trial.processor_ms, -trial.pictures_per_s))


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
