"""Small ONNX networks made for tests: outputs are known, or follow from the picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]
Dim = int | str


def metadata(names: Sequence[str], **more: str) -> dict[str, str]:
    """Return what Ultralytics writes beside a network."""
    return {"names": str(dict(enumerate(names))), "task": "detect", "stride": "32", **more}


def save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    constants: Mapping[str, NDArray[np.generic]],
    facts: Mapping[str, str] | None = None,
) -> Path:
    """Write a checked model file."""
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(list(nodes), "made", list(inputs), list(outputs), weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, dict(facts or {}))
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def fixed_outputs(
    path: Path,
    outputs: Sequence[Array],
    *,
    size: tuple[Dim, Dim] = (64, 64),
    batch: Dim = 1,
    brightness: Sequence[Array] | None = None,
    facts: Mapping[str, str] | None = None,
    dtype: int = TensorProto.FLOAT,
    ignore_batch: bool = False,
) -> Path:
    """Make a network whose outputs are `outputs` (1, ...), for every picture of a batch.

    `brightness`: arrays of the same shapes, added times the mean of the picture's input values.
    `ignore_batch`: take any batch, give one picture's outputs (a mistake of some exports).
    """
    brightness = brightness or [np.zeros_like(each) for each in outputs]
    constants: dict[str, NDArray[np.generic]] = {}
    axes = [0, 1, 2, 3] if ignore_batch else [1, 2, 3]
    nodes = [
        helper.make_node("Cast", ["images"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=axes, keepdims=0),
        helper.make_node("Reshape", ["mean", "column"], ["means"]),
    ]
    constants["column"] = np.array([-1, 1, 1], np.int64)
    for index, (output, light) in enumerate(zip(outputs, brightness, strict=True)):
        constants[f"value{index}"], constants[f"light{index}"] = output, light
        nodes += [
            helper.make_node("Mul", ["means", f"light{index}"], [f"lit{index}"]),
            helper.make_node("Add", [f"lit{index}", f"value{index}"], [f"output{index}"]),
        ]
    return save(
        path,
        nodes,
        [helper.make_tensor_value_info("images", dtype, [batch, 3, *size])],
        [
            helper.make_tensor_value_info(
                f"output{index}", TensorProto.FLOAT, [batch, *output.shape[1:]]
            )
            for index, output in enumerate(outputs)
        ],
        constants,
        facts,
    )


def whole_input(path: Path, facts: Mapping[str, str]) -> Path:
    """Make a network of free size and batch that finds one thing as large as its input.

    Its output is (n, 4 + classes, 1) with score 0.9 for class 0; the other classes get 0.
    """
    rest = np.zeros((1, len(eval(facts["names"])), 1), np.float32)  # noqa: S307  # made above
    rest[0, 0] = 0.9
    nodes = [
        helper.make_node("Shape", ["images"], ["shape"]),
        helper.make_node("Cast", ["shape"], ["sides"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["sides", "width_height"], ["size"]),
        helper.make_node("Mul", ["size", "half"], ["centre"]),
        helper.make_node("Concat", ["centre", "size"], ["box"], axis=0),
        helper.make_node("Reshape", ["box", "column"], ["column_box"]),
        helper.make_node("Concat", ["column_box", "rest"], ["row"], axis=1),
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Reshape", ["nothing", "each"], ["nothings"]),
        helper.make_node("Add", ["row", "nothings"], ["output0"]),
    ]
    constants: dict[str, NDArray[np.generic]] = {
        "width_height": np.array([3, 2], np.int64),
        "half": np.array([0.5], np.float32),
        "zero": np.array([0], np.float32),
        "column": np.array([1, 4, 1], np.int64),
        "each": np.array([-1, 1, 1], np.int64),
        "rest": rest,
    }
    free = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, "h", "w"])
    output = helper.make_tensor_value_info(
        "output0", TensorProto.FLOAT, ["n", 4 + rest.shape[1], 1]
    )
    return save(path, nodes, [free], [output], constants, facts)


def classifier(path: Path) -> Path:
    """Make an image classifier: (1, 3, 64, 64) into 1000 scores."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["scores"]),
    ]
    return save(
        path,
        nodes,
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 1000])],
        {"weights": np.ones((3, 1000), np.float32)},
    )


def rows(*boxes: tuple[float, float, float, float, int, float], classes: int, cells: int) -> Array:
    """Build an Ultralytics output (1, 4 + classes, cells) from x, y, w, h, label, score."""
    output = np.zeros((1, 4 + classes, cells), np.float32)
    for cell, (x, y, width, height, label, score) in enumerate(boxes):
        output[0, :4, cell] = x, y, width, height
        output[0, 4 + label, cell] = score
    return output
