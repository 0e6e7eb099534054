"""The benchmarks of the frame core run, keep their form, and draw what they measured."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from benchmarks import charts, close, gpu, machine, scale

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the JSON object that a benchmark ends with."""
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


@pytest.mark.timeout(120)
def test_scale_costs_two_sites(capsys: pytest.CaptureFixture[str]) -> None:
    """A camera's cost is positive for each number, and the ratio follows from them."""
    scale.main(["--cameras", "1,2", "--seconds", "3", "--settle", "1", "--clip", "4"])
    found = last_line(capsys)
    assert all(cost > 0 for cost in found["cost_ms"].values())
    assert found["ratio_64_8"] == pytest.approx(
        found["cost_ms"]["2"] / found["cost_ms"]["1"], abs=0.01
    )


@pytest.mark.timeout(120)
def test_close_sees_the_time_before_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    """The first picture is older than the request; the pace is the one asked for."""
    close.main(["--cameras", "2", "--requests", "1", "--seconds", "2", "--clip", "12"])
    found = last_line(capsys)
    assert found["before_s"] > 0
    assert 0 < found["first_s"] <= found["first_most_s"]
    assert found["close_looks_s"] == pytest.approx(1 / close.EVERY_S, rel=0.2)


def test_gpu_says_so_where_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a GPU it ends well and names what each engine misses."""
    if gpu._gpu() is not None:
        pytest.skip("there is a GPU")
    gpu.main([])
    found = last_line(capsys)
    assert found["gpu"] is None
    assert set(found["reasons"]) == set(gpu.DEVICES)


def test_charts_draw_what_was_measured(tmp_path: Path) -> None:
    """Well-formed pictures that hold the numbers; without a result none is drawn."""
    parts = {"receive": 1.0, "decode": 12.5, "gate": 0.5, "around": 1.0, "network": {"fp32": 20.0}}
    machine.keep("parts", parts, tmp_path)
    charts.main(["--results", str(tmp_path), "--docs", str(tmp_path)])
    drawn = (tmp_path / "where-time-goes.svg").read_text(encoding="utf-8")
    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314 - our own
    assert "35.0 ms" in drawn
    assert "14.0 ms" in drawn
    assert not (tmp_path / "cost-by-cameras.svg").exists()


def test_kept_results_name_a_machine_and_no_host() -> None:
    """Each file says what machine it was and what was measured; nothing says where it stands."""
    files = sorted(RESULTS.glob("*.json"))
    assert files
    for file in files:
        record = json.loads(file.read_text(encoding="utf-8"))
        assert {"processor", "cores", "features", "packages"} <= set(record["machine"]), file
        assert record["result"], file
        assert not {"host", "hostname", "node"} & set(record["machine"])
