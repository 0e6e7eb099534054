"""OpenVINO on the CPU: the extra [openvino].

Arithmetic stays in float32 unless a precision is asked for: the same pictures give the same boxes
as ONNX Runtime to within rounding.
"""

from collections.abc import Mapping
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import openvino  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray

from models.backends import Port
from models.errors import InferenceFailed, NotAModel

_PRECISIONS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
_DTYPES = {
    "f32": "float32",
    "f16": "float16",
    "f64": "float64",
    "u8": "uint8",
    "i8": "int8",
    "i32": "int32",
    "i64": "int64",
    "boolean": "bool",
}


class OpenVinoSession:
    """One model compiled for the CPU, with a request more than it computes side by side."""

    def __init__(
        self, model: bytes, *, threads: int, precision: str = "fp32", streams: int = 1
    ) -> None:
        self.depth = streams + 1
        settings = {
            "INFERENCE_NUM_THREADS": threads * streams,
            "NUM_STREAMS": streams,
            "INFERENCE_PRECISION_HINT": _PRECISIONS[precision],
            # Pinned threads of two detectors would share one core and leave others idle; streams
            # that are not pinned may share one just so (measured: 101 against 153 pictures/s).
            "ENABLE_CPU_PINNING": streams > 1,
        }
        try:
            core = openvino.Core()
            able = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
            network = core.read_model(model=model)
            self.inputs = tuple(_port(each) for each in network.inputs)
            self.outputs = tuple(_port(each) for each in network.outputs)
            self.metadata: Mapping[str, str] = _metadata(network)
            compiled = core.compile_model(network, "CPU", settings)
            # One waits while the others are computed: its streams go on without asking Python.
            requests = [compiled.create_infer_request() for _ in range(self.depth)]
        except Exception as error:  # it raises bare RuntimeErrors, and some of its own
            raise NotAModel(f"OpenVINO cannot load it: {_reason(error)}") from error
        if precision.upper() not in able:
            raise NotAModel(f"OpenVINO cannot load it: this processor does not compute {precision}")
        self._requests: SimpleQueue[openvino.InferRequest] = SimpleQueue()
        """Those that compute nothing."""
        for request in requests:
            self._requests.put(request)

    def run(self, blob: NDArray[np.floating]) -> list[NDArray[np.float32]]:
        """Run the only input; outputs in order, as float32."""
        try:
            request = self._requests.get_nowait()
        except Empty:
            raise InferenceFailed("the model has been closed") from None
        try:
            request.start_async({0: blob}, share_inputs=True)  # infer() copies all outputs
            request.wait()
            # Copied: the request writes its own memory again in a later run.
            outputs = [
                np.array(request.get_output_tensor(index).data, np.float32)
                for index in range(len(self.outputs))
            ]
        except Exception as error:  # as above
            raise InferenceFailed(f"OpenVINO cannot run it: {_reason(error)}") from error
        finally:
            self._requests.put(request)
        return outputs

    def close(self) -> None:
        """Free the requests, and with them the model."""
        self._requests = SimpleQueue()


def _port(node: Any) -> Port:
    shape = tuple(
        None if side.is_dynamic else side.get_length() for side in node.get_partial_shape()
    )
    names = node.get_names()
    name = min(names) if names else ""
    return Port(name, shape, _DTYPES.get(node.get_element_type().get_type_name(), ""))


def _metadata(network: Any) -> Mapping[str, str]:
    """Return what the exporter wrote: OpenVINO keeps an ONNX file's metadata as "framework"."""
    if not network.has_rt_info(["framework"]):
        return {}
    found = network.get_rt_info(["framework"])
    return {str(key): str(value) for key, value in found.value.items()}


def _reason(error: Exception) -> str:
    """Keep the last line: above it stand places in OpenVINO's own source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:200] if lines else type(error).__name__
