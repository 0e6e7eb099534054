"""The street model with a free batch, for a peer that puts all cameras into one run.

The exported file is fixed to one picture a run; the first size of its input, outputs and constant
Reshape targets is made free. Weights and arithmetic stay as they are: checked on four pictures.
"""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]  # ships no types
from onnx import numpy_helper

FOLDER = Path(__file__).resolve().parents[2] / "build" / "cameras"


def free_batch(model: Path) -> Path:
    """Return the file of the model with a free batch, made where it is missing."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()[:16]
    file = FOLDER / f"{model.stem}-{digest}-free-batch.onnx"
    if not file.is_file():
        FOLDER.mkdir(parents=True, exist_ok=True)
        network = onnx.load(model)
        _free(network.graph)
        _check(model, network)
        onnx.save(network, file)
    return file


def _free(graph: onnx.GraphProto) -> None:
    targets = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for constant in graph.initializer:
        if constant.name in targets:
            constant.CopyFrom(_followed(constant))
    for node in graph.node:
        if node.op_type == "Constant" and node.output[0] in targets:
            value = next(each for each in node.attribute if each.name == "value")
            value.t.CopyFrom(_followed(value.t))
    for port in (*graph.input, *graph.output):
        port.type.tensor_type.shape.dim[0].dim_param = "batch"
    del graph.value_info[:]


def _followed(target: onnx.TensorProto) -> onnx.TensorProto:
    """Let a Reshape take its first size from what comes in (0) where it was one picture."""
    sizes = numpy_helper.to_array(target).copy()
    if sizes.size and sizes[0] == 1:
        sizes[0] = 0
    return numpy_helper.from_array(sizes, target.name)


def _check(model: Path, freed: onnx.ModelProto) -> None:
    fixed = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    free = onnxruntime.InferenceSession(
        freed.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    port = fixed.get_inputs()[0]
    pictures = np.random.default_rng(0).random((4, *port.shape[1:]), np.float32)
    together = free.run(None, {port.name: pictures})[0]
    each = [fixed.run(None, {port.name: pictures[n : n + 1]})[0] for n in range(4)]
    if not np.allclose(together, np.concatenate(each), rtol=1e-3, atol=1e-2):
        raise SystemExit("benchmarks.cameras: the model with a free batch gives other boxes")
