"""The benchmarks of the outbox run, and their last lines are what they promise."""

import json
import subprocess
import sys
from pathlib import Path


def test_the_benchmark_prints_its_figures(tmp_path: Path) -> None:
    """A small run: the keys that are promised, each figure above nought, nothing left behind."""
    small = ["--folder", str(tmp_path), "--cases", "300", "--blocks", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.outbox", *small],
        capture_output=True,
        text=True,
        check=True,
    )
    result = json.loads(done.stdout.splitlines()[-1])
    promised = "ours_per_s", "bare_per_s", "ratio", "claim_ms", "list_ms", "camera_list_ms"
    assert set(promised) <= set(result)
    assert all(value > 0 for value in result.values())
    assert list(tmp_path.iterdir()) == []


def test_the_benchmark_of_receipts_prints_its_figures(tmp_path: Path) -> None:
    """Five violations to a desk: each arrives, and takes some time."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.receipt"),
            *("--folder", str(tmp_path), "--cases", "5", "--per-second", "50"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["cases"] == 5.0
    assert 0.0 < result["p50_s"] <= result["p99_s"]
    assert list(tmp_path.iterdir()) == []
