"""`streetwarden desk` and `streetwarden camera`: a case desk and a simulated camera to try with."""

from pathlib import Path
from typing import Annotated

import typer

from api.exits import InputWrong, input_errors
from api.output import Output


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(desk)
    app.command()(camera)


def desk(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8311,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Run the case desk: a small Open311 server with a page that lists what arrived.

    Example: streetwarden desk --port 8311
    """
    from cases.desk import Desk, serve

    output = Output(as_json=as_json)

    def ready(open_desk: Desk) -> None:
        url = open_desk.url
        output.row({"event": "ready", "desk": url}, f"case desk at {url}")

    with input_errors():
        serve(Desk(host, port), on_ready=ready)


def camera(
    file: Annotated[Path, typer.Argument(help="H.264 or H.265 video file.")],
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8554,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    user: Annotated[str | None, typer.Option(help="Ask for this user.")] = None,
    password: Annotated[
        str | None, typer.Option(envvar="CAMERA_PASSWORD", help="Ask for this password.")
    ] = None,
    fault: Annotated[
        str | None, typer.Option(help="KIND[:S], a fault from second S on; see the documentation.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Serve a file as an RTSP camera at /cam0, in real time, looping.

    Faults: refuse, auth, half-open, stall, drop, pts-jump, pts-fast, pts-slow, cached-gop,
    resize, garbage.

    Example: streetwarden camera street.mp4 --port 8554 --fault stall:20
    """
    from streams.simulated import Fault, serve

    output = Output(as_json=as_json)
    if (user is None) != (password is None):
        raise InputWrong("--user and --password go together")
    try:
        chosen = Fault.parse(fault) if fault else None
    except ValueError as error:
        raise InputWrong(f"--fault: {error}") from error

    def ready(url: str) -> None:
        output.row({"event": "ready", "camera": url}, f"camera at {url}")

    with input_errors():
        try:
            serve(
                file,
                host=host,
                port=port,
                user=user,
                password=password,
                fault=chosen,
                on_ready=ready,
            )
        except OSError as error:
            raise InputWrong(f"--port {port}: {error.strerror or error}") from error
