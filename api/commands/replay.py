"""`streetwarden replay`: a video file through a camera's rules."""

from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from api.exits import InputWrong, input_errors
from api.output import Output, pixels, seconds


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(replay)


def replay(
    site: Annotated[Path, typer.Argument(help="Site file.")],
    camera: Annotated[str, typer.Argument(help="Id of the camera whose rules apply.")],
    source: Annotated[str, typer.Argument(help="Video file.")],
    *,
    start: Annotated[
        str | None,
        typer.Option(help="When the file begins, ISO 8601; default 2026-01-05T12:00 at the site."),
    ] = None,
    gate: Annotated[
        bool, typer.Option("--gate", help="Leave out pictures in which nothing has changed.")
    ] = False,
    keep: Annotated[str, typer.Option(help="Share of the looks to keep, as 1/2.")] = "1/1",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Run a file through a camera's rules as fast as it goes; two runs print the same.

    Example: streetwarden replay site.yaml cam-1 street.mp4 --json
    """
    from pipeline.replay import replay as run_replay

    output = Output(as_json=as_json)
    with input_errors():
        events = run_replay(
            site, camera, source, start=_moment(start), keep=_share(keep), gated=gate
        )
        for event in events:
            violation = event.violation
            row = {
                "event": event.change.value,
                "kind": violation.kind,
                "violation_id": violation.violation_id,
                "zone": violation.zone_id,
                "time_s": seconds(violation.last_at_s),
                "dwell_s": seconds(violation.dwell_s),
                "xyxy": pixels(violation.box),
                **({"reason": event.reason} if event.reason else {}),
            }
            output.row(
                row,
                f"{violation.last_at_s:9.3f} s  {event.change.value:<9}  {violation.kind}  "
                f"{violation.zone_id}  dwell {violation.dwell_s:.1f} s  {pixels(violation.box)}",
            )


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InputWrong(
            f"--start: {text!r} is no ISO 8601 time; write for example 2026-01-05T12:00"
        ) from error


def _share(text: str) -> Fraction:
    try:
        share = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputWrong(f"--keep: {text!r} is no share; write for example 1/2") from error
    if not 0 < share <= 1:
        raise InputWrong(f"--keep: {text} is outside 0..1; write for example 1/2")
    return share
