"""`streetwarden models`: which models there are, and whether one can be trusted."""

from pathlib import Path
from typing import Annotated

import typer

from api.exits import FAILED, WRONG_INPUT, input_errors
from api.output import Output

app = typer.Typer(help="List and check models.", no_args_is_help=True)


def add_to(parent: typer.Typer) -> None:
    """Register the commands."""
    parent.add_typer(app, name="models")


@app.command("list")
def list_models(
    *,
    site: Annotated[Path | None, typer.Option(help="Also list this site's own models.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the bundled models and a site's own.

    Example: streetwarden models list --site site.yaml
    """
    from configs import load_site
    from models import Registry

    output = Output(as_json=as_json)
    with input_errors():
        folder = load_site(site).data / "models" if site else None
        for entry in Registry(folder).entries():
            height, width = entry.input_size
            row = {
                "name": entry.name,
                "layout": entry.layout,
                "input_size": [height, width],
                "classes": list(entry.classes),
                "threshold": entry.threshold,
                "licence": entry.licence,
                "sha256": entry.sha256,
                "scores": dict(entry.scores),
            }
            output.row(
                row,
                f"{entry.name}  {entry.layout}  {width}x{height}  "
                f"{len(entry.classes)} classes  {entry.licence}",
            )


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="Model file or bundled name.")],
    *,
    picture: Annotated[
        Path | None, typer.Option(help="A picture with a known thing in it.")
    ] = None,
    expect: Annotated[
        list[str] | None, typer.Option(help="A class that must be found in --picture.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="Output layout, if the file is silent.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Refuse a model that sees nothing: exit 0 accepted, 1 loads but fails, 2 no detector.

    Example: streetwarden models check yolo11n.onnx --picture bus.jpg --expect bus
    """
    from models import Registry, check_model

    output = Output(as_json=as_json)
    with input_errors():
        path = Registry(None).find(file, Path.cwd()).file
        result = check_model(path, layout=layout, picture=picture, expect=expect)
    row = {"model": file, "verdict": result.verdict.value, "reasons": list(result.reasons)}
    output.row(row, f"{file}: {result.verdict.value}\n" + "\n".join(result.reasons))
    code = {"accepted": 0, "fails": FAILED, "no_detector": WRONG_INPUT}[result.verdict.value]
    if code:
        raise typer.Exit(code)
