"""ONNX Runtime on the CPU.

Its outputs are fresh arrays a run. Binding them to memory allocated once was measured: it saves
0.1 ms of a run of 60, and fixes output shapes that some exports leave free; it is not done.
"""

import re
from collections.abc import Mapping

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray

from models.backends import Port
from models.errors import InferenceFailed, NotAModel

_SILENT = 4  # fatal only: what matters arrives as an exception, and stderr belongs to our logs
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
    """One ONNX Runtime session on its CPU provider."""

    def __init__(self, model: bytes, *, threads: int, spin: bool) -> None:
        onnxruntime.set_default_logger_severity(_SILENT)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _SILENT
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
        try:
            session = onnxruntime.InferenceSession(
                model,
                options,
                providers=["CPUExecutionProvider"],
                enable_fallback=0,  # its second try prints to stdout
            )
            # Names are decoded here: in a damaged file they are no UTF-8.
            self.inputs = tuple(_port(each) for each in session.get_inputs())
            self.outputs = tuple(_port(each) for each in session.get_outputs())
            self.metadata: Mapping[str, str] = dict(session.get_modelmeta().custom_metadata_map)
        except Exception as error:  # its errors share no base but Exception
            raise NotAModel(f"ONNX Runtime cannot load it: {_reason(error)}") from error
        self._session: onnxruntime.InferenceSession | None = session

    def run(self, blob: NDArray[np.floating]) -> list[NDArray[np.float32]]:
        """Run the only input; outputs in order, as float32."""
        if self._session is None:
            raise InferenceFailed("the model has been closed")
        try:
            outputs = self._session.run(None, {self.inputs[0].name: blob})
        except Exception as error:  # as above
            raise InferenceFailed(f"ONNX Runtime cannot run it: {_reason(error)}") from error
        return [np.asarray(each, np.float32) for each in outputs]

    def close(self) -> None:
        """Free the session."""
        self._session = None


def _port(node: onnxruntime.NodeArg) -> Port:
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return Port(node.name, shape, _DTYPES.get(node.type, ""))


def _reason(error: Exception) -> str:
    """Keep the sentence, drop the error code in front and what stretches over lines."""
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error))
    return " ".join(text.split())[:200]
