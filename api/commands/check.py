"""`streetwarden check` and `init`: the site file, before anything runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.exits import Failed, InputWrong, input_errors
from api.output import Output

if TYPE_CHECKING:
    from configs import Site


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(check)
    app.command()(init)


def check(
    site: Annotated[Path, typer.Argument(help="Site file.")],
    *,
    probe: Annotated[
        bool, typer.Option("--probe", help="Open every camera and measure its stream.")
    ] = False,
    still: Annotated[
        Path | None, typer.Option(help="With --probe: save a picture with a grid here.")
    ] = None,
    accept_view: Annotated[
        str | None,
        typer.Option(
            metavar="CAMERA",
            help="Take what a moved camera now sees as its view; look at its zones first.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Say what is wrong with a site file, and what to write instead.

    Without --probe and --accept-view nothing is written and no network is touched.

    Example: streetwarden check site.yaml --probe --still stills/
    """
    from configs import load_site
    from models import Registry
    from pipeline.check import check_site

    output = Output(as_json=as_json)
    if still is not None and not probe:
        raise InputWrong("--still needs --probe: without it no camera is opened")
    with input_errors():
        loaded = load_site(site)
    problems = check_site(loaded, Registry(loaded.data / "models"))
    errors = [problem for problem in problems if problem.level == "error"]
    for warning in problems:
        if warning.level != "error":
            typer.echo(f"warning: {warning}", err=True)
    if errors:
        raise InputWrong("\nerror: ".join(str(problem) for problem in errors))
    if accept_view is not None:
        _accept(loaded, accept_view, output)
        return
    if probe:
        _probe(loaded, still, output)
        return
    for camera in loaded.cameras:
        rules = [rule.kind for rule in camera.rules]
        row = {"camera": camera.id, "rules": rules, "zones": len(camera.zones)}
        output.row(row, f"{camera.id}: {', '.join(rules) or 'no rules'}: in order")


def _accept(loaded: "Site", camera_id: str, output: Output) -> None:
    from pipeline.views import accept_view

    with input_errors():
        known = accept_view(loaded, camera_id)
    text = (
        f"{camera_id}: the present view is learnt anew from the next clear looks"
        if known
        else f"{camera_id}: no reference is kept yet, there is nothing to accept"
    )
    output.row({"camera": camera_id, "accepted": known}, text)


def _probe(loaded: "Site", still: Path | None, output: Output) -> None:
    from pipeline.probe import probe_site
    from pipeline.probe_case_system import probe_case_system

    wanted = probe_case_system(loaded)
    for problem in wanted:
        if problem.level != "error":
            typer.echo(f"warning: {problem}", err=True)
    failed = refused = 0
    for row, text in probe_site(loaded, still):
        failed += "error" in row
        refused += bool(row.get("refused"))
        output.row(row, text)
    if failed:
        raise Failed(f"{failed} of {len(loaded.cameras)} cameras could not be opened")
    errors = [str(problem) for problem in wanted if problem.level == "error"]
    if errors:
        raise InputWrong("\nerror: ".join(errors))
    if refused:
        raise InputWrong(f"{refused} of {len(loaded.cameras)} cameras show too little for a rule")


def init(
    file: Annotated[Path, typer.Argument(help="Where to write the site file.")],
) -> None:
    """Write a commented site file to start from.

    Example: streetwarden init site.yaml
    """
    from configs import SITE_TEMPLATE

    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(SITE_TEMPLATE)
    except FileExistsError as error:
        raise InputWrong(f"{file} exists already; choose another name") from error
    except OSError as error:
        raise InputWrong(f"{file} cannot be written: {error.strerror}") from error
    typer.echo(f"{file} written; edit it, then: streetwarden check {file}")
