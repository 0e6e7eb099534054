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
    from cases import NoEvidence, Verdict
    from cases import verify as verify_folder

    if not folder.is_dir():
        raise InputWrong(f"{folder} is no folder; name an evidence folder or the root of all")
    try:
        verdicts = verify_folder(folder)
    except NoEvidence as error:
        raise InputWrong(str(error)) from error
    output = Output(as_json=as_json)
    for verdict in verdicts:
        row = {"file": verdict.path, "verdict": verdict.verdict.value}
        detail = f": {verdict.detail}" if verdict.detail else ""
        output.row(
            row | ({"reason": verdict.detail} if verdict.detail else {}),
            f"{verdict.verdict.value:<9} {verdict.path}{detail}",
        )
    bad = sum(verdict.verdict is not Verdict.OK for verdict in verdicts)
    if bad:
        raise Failed(f"{bad} of {len(verdicts)} files do not stand")
