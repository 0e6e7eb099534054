"""Which of one list belongs to which of another, at the least total cost."""

import numpy as np
from numpy.typing import NDArray

FORBIDDEN = 1e6


def assign(cost: NDArray[np.float64], allowed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pairs (row, column) of an (N, M) cost matrix, each row and column at most once.

    As many allowed pairs as possible, among those the cheapest; never a pair not allowed.
    """
    if not allowed.any():
        return []
    # scipy.optimize takes most of the time of importing this package; `check` needs only KINDS
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - see above

    rows, columns = linear_sum_assignment(np.where(allowed, cost, FORBIDDEN))
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if allowed[row, column]]
