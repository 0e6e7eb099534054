"""`streetwarden detect`: boxes in pictures, folders, videos and cameras."""

from pathlib import Path
from typing import Annotated

import typer

from api.exits import Failed, input_errors
from api.output import Output, pixels, seconds


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(detect)


def detect(
    source: Annotated[str, typer.Argument(help="Picture, folder, video file or rtsp:// URL.")],
    *,
    model: Annotated[str, typer.Option(help="Bundled model's name or an ONNX file.")] = "street",
    every: Annotated[
        float, typer.Option(min=0, help="Seconds between looks in a video; 0 looks at every frame.")
    ] = 1.0,
    conf: Annotated[
        float | None, typer.Option(min=0, max=1, help="Lowest score; default: the model's own.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="Output layout of a model that does not say it itself.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print what a model sees.

    Example: streetwarden detect street.mp4 --model street --every 2 --json
    """
    from pipeline.detect import Detect

    output = Output(as_json=as_json)
    unreadable = 0
    with input_errors():
        job = Detect(source, model=model, every_s=every, conf=conf, layout=layout, base=Path.cwd())
        for seen in job.run():
            if seen.error is not None:
                typer.echo(f"error: {seen.error}", err=True)
                unreadable += 1
                continue
            row = {
                "source": seen.source,
                "time_s": None if seen.time_s is None else seconds(seen.time_s),
                "width": seen.width,
                "height": seen.height,
                "detections": [
                    {"label": label, "score": round(score, 4), "xyxy": pixels(box)}
                    for label, score, box in seen.boxes
                ],
            }
            when = "" if seen.time_s is None else f" {seen.time_s:8.3f} s"
            what = ", ".join(f"{label} {score:.2f}" for label, score, _ in seen.boxes)
            output.row(row, f"{seen.source}{when}  {what or 'nothing'}")
    if unreadable:
        raise Failed(f"{unreadable} of the pictures could not be read")
