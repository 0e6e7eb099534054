"""The outbox benchmark runs, and its last line is what it promises."""

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
    assert {"ours_per_s", "bare_per_s", "ratio", "claim_ms"} <= set(result)
    assert all(value > 0 for value in result.values())
    assert list(tmp_path.iterdir()) == []
