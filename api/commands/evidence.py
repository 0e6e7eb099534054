"""`streetwarden evidence`: whether evidence still is what was written."""

import re
from pathlib import Path
from typing import Annotated

import typer

from api.exits import Failed, InputWrong, input_errors
from api.output import Output

_EXPECTED = re.compile("[0-9]{1,15}|[0-9a-fA-F]{16,64}")

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
    keys: Annotated[
        Path | None,
        typer.Option(
            help="Public keys (PEM) that you trust, got from the box at another time; "
            "without it, the key beside the evidence."
        ),
    ] = None,
    expect_last: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER|SHA256",
            help="A number of the chain, or the manifest hash of a case, that must be there.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Check hashes, the chain of manifests and signatures; a verdict a file.

    Example: streetwarden evidence verify demo-data/evidence --keys evidence.pub
    """
    from cases import read_keys
    from cases import verify as verify_folder

    if not folder.is_dir():
        raise InputWrong(f"{folder} is no folder; name an evidence folder or the root of all")
    if expect_last is not None and not _EXPECTED.fullmatch(expect_last):
        raise InputWrong(
            f"--expect-last {expect_last} is neither a number nor at least 16 digits of a hash"
        )
    with input_errors():
        trusted = None if keys is None else read_keys(keys)
        verdicts = verify_folder(folder, trusted, expect_last=expect_last)
    output = Output(as_json=as_json)
    for verdict in verdicts:
        row = {"file": verdict.path, "verdict": verdict.verdict.value}
        detail = f": {verdict.detail}" if verdict.detail else ""
        output.row(
            row | ({"reason": verdict.detail} if verdict.detail else {}),
            f"{verdict.verdict.value:<9} {verdict.path}{detail}",
        )
    if trusted is None:
        typer.echo(
            "signatures: no pinned key; give the box's evidence.pub, kept elsewhere, with --keys",
            err=True,
        )
    bad = sum(not verdict.verdict.stands for verdict in verdicts)
    if bad:
        raise Failed(f"{bad} of {len(verdicts)} files do not stand")
