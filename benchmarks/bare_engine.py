"""An inference engine by itself, at its best settings: what everything around it is measured by."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray

from models import ModelEntry, ModelError
from models.backends import ENGINES

TRIAL_BLOCKS = 3
"""Blocks of runs a setting in the search."""
TRIAL_RUNS = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """How an engine is run."""

    engine: str
    precision: str
    streams: int
    """Runs side by side."""
    threads: int
    """Inside one run."""

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.engine} {self.precision}, {self.streams} x {self.threads} threads"


class Bare:
    """A network in its engine, by the engine's own interface."""

    def __init__(self, entry: ModelEntry, settings: Settings) -> None:
        """Load it; raises ModelError where the engine does not."""
        self._streams = settings.streams
        self._run: Callable[[NDArray[np.floating], int], None]
        if settings.engine == "openvino":
            self._requests = _openvino_requests(entry, settings)
            self._run = self._run_openvino
        else:
            self._session = _session(entry, settings)
            self._name = self._session.get_inputs()[0].name
            self._pool = ThreadPoolExecutor(settings.streams)
            self._run = self._run_onnx_runtime

    def call_s(self, blob: NDArray[np.floating], runs: int) -> float:
        """Run one tensor several times; seconds taken."""
        started_s = time.perf_counter()
        self._run(blob, runs)
        return time.perf_counter() - started_s

    def _run_onnx_runtime(self, blob: NDArray[np.floating], runs: int) -> None:
        if self._streams == 1:
            for _ in range(runs):
                self._session.run(None, {self._name: blob})
            return
        each = [self._pool.submit(self._session.run, None, {self._name: blob}) for _ in range(runs)]
        for run in each:
            run.result()

    def _run_openvino(self, blob: NDArray[np.floating], runs: int) -> None:
        for number in range(runs):
            request = self._requests[number % len(self._requests)]
            request.wait()
            request.start_async({0: blob}, share_inputs=True)
        for request in self._requests:
            request.wait()


def best_settings(entry: ModelEntry, engine: str, precision: str) -> Settings:
    """Try numbers of threads and of runs side by side; print the speeds, return the fastest."""
    blob = np.zeros((1, 3, *entry.input_size), np.float32)
    seconds: dict[Settings, float] = {}
    for streams, threads in _shares(engine):
        settings = Settings(engine, precision, streams, threads)
        bare = Bare(entry, settings)
        bare.call_s(blob, 2)
        seconds[settings] = statistics.median(
            bare.call_s(blob, TRIAL_RUNS * streams) / (TRIAL_RUNS * streams)
            for _ in range(TRIAL_BLOCKS)
        )
        print(f"bare {settings}: {1 / seconds[settings]:.2f} img/s", flush=True)
    return min(seconds, key=seconds.__getitem__)


def _shares(engine: str) -> Iterator[tuple[int, int]]:
    """Yield (streams, threads)."""
    if engine not in {"onnxruntime", "openvino"}:
        yield from ((1, 1), (2, 1))
        return
    cores = len(os.sched_getaffinity(0))
    for threads in sorted({1, *range(2, cores, 2), cores}):
        yield 1, threads
    if cores > 1:
        yield cores, 1


def _session(entry: ModelEntry, settings: Settings) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.log_severity_level = 4
    provider = ENGINES[settings.engine].provider
    own: dict[str, Any] = {}
    if settings.engine == "cuda":
        own = {"use_tf32": int(settings.precision == "tf32")}
    elif settings.engine == "tensorrt":
        own = {"trt_fp16_enable": settings.precision == "fp16"}
    try:
        session = onnxruntime.InferenceSession(
            entry.file.read_bytes(), options, providers=[(provider, own)], enable_fallback=0
        )
    except Exception as error:  # its errors share no base but Exception
        raise ModelError(f"{settings.engine} does not run here: {error}") from error
    if session.get_providers()[0] != provider:
        raise ModelError(f"{settings.engine} finds no device or library here")
    return session


def _openvino_requests(entry: ModelEntry, settings: Settings) -> list[Any]:
    import openvino  # type: ignore[import-untyped]  # noqa: PLC0415  # an extra; ships no types

    hints = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
    compiled = openvino.Core().compile_model(
        openvino.Core().read_model(model=entry.file.read_bytes()),
        "CPU",
        {
            "INFERENCE_NUM_THREADS": settings.streams * settings.threads,
            "NUM_STREAMS": settings.streams,
            "INFERENCE_PRECISION_HINT": hints[settings.precision],
        },
    )
    return [compiled.create_infer_request() for _ in range(settings.streams + 1)]
