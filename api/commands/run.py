"""`streetwarden run`: a site, until it is told to stop."""

from pathlib import Path
from typing import Annotated

import typer

from api.exits import InputWrong, input_errors
from api.output import Output


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(run)


def run(
    site: Annotated[Path, typer.Argument(help="Site file.")],
    *,
    workers: Annotated[int, typer.Option(min=1, help="Ingest processes.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Watch a site's cameras until SIGTERM or Ctrl-C, then finish what is at hand.

    Example: streetwarden run site.yaml --json
    """
    from api.running import Running
    from api.server import PortTaken
    from api.signals import until_told_to_stop
    from configs import load_site
    from pipeline import refuse_errors, registry_of

    output = Output(as_json=as_json)
    with input_errors():
        loaded = load_site(site)
        refuse_errors(loaded, registry_of(loaded))
        try:
            running = Running(loaded, output, workers=workers)
        except PortTaken as error:
            raise InputWrong(f"api.listen: {error}") from error
    with until_told_to_stop() as stop, running:
        url = running.url
        output.row({"event": "ready", "api": url}, f"watching; API at {url}")
        stop.wait()
