"""`streetwarden demo`: everything in one go, on this machine alone."""

from typing import Annotated

import typer

from api.exits import Failed, InputWrong, input_errors
from api.output import Output


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(demo)


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End when every rule's case is delivered.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=1024, max=65000, help="API here, desk at +1, cameras from +2.")
    ] = 8310,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Run simulated cameras, the pipeline, the API and a case desk; dwells are short.

    Example: streetwarden demo --once --json
    """
    from api.demo import Demo, DemoTimeout, PortsTaken

    output = Output(as_json=as_json)
    with input_errors():
        try:
            Demo(output, port=port).run(once=once)
        except PortsTaken as error:
            raise InputWrong(f"--port: {error}") from error
        except DemoTimeout as error:
            raise Failed(str(error)) from error
