"""The seam to inference engines: a model's bytes in, a session that runs one tensor at a time.

An engine is one module here with an `open_session` of this shape; nothing outside this package
imports an engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.backends.stderr import without_lines

__all__ = ["ENGINES", "Engine", "Port", "Session", "available_engines", "engine_of", "open_session"]

ENGINES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "onnxruntime": ("onnxruntime", ("fp32",)),
    "openvino": ("openvino", ("fp32", "bf16")),
}
"""By name: the package it needs, and the precisions it can compute a float32 network in."""


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


def available_engines() -> tuple[str, ...]:
    """Return the names of the engines whose package is installed."""
    return tuple(name for name, (package, _) in ENGINES.items() if find_spec(package) is not None)


def engine_of(name: str, precision: str = "fp32") -> Engine:
    """Return an engine by name; ValueError for an unknown one, or a precision it has not."""
    if name not in ENGINES:
        raise ValueError(f"unknown engine {name!r}: expected one of {', '.join(ENGINES)}")
    if precision not in ENGINES[name][1]:
        known = ", ".join(ENGINES[name][1])
        raise ValueError(f"{name} computes in {known}, not in {precision!r}")
    return open_session if name == "onnxruntime" else partial(_open_openvino, precision=precision)


def _open_openvino(
    model: bytes,
    *,
    threads: int,
    spin: bool,  # noqa: ARG001  # has no counterpart: its threads sleep when there is no work
    precision: str,
) -> Session:
    from models.backends.openvino import OpenVinoSession  # noqa: PLC0415  # loaded late

    return OpenVinoSession(model, threads=threads, precision=precision)
