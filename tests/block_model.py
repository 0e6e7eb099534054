"""A real detector for drawn scenes: an ONNX graph that finds the red block and calls it a car.

Real weights would find nothing in drawn pictures, and every test that needs a known thing at a
known time would have to trust them. The graph is exact: the box is the extent of the red pixels.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = (192, 320)
"""Input height and width; pictures are letterboxed into it."""
ROWS = 300
RED = 0.55
NOT_RED = 0.40


def _constants() -> dict[str, Any]:
    """Numbers of the graph, by the name of their tensor."""
    height, width = SIZE
    return {
        "red": np.float32(RED),
        "not_red": np.float32(NOT_RED),
        "split": np.array([1, 1, 1], np.int64),
        "rows_axes": np.array([1, 2], np.int64),
        "columns_axes": np.array([1, 3], np.int64),
        "width": np.float32(width),
        "height": np.float32(height),
        "start": np.array([-1], np.int64),
        "end": np.array([-(1 << 31)], np.int64),
        "axis": np.array([1], np.int64),
        "step": np.array([-1], np.int64),
        "shape": np.array([1, 1], np.int64),
        "enough": np.float32(40),
        "score": np.float32(0.9),
        "one_row": np.array([1, 1, 6], np.int64),
        "no_class": np.zeros((1, 1), np.float32),
        "rest": np.zeros((1, ROWS - 1, 6), np.float32),
        "all_axes": np.array([1, 2, 3], np.int64),
        "zero": np.float32(0.0),
        "work_shape": np.array([1, 1], np.int64),
        "matrix": np.random.default_rng(1).normal(0, 512**-0.5, (512, 512)).astype(np.float32),
    }


def write_block_model(path: Path, *, name: str = "car", idle_work: int = 0) -> Path:
    """Write the model: images (1, 3, 192, 320) in 0..1 to output0 (1, 300, 6).

    `name` is what it calls the block; `idle_work` products of 512 x 512 matrices make it slow.
    """
    height, width = SIZE
    nodes = [
        helper.make_node("Split", ["images", "split"], ["r", "g", "b"], axis=1),
        helper.make_node("Greater", ["r", "red"], ["r_high"]),
        helper.make_node("Less", ["g", "not_red"], ["g_low"]),
        helper.make_node("Less", ["b", "not_red"], ["b_low"]),
        helper.make_node("And", ["r_high", "g_low"], ["rg"]),
        helper.make_node("And", ["rg", "b_low"], ["is_red"]),
        helper.make_node("Cast", ["is_red"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["mask", "all_axes"], ["area"], keepdims=0),
        helper.make_node("Greater", ["area", "enough"], ["found_bool"]),
        helper.make_node("Cast", ["found_bool"], ["found"], to=TensorProto.FLOAT),
        *_idle_work(idle_work),
        helper.make_node("Add", ["found", "nothing"], ["found_late"]),
        helper.make_node("Mul", ["found_late", "score"], ["scored"]),
        helper.make_node("Reshape", ["scored", "shape"], ["score_cell"]),
        *_extent("columns", "rows_axes", "width", "x"),
        *_extent("rows", "columns_axes", "height", "y"),
        helper.make_node(
            "Concat", ["x0", "y0", "x1", "y1", "score_cell", "no_class"], ["cells"], axis=1
        ),
        helper.make_node("Reshape", ["cells", "one_row"], ["row"]),
        helper.make_node("Concat", ["row", "rest"], ["output0"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "red-block",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, height, width])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, ROWS, 6])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in _constants().items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    for key, value in {
        "names": f"{{0: '{name}'}}",
        "stride": "32",
        "task": "detect",
        "imgsz": f"[{height}, {width}]",
        "end2end": "True",
    }.items():
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def _extent(name: str, axes: str, length: str, out: str) -> list[onnx.NodeProto]:
    """First and one past the last index at which the mask has anything along one axis."""
    return [
        helper.make_node("ReduceMax", ["mask", axes], [name], keepdims=0),
        helper.make_node("ArgMax", [name], [f"{name}_first"], axis=1, keepdims=1),
        helper.make_node("Cast", [f"{name}_first"], [f"{out}0"], to=TensorProto.FLOAT),
        helper.make_node("Slice", [name, "start", "end", "axis", "step"], [f"{name}_reversed"]),
        helper.make_node("ArgMax", [f"{name}_reversed"], [f"{name}_last"], axis=1, keepdims=1),
        helper.make_node("Cast", [f"{name}_last"], [f"{name}_tail"], to=TensorProto.FLOAT),
        helper.make_node("Sub", [length, f"{name}_tail"], [f"{out}1"]),
    ]


def _idle_work(products: int) -> list[onnx.NodeProto]:
    """Multiply matrices that hang on the picture, and add nothing of it to the answer."""
    nodes = [
        helper.make_node("Reshape", ["area", "work_shape"], ["area_cell"]),
        helper.make_node("Add", ["matrix", "area_cell"], ["work_0"]),
    ]
    nodes += [
        helper.make_node("MatMul", [f"work_{n}", "matrix"], [f"work_{n + 1}"])
        for n in range(products)
    ]
    nodes += [
        helper.make_node("ReduceMax", [f"work_{products}"], ["worked"], keepdims=0),
        helper.make_node("Clip", ["worked", "zero", "zero"], ["nothing"]),
    ]
    return nodes
