"""`streetwarden cases`: the outbox and the review."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.exits import InputWrong, input_errors
from api.output import Output

if TYPE_CHECKING:
    from cases import DeliveryState, Store
    from configs import Site

app = typer.Typer(help="See and decide about cases.", no_args_is_help=True)

SiteFile = Annotated[Path, typer.Option("--site", help="Site file.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
CaseId = Annotated[str, typer.Argument(help="Id of the case, as `cases list` prints it.")]


def _named(by: str) -> str:
    from pipeline import LONGEST_NAME

    name = by.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise InputWrong(f"--by: write who decides, in 1 to {LONGEST_NAME} characters")
    return name


def _reasoned(reason: str) -> str:
    if not reason.strip():
        raise InputWrong("--reason: write why; it is kept with the case and its evidence")
    return reason.strip()


By = Annotated[str, typer.Option("--by", help="Who decides.", callback=_named)]
Why = Annotated[str, typer.Option("--reason", help="Why.", callback=_reasoned)]


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
    state: Annotated[
        list[str] | None, typer.Option(help="Only this state, such as held; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List cases and what was said about them, and where that stands on its way.

    Example: streetwarden cases list --site site.yaml --state held
    """
    from api.rows import case_row

    output = Output(as_json=as_json)
    with _store(site) as store:
        for delivery in store.deliveries(states=_states(state), limit=limit):
            row = case_row(delivery)
            number = row["case_id"] or "-"
            output.row(
                row,
                f"{row['id']}  {row['message']:<8} {row['state']:<10} {row['kind']:<18} "
                f"{row['camera']}  "
                f"case {number}  {row['error'] or ''}".rstrip(),
            )


def _states(names: list[str] | None) -> "list[DeliveryState] | None":
    from cases import DeliveryState

    known = [state.value for state in DeliveryState]
    for name in names or ():
        if name not in known:
            raise InputWrong(f"--state {name}: write one of {', '.join(known)}")
    return [DeliveryState(name) for name in names] if names else None


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
    reason: Why,
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
def refute(
    case_id: CaseId,
    *,
    site: SiteFile,
    by: By,
    reason: Why,
    as_json: AsJson = False,
) -> None:
    """Say that a case which went out was a false alarm; its place is silenced for a while.

    Example: streetwarden cases refute 3f2a... --site site.yaml --by wang --reason "a bus stop"
    """
    from pipeline import refute_case

    with _site_and_store(site) as (loaded, store):
        new = refute_case(loaded, store, case_id, by=by, reason=reason)
    text = f"{case_id} was a false alarm" if new else f"{case_id} was rejected before"
    Output(as_json=as_json).row({"id": case_id, "review": "rejected", "new": new}, text)


@app.command()
def look(case_id: CaseId, *, site: SiteFile, by: By, as_json: AsJson = False) -> None:
    """Make the camera look again at the place of a case; a running site answers.

    Example: streetwarden cases look 3f2a... --site site.yaml --by wang
    """
    with _store(site) as store:
        new = store.second_looks.ask(case_id, by=by)
    text = f"{case_id}: asked" if new else f"{case_id}: a second look is waited for already"
    Output(as_json=as_json).row({"id": case_id, "asked": new}, text)


@app.command()
def silences(
    *,
    site: SiteFile,
    past: Annotated[bool, typer.Option("--past", help="Also those that have ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """List places whose cases are held because one was rejected there.

    Example: streetwarden cases silences --site site.yaml
    """
    from api.rows import silence_row

    output = Output(as_json=as_json)
    with _store(site) as store:
        for silence in store.silences.listed(lifted=past):
            row = silence_row(silence)
            output.row(
                row,
                f"{row['silence']}  {row['camera']} {row['zone'] or '-'} {row['kind']}  "
                f"until {row['until_at']}  by {row['by']}: {row['reason']}",
            )


@app.command()
def lift(
    silence: Annotated[int, typer.Argument(help="Number, as `cases silences` prints it.")],
    *,
    site: SiteFile,
    by: By,
    as_json: AsJson = False,
) -> None:
    """End a silence now.

    Example: streetwarden cases lift 3 --site site.yaml --by wang
    """
    with _store(site) as store:
        store.silences.lift(silence, by=by)
    Output(as_json=as_json).row({"silence": silence, "lifted": True}, f"silence {silence} lifted")


@app.command()
def retry(case_id: CaseId, *, site: SiteFile, by: By, as_json: AsJson = False) -> None:
    """Post a dead or unresolved case again, at a person's word.

    Example: streetwarden cases retry 3f2a... --site site.yaml --by wang
    """
    from pipeline import retry_case

    with _store(site) as store:
        retry_case(store, case_id, by=by)
    Output(as_json=as_json).row({"id": case_id, "state": "pending"}, f"{case_id} goes out again")
