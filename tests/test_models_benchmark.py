"""The detect benchmark runs and keeps its form."""

import json
import subprocess
import sys
from pathlib import Path

from tests.onnx_graphs import fixed_outputs, metadata, rows


def test_detect_ends_in_one_json_line(tmp_path: Path) -> None:
    """It says what it measures; its last line holds the agreed keys, which agree."""
    output = rows((32, 32, 16, 16, 0, 0.9), classes=1, cells=84)
    model = fixed_outputs(tmp_path / "made.onnx", [output], facts=metadata(["bin"]))
    command = [sys.executable, "-m", "benchmarks.detect", "--seconds", "0.5"]
    done = subprocess.run(
        [*command, "--model", str(model), "--pictures", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=True,
    )
    result = json.loads(done.stdout.splitlines()[-1])
    assert set(result) == {"ours_img_s", "bare_img_s", "ratio", "pre_share", "post_share"}
    assert abs(result["ratio"] - result["ours_img_s"] / result["bare_img_s"]) < 0.01
    assert 0 < result["pre_share"] + result["post_share"] < 1


def test_a_model_that_is_none_is_named(tmp_path: Path) -> None:
    """A wrong file ends in one line, not in a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.detect", "--model", str(tmp_path / "gone.onnx")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("benchmarks.detect: ")
    assert "gone.onnx" in done.stderr
    assert len(done.stderr.splitlines()) == 1
