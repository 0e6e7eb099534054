"""Non-maximum suppression: of boxes of one class that overlap, the best stays."""

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_BOXES = 300
"""Boxes kept a picture, as Ultralytics keeps; the densest street pictures at hand hold about 60."""

MAX_CANDIDATES = 30_000
"""Candidates compared a picture, as Ultralytics compares; bounds time at absurdly low scores."""

_FIRST = 1024
"""Candidates compared at first: they nearly always suffice, and time goes with their square."""


def suppress(
    xyxy: NDArray[np.float32],
    score: NDArray[np.float32],
    label: NDArray[np.int32],
    iou: float,
    limit: int = MAX_BOXES,
) -> NDArray[np.intp]:
    """Return indices of the boxes that stay, best score first, at most `limit`.

    A box goes when a better one of the same label overlaps it by more than `iou` (intersection
    over union). Equal scores keep their order.
    """
    order = np.argsort(-score, kind="stable")[:MAX_CANDIDATES]
    best = order[:_FIRST]
    kept = best[_greedy(xyxy[best], score[best], label[best], iou)]
    if len(kept) < limit and len(order) > len(best):
        kept = order[_greedy(xyxy[order], score[order], label[order], iou)]
    return kept[:limit]


def _greedy(
    xyxy: NDArray[np.float32], score: NDArray[np.float32], label: NDArray[np.int32], iou: float
) -> NDArray[np.intp]:
    """Return which of these boxes, best first, stay."""
    if len(score) == 0:
        return np.empty(0, np.intp)
    boxes = xyxy.astype(np.float64)
    boxes[:, 2:] -= boxes[:, :2]  # x, y, width, height
    kept = cv2.dnn.NMSBoxesBatched(boxes, score, label, 0.0, iou)  # type: ignore[arg-type]  # its stubs know lists only
    return np.sort(np.asarray(kept, np.intp))
