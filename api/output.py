"""What commands print: JSON lines for programs, or text for people."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import typer


class Output:
    """Standard output of one command."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def row(self, row: Mapping[str, Any], text: str) -> None:
        """Print one result: the row as a JSON object on a line of its own, or the text."""
        if self.as_json:
            line = json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        else:
            typer.echo(text)


def seconds(value: float) -> float:
    """Round a time for printing: 3 decimals."""
    return round(float(value), 3)


def pixels(box: tuple[float, ...] | list[float]) -> list[float]:
    """Round a box for printing: 1 decimal."""
    return [round(float(edge), 1) for edge in box]
