"""`streetwarden evidence`: whether it still is what was written; who keeps and who takes it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.exits import Failed, InputWrong, input_errors
from api.output import Output

if TYPE_CHECKING:
    from cases import Store
    from configs import Site

_EXPECTED = re.compile("[0-9]{1,15}|[0-9a-fA-F]{16,64}")

SiteFile = Annotated[Path, typer.Option("--site", help="Site file.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
CaseId = Annotated[str, typer.Argument(help="Id of the case, as `cases list` prints it.")]
By = Annotated[str, typer.Option("--by", help="Who does it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]

app = typer.Typer(help="Verify, hold, hand out and remove evidence.", no_args_is_help=True)


def add_to(parent: typer.Typer) -> None:
    """Register the commands."""
    parent.add_typer(app, name="evidence")


@app.callback()
def evidence() -> None:
    """Verify, hold, hand out and remove evidence."""


@contextmanager
def _site_and_store(site: Path) -> Iterator[tuple["Site", "Store"]]:
    from configs import load_site
    from pipeline import open_store

    with input_errors():
        loaded = load_site(site)
        with open_store(loaded, create=False) as store:
            yield loaded, store


def _named(value: str, option: str) -> str:
    """Refuse an empty name or reason: the record is for those who ask later."""
    if not value.strip():
        raise InputWrong(f"{option} is empty: it stands in the record; write it out")
    return value.strip()


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

    if not folder.is_dir() and not folder.with_name(f"{folder.name}.removed").is_file():
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


@app.command()
def hold(
    case_id: CaseId, *, site: SiteFile, by: By, reason: Reason, as_json: AsJson = False
) -> None:
    """Keep a case's evidence from being removed until it is released.

    Example: streetwarden evidence hold 3f2a... --site site.yaml --by wang --reason "appeal 17"
    """
    from pipeline import custody_of

    who, why = _named(by, "--by"), _named(reason, "--reason")
    with _site_and_store(site) as (loaded, store):
        custody_of(loaded, store).hold(case_id, by=who, reason=why)
    Output(as_json=as_json).row(
        {"id": case_id, "hold": True, "by": who, "reason": why}, f"{case_id} is under hold"
    )


@app.command()
def release(
    case_id: CaseId, *, site: SiteFile, by: By, reason: Reason, as_json: AsJson = False
) -> None:
    """End every hold of a case; retention may remove its evidence again.

    Example: streetwarden evidence release 3f2a... --site site.yaml --by wang --reason "settled"
    """
    from pipeline import custody_of

    who, why = _named(by, "--by"), _named(reason, "--reason")
    with _site_and_store(site) as (loaded, store):
        ended = custody_of(loaded, store).release(case_id, by=who, reason=why)
    lines = "".join(f"\n  held {each.text()}" for each in ended)
    Output(as_json=as_json).row(
        {"id": case_id, "hold": False, "by": who, "reason": why, "ended": len(ended)},
        f"{case_id} is released{lines}",
    )


@app.command()
def export(
    case_id: CaseId,
    *,
    site: SiteFile,
    to: Annotated[Path, typer.Option("--to", help="Folder to copy into.")],
    by: By,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Copy a case's evidence, originals included, and note in the journal who took it and why.

    Example: streetwarden evidence export 3f2a... --site site.yaml --to /media/usb --by wang
    --reason "court, file 2026-17"
    """
    from pipeline import custody_of

    who, why = _named(by, "--by"), _named(reason, "--reason")
    with _site_and_store(site) as (loaded, store):
        copied = custody_of(loaded, store).export(case_id, to, by=who, reason=why)
    Output(as_json=as_json).row(
        {"id": case_id, "folder": str(copied), "by": who, "reason": why},
        f"copied to {copied}; uncovered pictures of bystanders are in it: keep it closed",
    )


@app.command()
def retain(
    site: Annotated[Path, typer.Argument(metavar="SITE.yaml", help="Site file.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed, and why.")
    ] = False,
    by: Annotated[str, typer.Option("--by", help="Who asks for it.")] = "retention",
    as_json: AsJson = False,
) -> None:
    """Remove the evidence that the site file's `evidence: {retain: ...}` no longer keeps.

    `run` does the same every hour. Evidence under hold, of an open case, of one that is not
    delivered yet or that waits for a review stays.

    Example: streetwarden evidence retain site.yaml --dry-run
    """
    from pipeline import retain as apply
    from pipeline import retention_rule

    output = Output(as_json=as_json)
    with _site_and_store(site) as (loaded, store):
        rule = retention_rule(loaded)
        if rule is None:
            raise InputWrong(
                f"{site}: evidence.retain is not written, so evidence is kept for ever; write "
                "evidence: {retain: {days: 30, closed_days: 30}}"
            )
        done = apply(loaded, store, rule, by=_named(by, "--by"), dry_run=dry_run)
    for each in done:
        fate = ("would be removed" if dry_run else "removed") if each.fate.removed else "kept"
        output.row(
            {
                "id": each.violation_id,
                "folder": each.folder,
                "removed": each.fate.removed and not dry_run,
                "due": each.fate.removed,
                "reason": each.fate.why,
            },
            f"{fate:<8} {each.folder}: {each.fate.why}",
        )
