"""`streetwarden cases`: the outbox and the review."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.exits import InputWrong, input_errors
from api.output import Output

if TYPE_CHECKING:
    from cases import Store
    from configs import Site

app = typer.Typer(help="See and decide about cases.", no_args_is_help=True)

SiteFile = Annotated[Path, typer.Option("--site", help="Site file.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
CaseId = Annotated[str, typer.Argument(help="Id of the case, as `cases list` prints it.")]
By = Annotated[str, typer.Option("--by", help="Who decides.")]


def add_to(parent: typer.Typer) -> None:
    """Register the commands."""
    parent.add_typer(app, name="cases")


@contextmanager
def _store(site: Path) -> Iterator["Store"]:
    with _site_and_store(site) as (_, store):
        yield store


@contextmanager
def _site_and_store(site: Path) -> Iterator[tuple["Site", "Store"]]:
    from cases import CasesError
    from configs import load_site
    from pipeline import open_store

    with input_errors():
        loaded = load_site(site)
    try:
        with open_store(loaded, create=False) as store:
            yield loaded, store
    except CasesError as error:
        raise InputWrong(str(error)) from error


@app.command("list")
def list_cases(
    *,
    site: SiteFile,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List cases and where they stand on their way to the case system.

    Example: streetwarden cases list --site site.yaml --json
    """
    from api.rows import case_row

    output = Output(as_json=as_json)
    with _store(site) as store:
        for delivery in store.deliveries(limit=limit):
            row = case_row(delivery)
            number = row["case_id"] or "-"
            output.row(
                row,
                f"{row['id']}  {row['state']:<10} {row['kind']:<18} {row['camera']}  "
                f"case {number}  {row['error'] or ''}".rstrip(),
            )


@app.command()
def show(case_id: CaseId, *, site: SiteFile, as_json: AsJson = False) -> None:
    """Show everything about one case.

    Example: streetwarden cases show 3f2a... --site site.yaml
    """
    import json

    from api.rows import case_detail_row

    with _store(site) as store:
        row = case_detail_row(store.case(case_id))
    Output(as_json=as_json).row(row, json.dumps(row, ensure_ascii=False, indent=2))


@app.command()
def approve(
    case_id: CaseId,
    *,
    site: SiteFile,
    by: By,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Let a held case go out.

    Example: streetwarden cases approve 3f2a... --site site.yaml --by wang
    """
    from pipeline import approve_case

    with _site_and_store(site) as (loaded, store):
        approve_case(loaded, store, case_id, by=by, reason=reason)
    Output(as_json=as_json).row({"id": case_id, "review": "approved"}, f"{case_id} approved")


@app.command()
def reject(
    case_id: CaseId,
    *,
    site: SiteFile,
    by: By,
    reason: Annotated[str, typer.Option(help="Why.")],
    as_json: AsJson = False,
) -> None:
    """Refuse a held case; it is never posted.

    Example: streetwarden cases reject 3f2a... --site site.yaml --by wang --reason "loading"
    """
    from pipeline import reject_case

    with _site_and_store(site) as (loaded, store):
        reject_case(loaded, store, case_id, by=by, reason=reason)
    Output(as_json=as_json).row({"id": case_id, "review": "rejected"}, f"{case_id} rejected")


@app.command()
def retry(case_id: CaseId, *, site: SiteFile, by: By, as_json: AsJson = False) -> None:
    """Post a dead or unresolved case again, at a person's word.

    Example: streetwarden cases retry 3f2a... --site site.yaml --by wang
    """
    with _store(site) as store:
        for delivery in store.case(case_id).deliveries:
            store.requeue(delivery.delivery_id, by=by)
    Output(as_json=as_json).row({"id": case_id, "state": "pending"}, f"{case_id} goes out again")
