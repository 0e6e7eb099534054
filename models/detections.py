"""Boxes that a model found in one picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Struct of arrays, best score first. Boxes: half-open pixels x0 y0 x1 y1, x right, y down."""

    xyxy: NDArray[np.float32]
    """(N, 4) float32, in pixels of the picture that the caller names; never clipped by rules."""
    score: NDArray[np.float32]
    """(N,) float32 in 0..1."""
    label: NDArray[np.int32]
    """(N,) int32, index into the vocabulary that the caller names."""

    def __post_init__(self) -> None:
        """Check that the arrays agree."""
        count = len(self.score)
        if self.xyxy.shape != (count, 4) or self.label.shape != (count,) or self.score.ndim != 1:
            raise ValueError(
                "expected xyxy (N, 4), score (N,), label (N,); "
                f"got {self.xyxy.shape}, {self.score.shape}, {self.label.shape}"
            )

    def __len__(self) -> int:
        """Count the boxes."""
        return len(self.score)

    def __repr__(self) -> str:
        """Say how many, not which."""
        return f"Detections(n={len(self)})"

    @classmethod
    def empty(cls) -> "Detections":
        """No box at all."""
        return cls(
            np.empty((0, 4), np.float32), np.empty((0,), np.float32), np.empty((0,), np.int32)
        )

    def scaled(self, x_factor: float, y_factor: float) -> "Detections":
        """Return the same boxes in a picture that is wider and taller by these factors."""
        factors = np.array([x_factor, y_factor, x_factor, y_factor], np.float32)
        return Detections(self.xyxy * factors, self.score, self.label)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> "Detections":
        """Return the boxes that a mask or an index array names."""
        return Detections(self.xyxy[keep], self.score[keep], self.label[keep])
