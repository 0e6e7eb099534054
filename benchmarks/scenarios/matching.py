"""Which confirmed violation is which of the truth: what scripts and clips are scored by."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from benchmarks.scenarios.counts import Counts
from detectors import Violation

Truth = TypeVar("Truth")


def match(
    tally: Counts,
    name: str,
    told: Iterable[Violation],
    truths: Sequence[Truth],
    *,
    is_same: Callable[[Truth, Violation], bool],
    say_told: Callable[[Violation], str],
    say_missed: Callable[[Truth], str],
) -> list[tuple[Truth, Violation]]:
    """Give every confirmed violation the first truth that it is, each once; return the pairs.

    Counts what was expected, found, false, and false where all is innocent; says in `wrong` what
    was false or missed of the sequence or clip of this name.
    """
    pairs: list[tuple[Truth, Violation]] = []
    left = list(truths)
    tally.expected += len(left)
    for one in told:
        truth = next((each for each in left if is_same(each, one)), None)
        if truth is None:
            tally.false += 1
            tally.innocent_false += not truths
            tally.wrong.append(f"{name}: false {say_told(one)}")
            continue
        left.remove(truth)
        tally.found += 1
        pairs.append((truth, one))
    tally.wrong += [f"{name}: missed {say_missed(each)}" for each in left]
    return pairs
