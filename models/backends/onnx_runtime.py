"""ONNX Runtime: on the CPU, on CUDA, through TensorRT.

A provider that the package has may still find no device, or no libraries for it: a session that
ends up on another one than asked for is refused. TensorRT builds an engine for each model, which
takes minutes; it is kept in the user's cache folder.

Its outputs are fresh arrays a run. Binding them to memory allocated once was measured: it saves
0.1 ms of a run of 60, and fixes output shapes that some exports leave free; it is not done.
"""

import io
import os
import re
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray

from models.backends import Port
from models.errors import InferenceFailed, NotAModel

_SILENT = 4  # fatal only: what matters arrives as an exception, and stderr belongs to our logs
_CPU = "CPUExecutionProvider"
_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}


class OnnxRuntimeSession:
    """One ONNX Runtime session on one of its providers."""

    def __init__(
        self,
        model: bytes,
        *,
        threads: int,
        spin: bool,
        provider: str = _CPU,
        precision: str = "fp32",
        streams: int = 1,
    ) -> None:
        onnxruntime.set_default_logger_severity(_SILENT)
        if provider != _CPU and hasattr(onnxruntime, "preload_dlls"):
            with redirect_stdout(io.StringIO()):  # it prints what it misses
                onnxruntime.preload_dlls()  # CUDA's libraries from Python packages
        try:
            session = onnxruntime.InferenceSession(
                model,
                _options(threads, spin=spin),
                providers=[(provider, _provider_options(provider, precision))],
                enable_fallback=0,  # its second try prints to stdout
            )
            # Names are decoded here: in a damaged file they are no UTF-8.
            self.inputs = tuple(_port(each) for each in session.get_inputs())
            self.outputs = tuple(_port(each) for each in session.get_outputs())
            self.metadata: Mapping[str, str] = dict(session.get_modelmeta().custom_metadata_map)
            used = session.get_providers()[0]
        except Exception as error:  # its errors share no base but Exception
            where = "" if provider == _CPU else f" on {provider}"
            raise NotAModel(f"ONNX Runtime cannot load it{where}: {_reason(error)}") from error
        if used != provider:
            raise NotAModel(f"ONNX Runtime cannot load it: {provider} finds no device or library")
        self._session: onnxruntime.InferenceSession | None = session
        self.depth = streams

    def run(self, blob: NDArray[np.floating]) -> list[NDArray[np.float32]]:
        """Run the only input; outputs in order, as float32."""
        session = self._session
        if session is None:
            raise InferenceFailed("the model has been closed")
        try:
            outputs = session.run(None, {self.inputs[0].name: blob})
        except Exception as error:  # as above
            raise InferenceFailed(f"ONNX Runtime cannot run it: {_reason(error)}") from error
        return [np.asarray(each, np.float32) for each in outputs]

    def close(self) -> None:
        """Free the session."""
        self._session = None


def available_providers() -> list[str]:
    """Name the providers that the package was built with."""
    return list(onnxruntime.get_available_providers())


def _options(threads: int, *, spin: bool) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
    return options


def _provider_options(provider: str, precision: str) -> dict[str, Any]:
    if provider == "CUDAExecutionProvider":
        return {"use_tf32": int(precision == "tf32"), "cudnn_conv_algo_search": "HEURISTIC"}
    if provider == "TensorrtExecutionProvider":
        home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
        cache = Path(home) / "streetwarden" / "tensorrt"
        cache.mkdir(parents=True, exist_ok=True)
        return {
            "trt_fp16_enable": precision == "fp16",
            "trt_engine_cache_enable": True,
            "trt_engine_cache_path": str(cache),
        }
    return {}


def _port(node: onnxruntime.NodeArg) -> Port:
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return Port(node.name, shape, _DTYPES.get(node.type, ""))


def _reason(error: Exception) -> str:
    """Keep the sentence, drop the error code in front and what stretches over lines."""
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error))
    text = re.sub(r"^/\S+:\d+ .*?\) ", "", text)  # a place in its own source
    return " ".join(text.split())[:200]
