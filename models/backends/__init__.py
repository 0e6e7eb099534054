"""The seam to inference engines: a model's bytes in, a session that runs one tensor at a time.

An engine is one module here with an `open_session` of this shape; nothing outside this package
imports an engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.backends.stderr import without_lines

__all__ = [
    "ENGINES",
    "Engine",
    "EngineKind",
    "Port",
    "Session",
    "available_engines",
    "engine_of",
    "engine_version",
    "open_session",
]


@dataclass(frozen=True, slots=True)
class EngineKind:
    """What is known of an engine before it is loaded."""

    module: str
    packages: tuple[str, ...]
    """That bring the module."""
    precisions: tuple[str, ...]
    """That it can compute a float32 network in; the first is exact."""
    provider: str | None = None
    """ONNX Runtime's name for the device it runs on."""


_RUNTIME = ("onnxruntime", ("onnxruntime", "onnxruntime-gpu"))
ENGINES: Mapping[str, EngineKind] = {
    "onnxruntime": EngineKind(*_RUNTIME, ("fp32",), "CPUExecutionProvider"),
    "openvino": EngineKind("openvino", ("openvino",), ("fp32", "bf16", "fp16")),
    "cuda": EngineKind(*_RUNTIME, ("fp32", "tf32"), "CUDAExecutionProvider"),
    "tensorrt": EngineKind(*_RUNTIME, ("fp32", "fp16"), "TensorrtExecutionProvider"),
}
"""By name, as tuned.json has it."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output of a network."""

    name: str
    shape: tuple[int | None, ...]
    """None where the size is free."""
    dtype: str
    """numpy's name, "float32"; empty for what is no tensor of numbers."""


class Session(Protocol):
    """A network ready to run. Used by `depth` threads at a time."""

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Describe what it takes."""

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Describe what it gives."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Return what the exporter wrote into the file."""

    @property
    def depth(self) -> int:
        """Return how many runs it takes at a time."""

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
    return _open_onnx_runtime(model, threads=threads, spin=spin)


def available_engines() -> tuple[str, ...]:
    """Return the names of the engines that are installed; whether a device is there shows later."""
    installed = {kind.module for kind in ENGINES.values() if find_spec(kind.module) is not None}
    providers = _providers() if "onnxruntime" in installed else set()
    return tuple(
        name
        for name, kind in ENGINES.items()
        if kind.module in installed and (kind.provider is None or kind.provider in providers)
    )


def engine_version(name: str) -> str:
    """Return the version of the package behind an engine; "" where it is not installed."""
    for package in ENGINES[name].packages:
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return ""


def engine_of(name: str, precision: str = "fp32", streams: int = 1) -> Engine:
    """Return an engine by name; ValueError for an unknown one, or a precision it has not.

    `streams`: runs that it computes side by side, each with threads of its own.
    """
    if name not in ENGINES:
        raise ValueError(f"unknown engine {name!r}: expected one of {', '.join(ENGINES)}")
    kind = ENGINES[name]
    if precision not in kind.precisions:
        known = ", ".join(kind.precisions)
        raise ValueError(f"{name} computes in {known}, not in {precision!r}")
    if kind.provider is None:
        return partial(_open_openvino, precision=precision, streams=streams)
    return partial(_open_onnx_runtime, provider=kind.provider, precision=precision, streams=streams)


def _providers() -> set[str]:
    return set(_onnx_runtime().available_providers())


def _onnx_runtime() -> ModuleType:
    # Where a graphics card is not what it expects, ONNX Runtime warns when it is imported; the
    # warning cannot be turned off (microsoft/onnxruntime issue 27092).
    with without_lines(b"device_discovery.cc"):
        return import_module("models.backends.onnx_runtime")  # loaded late


def _open_onnx_runtime(
    model: bytes,
    *,
    threads: int,
    spin: bool,
    provider: str = "CPUExecutionProvider",
    precision: str = "fp32",
    streams: int = 1,
) -> Session:
    session: Session = _onnx_runtime().OnnxRuntimeSession(
        model, threads=threads, spin=spin, provider=provider, precision=precision, streams=streams
    )
    return session


def _open_openvino(
    model: bytes,
    *,
    threads: int,
    spin: bool,  # noqa: ARG001  # has no counterpart: its threads sleep when there is no work
    precision: str,
    streams: int,
) -> Session:
    from models.backends.openvino import OpenVinoSession  # noqa: PLC0415  # loaded late

    return OpenVinoSession(model, threads=threads, precision=precision, streams=streams)
