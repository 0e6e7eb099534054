"""One look at a street: what was detected in one picture, and how far it can be trusted."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from models import Detections


class Basis(StrEnum):
    """Where the detections of a look come from."""

    OBSERVED = "observed"
    """A model looked at this picture."""
    CARRIED = "carried"
    """The motion gate saw no change: the last detections stand. Never counts as evidence."""


class PictureState(StrEnum):
    """Whether the picture shows the street it should show."""

    OK = "ok"
    BLACK = "black"
    """Nothing but black."""
    DARK = "dark"
    """Too little light to see by."""
    OVEREXPOSED = "overexposed"
    """Half of it nothing but white."""
    COVERED = "covered"
    """Something is before the lens."""
    MOVED = "moved"
    """The camera looks elsewhere than when its zones were drawn."""
    FROZEN = "frozen"
    """Packets run, the picture does not."""
    BLURRED = "blurred"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What rules see. Boxes are in source pixels; labels index the site's vocabulary."""

    camera_id: str
    view: str
    """Name of the camera's view (a fixed camera has one, "default")."""
    session: int
    at_s: float
    """Seconds on the camera's timeline."""
    captured_at: datetime
    """UTC, aware."""
    width: int
    """Source picture size in pixels."""
    height: int
    detections: Detections
    basis: Basis = Basis.OBSERVED
    state: PictureState = PictureState.OK
    picture: NDArray[np.uint8] | None = field(default=None, repr=False)
    """(h, w, 3) uint8 RGB, possibly smaller than width x height, for comparing appearances."""
    still: bool = False
    """The picture is the one of the look before, as far as can be told: it may be frozen."""
