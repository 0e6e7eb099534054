"""Draw the pictures of docs/performance.md out of benchmarks/results/.

    python -m benchmarks.charts [--results FOLDER] [--docs FOLDER]

where-time-goes.svg from parts.json, and from scale.json what is not in the parts: receiving by
RTSP, keeping packets, rules (the whole at the most cameras, less decoding, gate and the network
at every tenth look). cost-by-cameras.svg from scale.json. What is measured anew with
--keep is drawn anew by this; nothing is in the pictures that is not in the files.
"""

import argparse
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.machine import RESULTS

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDE, BAR, GAP, LEFT = 760, 30, 22, 190
COLOURS = ("#4e79a7", "#f28e2b", "#76b7b2", "#b07aa1", "#e15759")
PARTS = ("rest", "decode", "gate", "around", "network")
LOOK_S, FORCED_LOOKS = 2.0, 10
"""Of the sites that benchmarks.scale runs: seconds a look, and looks for one that is forced."""
_STYLE = 'font-family="sans-serif" font-size="13" fill="#333"'


def main(words: Sequence[str] | None = None) -> None:
    """Draw what there are results for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--docs", type=Path, default=DOCS)
    options = parser.parse_args(words)
    parts, scale = _result(options.results, "parts"), _result(options.results, "scale")
    if parts is not None:
        _write(options.docs / "where-time-goes.svg", time_chart(parts, rest_ms(parts, scale)))
    if scale is not None:
        _write(options.docs / "cost-by-cameras.svg", cost_chart(scale))


def _result(folder: Path, name: str) -> dict[str, Any] | None:
    file = folder / f"{name}.json"
    if not file.is_file():
        print(f"there is no {file}; run benchmarks.{name} with --keep")
        return None
    result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["result"]
    return result


def _write(file: Path, drawn: str) -> None:
    file.write_text(drawn, encoding="utf-8")
    print(f"drawn: {file}")


def rest_ms(parts: dict[str, Any], scale: dict[str, Any] | None) -> float:
    """Return what a look of a whole site costs beside the parts; without one, reading a file."""
    if scale is None:
        return float(parts["receive"])
    whole = LOOK_S * scale["cost_ms"][max(scale["cost_ms"], key=int)]
    forced = (parts["network"]["fp32"] + parts["around"]) / FORCED_LOOKS
    return float(max(0.0, whole - parts["decode"] - parts["gate"] - forced))


def time_chart(parts: dict[str, Any], rest: float) -> str:
    """Stack the parts of a look: with the network in each precision, and answered by the gate."""
    rows = [
        (f"network looks, {precision}", [rest, *(parts[name] for name in PARTS[1:4]), cost])
        for precision, cost in parts["network"].items()
    ]
    rows.append(("gate answers", [rest, parts["decode"], parts["gate"], 0.0, 0.0]))
    most = max(sum(costs) for _, costs in rows)
    drawn = []
    for number, (label, costs) in enumerate(rows):
        y, x = 46 + number * (BAR + GAP), float(LEFT)
        drawn.append(_text(8, y + 20, label))
        for cost, colour in zip(costs, COLOURS, strict=True):
            width = cost / most * (WIDE - LEFT - 90)
            drawn.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" '
                         f'fill="{colour}"/>')  # fmt: skip
            x += width
        drawn.append(_text(x + 8, y + 20, f"{sum(costs):.1f} ms"))
    for number, (name, colour) in enumerate(zip(PARTS, COLOURS, strict=True)):
        x = 8 + number * 130
        drawn.append(f'<rect x="{x}" y="10" width="14" height="14" fill="{colour}"/>')
        drawn.append(_text(x + 20, 22, name))
    return _svg(46 + len(rows) * (BAR + GAP), drawn)


def cost_chart(scale: dict[str, Any]) -> str:
    """Draw the cost of a camera over the number of cameras, each doubling a step."""
    points = sorted((int(count), cost) for count, cost in scale["cost_ms"].items())
    most = 1.15 * max(cost for _, cost in points)
    step = (WIDE - 140) / max(1, len(points) - 1)
    drawn = [_text(8, 20, "processor ms a camera and second, by number of cameras")]
    line = []
    for number, (count, cost) in enumerate(points):
        x, y = 60 + number * step, 280 - cost / most * 240
        line.append(f"{x:.1f},{y:.1f}")
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLOURS[0]}"/>')
        drawn.append(_text(x - 12, y - 12, f"{cost:.1f}"))
        drawn.append(_text(x - 6, 304, str(count)))
    drawn.append(f'<line x1="40" y1="280" x2="{WIDE - 40}" y2="280" stroke="#999"/>')
    drawn.append(f'<polyline points="{" ".join(line)}" fill="none" stroke="{COLOURS[0]}" '
                 'stroke-width="2"/>')  # fmt: skip
    return _svg(320, drawn)


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {_STYLE}>{escape(words)}</text>'


def _svg(high: int, drawn: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{high}">'
    ground = f'<rect width="{WIDE}" height="{high}" fill="#fff"/>'
    return "\n".join([head, ground, *drawn, "</svg>"]) + "\n"


if __name__ == "__main__":
    main()
