"""Which of one list belongs to which of another, at the least total cost."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORBIDDEN = 1e6


def warm_up() -> None:
    """Load what the first look would else wait for."""
    _solver()


def assign(cost: NDArray[np.float64], allowed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pairs (row, column) of an (N, M) cost matrix, each row and column at most once.

    As many allowed pairs as possible, among those the cheapest; never a pair not allowed.
    """
    if not allowed.any():
        return []
    rows, columns = _solver()(np.where(allowed, cost, FORBIDDEN))
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if allowed[row, column]]


@cache
def _solver() -> Any:
    # scipy.optimize takes most of the time of importing this package; `check` needs only KINDS
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - see above

    return linear_sum_assignment
