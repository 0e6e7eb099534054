"""A network as an engine opened it, examined: what it takes and what one run gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from models.backends import Port, Session
from models.errors import InferenceFailed, ManifestError, NoDetector
from models.letterbox import Size

FREE_SIZE = 640
"""Side in pixels that pictures are fitted into when the input size is free and nobody says."""

SIDES = range(32, 4097)
"""Sides in pixels that a detector for street pictures may have."""

MAX_PIXELS = 1 << 25
"""Pixels in one run, all pictures together: 400 MB of float32 input, whatever a file asks for."""

MAX_BATCH = 16
"""Pictures a run of a network that takes any number: more gains nothing on a CPU."""

_DTYPES: Mapping[str, type[np.floating]] = MappingProxyType(
    {"float32": np.float32, "float16": np.float16}
)


@dataclass(frozen=True, slots=True)
class Network:
    """A session with one picture input, and what is known of it."""

    session: Session
    input_size: Size
    free_size: bool
    """True when every picture may have a rectangle of its own."""
    batch: int | None
    """Pictures a run that it is fixed to; None: any number."""
    dtype: type[np.floating]
    output_shapes: tuple[tuple[int, ...], ...]
    """Of one run."""
    limit: int = MAX_BATCH
    """Pictures a run at most, where it takes any number."""

    def most(self, size: Size) -> int:
        """Return how many pictures of an input size go into one run."""
        if self.batch is not None:
            return self.batch
        return max(1, min(self.limit, MAX_PIXELS // (size[0] * size[1])))

    @classmethod
    def examine(cls, session: Session, promised: Size | None = None) -> "Network":
        """Look at the input, run a blank picture; raises NoDetector, ManifestError.

        `promised` is the input size that a manifest names: a network of free size takes it, one
        of another size is refused.
        """
        port = _picture_input(session)
        batch, _, height, width = port.shape
        usual = promised or _usual_size(session) or (FREE_SIZE, FREE_SIZE)
        size = (height or usual[0], width or usual[1])
        if promised not in (None, size):
            raise ManifestError(f"its input is {size}, the manifest says {promised}")
        pixels = (1 if batch is None else batch) * size[0] * size[1]
        if any(side not in SIDES for side in size) or not 0 < pixels <= MAX_PIXELS:
            raise NoDetector(f"its input {port.shape} is out of bounds for street pictures")
        dtype = _DTYPES[port.dtype]
        try:
            outputs = session.run(np.zeros((batch or 1, 3, *size), dtype))
        except InferenceFailed as error:
            raise NoDetector(f"a blank picture fails: {error}") from error
        shapes = tuple(output.shape for output in outputs)
        return cls(session, size, height is None and width is None, batch, dtype, shapes)


def _picture_input(session: Session) -> Port:
    """Return the only input, (n, 3, h, w) of floating point numbers."""
    if len(session.inputs) != 1:
        names = ", ".join(port.name for port in session.inputs)
        raise NoDetector(f"it takes {len(session.inputs)} inputs ({names}), a detector takes one")
    port = session.inputs[0]
    if len(port.shape) != 4 or port.shape[1] not in (3, None):
        raise NoDetector(f"its input {port.shape} is not (n, 3, height, width)")
    if port.dtype not in _DTYPES:
        raise NoDetector(f"its input is {port.dtype or 'no tensor'}, not float32 or float16")
    return port


def _usual_size(session: Session) -> Size | None:
    """Return the size that an Ultralytics export was made for: imgsz "[640, 640]"."""
    sides = session.metadata.get("imgsz", "").strip("[]() ").split(",")
    if len(sides) != 2 or not all(side.strip().isdecimal() for side in sides):
        return None
    return int(sides[0]), int(sides[1])
