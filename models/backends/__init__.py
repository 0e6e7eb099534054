"""The seam to inference engines: a model's bytes in, a session that runs one tensor at a time.

An engine is one module here with an `open_session` of this shape; nothing outside this package
imports an engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.backends.stderr import without_lines

__all__ = ["Engine", "Port", "Session", "open_session"]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output of a network."""

    name: str
    shape: tuple[int | None, ...]
    """None where the size is free."""
    dtype: str
    """numpy's name, "float32"; empty for what is no tensor of numbers."""


class Session(Protocol):
    """A network ready to run. Used by one thread at a time."""

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Describe what it takes."""

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Describe what it gives."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Return what the exporter wrote into the file."""

    def run(self, blob: NDArray[np.floating]) -> list[NDArray[np.float32]]:
        """Run the only input; outputs in order. Raises InferenceFailed. The blob is only read."""

    def close(self) -> None:
        """Free the engine's memory."""


class Engine(Protocol):
    """Opens sessions: `open_session` of this package, or of one engine."""

    def __call__(self, model: bytes, *, threads: int, spin: bool) -> Session:
        """Open an ONNX model with `threads` threads inside one run; raises NotAModel.

        `spin`: threads without work look for it actively. Faster on idle processors; where other
        work wants them too, far slower.
        """


def open_session(model: bytes, *, threads: int, spin: bool) -> Session:
    """Open an ONNX model on the CPU, as `Engine` says."""
    # Where a graphics card is not what it expects, ONNX Runtime warns when it is imported; it is
    # not used here, and the warning cannot be turned off (microsoft/onnxruntime issue 27092).
    with without_lines(b"device_discovery.cc"):
        from models.backends.onnx_runtime import OnnxRuntimeSession  # noqa: PLC0415  # loaded late

    return OnnxRuntimeSession(model, threads=threads, spin=spin)
