"""What else a pinned look showed: boxes that may have to be covered in what leaves the box."""

import numpy as np
from numpy.typing import NDArray

from cases import SeenThing
from detectors import VEHICLES, Box, Look
from models import VOCABULARY
from pipeline.spool import Surroundings

OTHER_CONF = 0.07
"""People and two-wheelers are covered from this score on, vehicles from the lowest: below it, more
of the accused went than of bystanders came (`tests/test_pipeline_cover.py`)."""
ECHO_SCORE = 0.5
"""An echo's score is below this share of the score of the box it lies in."""
ECHO_INSIDE = 0.5
"""Share of an echo's area inside that box."""


def surroundings_of(look: Look) -> Surroundings:
    """Return everything in a look, labelled by vocabulary name, and which of it are echoes.

    At low scores a model finds parts of a vehicle once more as vehicles. Inside the accused such
    an echo is not somebody else's car, and covering it would cover the accused.
    """
    detections = look.detections
    names = [VOCABULARY.name(int(label)) for label in detections.label]
    vehicles = np.array([name in VEHICLES for name in names], bool)
    echoes = _echoes(detections.xyxy, detections.score, vehicles)
    sure = vehicles | (detections.score >= OTHER_CONF)
    seen = tuple(
        SeenThing(names[index], _box(detections.xyxy[index]), bool(echoes[index]))
        for index in np.flatnonzero(sure).tolist()
    )
    return Surroundings(look.width, look.height, seen)


def _box(edges: NDArray[np.float32]) -> Box:
    x0, y0, x1, y1 = (float(edge) for edge in edges)
    return x0, y0, x1, y1


def _echoes(
    xyxy: NDArray[np.float32], score: NDArray[np.float32], vehicles: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Mark the (N,) boxes that are echoes of a vehicle."""
    low = np.maximum(xyxy[:, None, :2], xyxy[None, :, :2])
    high = np.minimum(xyxy[:, None, 2:], xyxy[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)  # (N, N)
    own = np.prod(np.clip(xyxy[:, 2:] - xyxy[:, :2], 1e-6, None), axis=1)
    inside = shared / own[:, None] >= ECHO_INSIDE
    weaker = score[:, None] < ECHO_SCORE * score[None, :]
    both = vehicles[:, None] & vehicles[None, :]
    marked: NDArray[np.bool_] = (inside & weaker & both).any(axis=1)
    return marked
