"""Non-maximum suppression: of boxes of one class that overlap, the best stays."""

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_BOXES = 300
"""Boxes kept a picture, as Ultralytics keeps; the densest street pictures at hand hold about 60."""

MAX_CANDIDATES = 30_000
"""Candidates compared a picture, as Ultralytics compares; bounds time at absurdly low scores."""


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
    if len(order) == 0:
        return order
    boxes = xyxy[order].astype(np.float64)
    boxes[:, 2:] -= boxes[:, :2]  # x, y, width, height
    kept = cv2.dnn.NMSBoxesBatched(boxes, score[order], label[order], 0.0, iou)  # type: ignore[arg-type]  # its stubs know lists only
    return order[np.sort(np.asarray(kept, np.intp))[:limit]]
