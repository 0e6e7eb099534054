"""Files that are no model, or none that we want: refused with a word, never with a crash."""

import io
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, external_data_helper, helper

from models import ManifestError, ModelError, NoDetector, NotAModel, load
from models.onnx_file import MAX_BYTES, OnnxFile
from tests.onnx_graphs import classifier, fixed_outputs, metadata, rows, save


def detector_file(path: Path) -> Path:
    """Write a small detector that loads."""
    output = rows((32, 32, 16, 16, 0, 0.9), classes=1, cells=84)
    return fixed_outputs(path, [output], facts=metadata(["bin"]))


def checkpoint() -> bytes:
    """Return a file as torch.save writes it: a zip with a pickle in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"model": [1.0]}))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"version: 1\nnames: [car]\n", "a text file"),
        ("车辆检测模型".encode(), "no ONNX file"),
        (checkpoint(), "PyTorch checkpoint.*never loaded"),
        (pickle.dumps({"model": [1.0]}), "PyTorch checkpoint.*never loaded"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "no ONNX file"),
        (b"\x08\x08", "it holds no graph"),  # a protobuf with a version and nothing else
        (bytes(1000), "no ONNX file"),
    ],
)
def test_what_is_no_onnx_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    """The message names the file and what it looks like."""
    file = tmp_path / "model.onnx"
    file.write_bytes(content)
    with pytest.raises(NotAModel, match=rf"model\.onnx: .*{message}"):
        load(file)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    """No file there, or a folder: the path is in the message."""
    with pytest.raises(NotAModel, match=r"gone\.onnx: no such file"):
        load(tmp_path / "gone.onnx")
    with pytest.raises(NotAModel, match="no such file"):
        load(tmp_path)


def test_huge_files_are_not_read(tmp_path: Path) -> None:
    """A file above the limit is refused by its size."""
    file = tmp_path / "huge.onnx"
    with file.open("wb") as sparse:
        sparse.truncate(MAX_BYTES + 1)
    with pytest.raises(NotAModel, match="more than a detector has"):
        load(file)


@pytest.mark.parametrize("kept", [0.001, 0.3, 0.999])
def test_truncated_models_are_refused(shared_data: Path, tmp_path: Path, kept: float) -> None:
    """A real model cut short anywhere does not load."""
    content = (shared_data / "weights" / "yolox_nano.onnx").read_bytes()
    file = tmp_path / "cut.onnx"
    file.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(NotAModel, match="truncated"):
        load(file)


def test_weights_outside_the_file_are_refused(tmp_path: Path) -> None:
    """External data is refused before any engine opens what it points to."""
    model = onnx.load(detector_file(tmp_path / "inside.onnx"))
    onnx.save(
        model,
        tmp_path / "outside.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    with pytest.raises(NotAModel, match=r"outside\.onnx: .*external data"):
        load(tmp_path / "outside.onnx")


@pytest.mark.parametrize("where", ["constant", "branch"])
def test_weights_outside_are_found_in_nodes_too(tmp_path: Path, where: str) -> None:
    """A constant's value, or one inside the branch of an If, may name another file as well."""
    secret = helper.make_tensor("secret", TensorProto.UINT8, [4], b"abcd", raw=True)
    external_data_helper.set_external_data(secret, "../../etc/hostname")
    secret.ClearField("raw_data")
    secret.data_location = TensorProto.EXTERNAL
    constant = helper.make_node("Constant", [], ["value"], value=secret)
    output = helper.make_tensor_value_info("value", TensorProto.UINT8, [4])
    nodes = [constant]
    if where == "branch":
        branch = helper.make_graph([constant], "branch", [], [output])
        true = helper.make_tensor("true", TensorProto.BOOL, [], [1])
        nodes = [
            helper.make_node("Constant", [], ["yes"], value=true),
            helper.make_node("If", ["yes"], ["value"], then_branch=branch, else_branch=branch),
        ]
    graph = helper.make_graph(nodes, "made", [], [output])
    file = tmp_path / "hidden.onnx"
    file.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(NotAModel, match="external data"):
        load(file)


def test_classifiers_are_no_detectors(tmp_path: Path) -> None:
    """The outputs' shapes are told, with what each layout expects."""
    with pytest.raises(NoDetector, match=r"no layout reads its outputs \(1, 1000\)"):
        load(classifier(tmp_path / "classifier.onnx"))


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ([1, 64, 64, 3], TensorProto.FLOAT, "not \\(n, 3, height, width\\)"),
        ([1, 3, 64], TensorProto.FLOAT, "not \\(n, 3, height, width\\)"),
        ([1, 1, 64, 64], TensorProto.FLOAT, "not \\(n, 3, height, width\\)"),
        ([1, 3, 64, 64], TensorProto.UINT8, "uint8, not float32"),
        ([1, 3, 64, 64], TensorProto.STRING, "no tensor, not float32"),
        ([1, 3, 100_000, 100_000], TensorProto.FLOAT, "out of bounds"),
        ([1, 3, 4, 4], TensorProto.FLOAT, "out of bounds"),
        ([100_000, 3, 64, 64], TensorProto.FLOAT, "out of bounds"),
    ],
)
def test_other_inputs_are_refused(
    tmp_path: Path, shape: list[int], dtype: int, message: str
) -> None:
    """Only (n, 3, h, w) of floating point numbers, of a reasonable size, is a picture."""
    model = save(
        tmp_path / "made.onnx",
        [helper.make_node("Identity", ["images"], ["output"])],
        [helper.make_tensor_value_info("images", dtype, shape)],
        [helper.make_tensor_value_info("output", dtype, shape)],
        {},
    )
    with pytest.raises(NoDetector, match=message):
        load(model)


def test_several_inputs_are_refused(tmp_path: Path) -> None:
    """Detectors that want the picture's size as a second input are told from others."""
    shape = [1, 3, 64, 64]
    model = save(
        tmp_path / "made.onnx",
        [helper.make_node("Add", ["images", "scale"], ["output"])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("images", "scale")],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
        {},
    )
    with pytest.raises(NoDetector, match=r"2 inputs \(images, scale\)"):
        load(model)


def test_a_network_that_fails_when_run_is_no_detector(tmp_path: Path) -> None:
    """A graph that loads but cannot run a blank picture is found out at once."""
    model = save(
        tmp_path / "made.onnx",
        [helper.make_node("Reshape", ["images", "shape"], ["output"])],
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 84, 7])],
        {"shape": np.array([1, 84, 7], np.int64)},
    )
    with pytest.raises(NoDetector, match=r"made\.onnx: a blank picture fails"):
        load(model)


def test_another_file_than_promised_is_refused(tmp_path: Path) -> None:
    """The hash of the very bytes that would be loaded is compared."""
    file = detector_file(tmp_path / "made.onnx")
    own = OnnxFile.read(file).sha256
    assert load(file, sha256=own.upper()).sha256 == own
    with pytest.raises(ManifestError, match=r"made\.onnx: its SHA-256 is"):
        load(file, sha256="0" * 64)
    with pytest.raises(ManifestError, match=r"its input is \(64, 64\), the manifest says"):
        load(file, input_size=(640, 640))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_models_never_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Bytes overwritten anywhere: it loads, or it is refused as one of our errors."""
    folder = tmp_path_factory.mktemp("damaged")
    content = bytearray(detector_file(folder / "whole.onnx").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    file = folder / "damaged.onnx"
    file.write_bytes(content)
    refused = None
    try:
        load(file, threads=1).close()
    except ModelError as error:
        refused = str(error)
    assert refused is None or "damaged.onnx" in refused


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_no_model(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    """Random bytes are refused by the outline or by the engine."""
    file = tmp_path_factory.mktemp("noise") / "noise.onnx"
    file.write_bytes(noise)
    with pytest.raises(NotAModel):
        load(file, threads=1)


def test_a_librarys_warning_is_dropped_and_others_are_kept() -> None:
    """Lines with the marker vanish from file descriptor 2; all else arrives, and stays open."""
    script = (
        "import os, sys\n"
        "from models.backends.stderr import without_lines\n"
        "with without_lines(b'device_discovery.cc'):\n"
        "    os.write(2, b'[W:onnxruntime:Default, device_discovery.cc:164] failed\\nelse\\n')\n"
        "    print('python', file=sys.stderr)\n"
        "os.write(2, b'later\\n')\n"
        "os.close(2)\n"
        "with without_lines(b'x'): pass\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.stderr == b"else\npython\nlater\n"


def test_the_engine_writes_nothing_itself(tmp_path: Path, shared_data: Path) -> None:
    """Good and bad models leave stdout and stderr alone: what matters is in the exception."""
    good = shared_data / "weights" / "yolo11n_quantized.onnx"
    content = bytearray(detector_file(tmp_path / "whole.onnx").read_bytes())
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(bytes(content).replace(b"ReduceMean", b"ReduceLean"))
    script = (
        "import sys, pathlib, models\n"
        "for name in sys.argv[1:]:\n"
        "    try: models.load(pathlib.Path(name)).close()\n"
        "    except models.ModelError: pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(bad), str(good)], capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"")
