"""`streetwarden evidence`: whether evidence still is what was written."""

from pathlib import Path
from typing import Annotated

import typer

from api.exits import Failed, InputWrong
from api.output import Output

app = typer.Typer(help="Verify evidence folders.", no_args_is_help=True)


def add_to(parent: typer.Typer) -> None:
    """Register the commands."""
    parent.add_typer(app, name="evidence")


@app.callback()
def evidence() -> None:
    """Verify evidence folders."""


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="One evidence folder, or the root of all.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Check hashes and the chain of manifests; a verdict a file.

    Example: streetwarden evidence verify demo-data/evidence
    """
    from cases import verify as verify_folder

    if not folder.is_dir():
        raise InputWrong(f"{folder} is no folder; name an evidence folder or the root of all")
    output = Output(as_json=as_json)
    bad = 0
    total = 0
    for verdict in verify_folder(folder):
        total += 1
        bad += not verdict.ok
        row = {
            "file": str(verdict.path),
            "verdict": verdict.verdict.value,
            **({"reason": verdict.reason} if verdict.reason else {}),
        }
        reason = f": {verdict.reason}" if verdict.reason else ""
        output.row(row, f"{verdict.verdict.value:<9} {verdict.path}{reason}")
    if total == 0:
        raise InputWrong(f"{folder} holds no evidence: no manifest.json below it")
    if bad:
        raise Failed(f"{bad} of {total} files do not stand")
