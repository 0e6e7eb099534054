"""The street model beside other models: one table, in the card and in the README.

The README holds it between two comments; what stands there is written, never edited.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.example import DatasetError

BEGIN = "<!-- beside other models: written by training.export and training.card -->"
END = "<!-- end of beside other models -->"
REAL = ("vehicles", "cctv_jogja", "cctv_manaus")
"""The real street sets of the table."""
NO_OTHERS = "No other model was scored beside this one (`training.export manifest --other`)."
DASH = "A dash: as a precision, not one box; else nothing was asked for."
_DASHED = re.compile(r"(\| |/ |\()-( \|| /| \(|\))")


def number_of(value: float | None) -> str:
    """Write a score; a dash where there is none."""
    return "-" if value is None else f"{value:.3f}"


def beside(entry: Mapping[str, Any]) -> list[str]:
    """Return the table (Markdown) of a manifest entry; one sentence where nobody else was scored.

    The others are `scores.others`, name: what training.evaluate says of it.
    """
    if not (others := entry["scores"].get("others")):
        return [NO_OTHERS]
    models = {"street": entry["scores"], **others}
    lines = [
        "Vehicles on the held-out real pictures, recall / precision (AP50), each at its threshold:",
        "",
        f"| model | threshold | {' | '.join(REAL)} |",
        "|---|---" + "|---" * len(REAL) + "|",
        *(_row(name, one) for name, one in models.items()),
    ]
    return explained(lines)


def explained(table: list[str]) -> list[str]:
    """Return a table with a word on its dashes below, where it has any."""
    return [*table, "", DASH] if any(_DASHED.search(line) for line in table) else table


def _row(name: str, scores: Mapping[str, Any]) -> str:
    cells = [name, str(scores["threshold"])]
    for real in REAL:
        row = scores["sets"].get(real, {}).get("vehicle", {})
        recall, precision, ap50 = (
            number_of(row.get(key)) for key in ("recall", "precision", "ap50")
        )
        cells.append(f"{recall} / {precision} ({ap50})")
    return f"| {' | '.join(cells)} |"


def readme_with(readme: Path, entry: Mapping[str, Any]) -> str:
    """Return a README's text with the table of an entry in its place; DatasetError without one."""
    text = readme.read_text(encoding="utf-8")
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise DatasetError(f"{readme}: no place for the table: it needs {BEGIN!r}, then {END!r}")
    return "\n".join([before + BEGIN, "", *beside(entry), "", END + after])
