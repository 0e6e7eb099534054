"""`streetwarden models`: which there are, whether one can be trusted, how it runs best here."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.exits import FAILED, WRONG_INPUT, input_errors
from api.output import Output

if TYPE_CHECKING:
    from models import ModelEntry, Trial

app = typer.Typer(help="List, check and tune models.", no_args_is_help=True)


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


@app.command()
def tune(
    *,
    site: Annotated[
        Path | None, typer.Option(help="Tune this site's models, and keep the result for `run`.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Model file or bundled name; default: street.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Try every engine, precision, thread count and batch that this box offers; takes a minute.

    With --site the best ones go into tuned.json in the site's data folder, and `run` uses them.
    Without it nothing is written.

    Example: streetwarden models tune --site site.yaml
    """
    from rich.console import Console
    from rich.progress import Progress

    from configs import load_site
    from models import tune_each, write_choices
    from pipeline import models_to_tune

    output = Output(as_json=as_json)
    with input_errors():
        loaded = load_site(site) if site else None
        entries = models_to_tune(loaded, model)
        chosen = {}
        with Progress(console=Console(stderr=True), transient=True) as bar:

            def begin(entry: "ModelEntry") -> Callable[[int, int], None]:
                task = bar.add_task(f"tuning {entry.name}", total=None)
                return lambda done, total: bar.update(task, completed=done, total=total)

            for entry, best, trials in tune_each(entries, begin):
                chosen[entry.sha256] = (entry.name, best.choice, best.pictures_per_s)
                for trial in trials:
                    output.row(*_trial_row(entry.name, trial, best=trial is best))
        if loaded is not None:
            file = write_choices(loaded.data, chosen)
            typer.echo(f"written: {file}", err=True)


def _trial_row(name: str, trial: "Trial", *, best: bool) -> tuple[dict[str, Any], str]:
    """One row of `models tune`, for programs and for people."""
    choice = trial.choice
    row = {
        "model": name,
        "engine": choice.engine,
        "precision": choice.precision,
        "threads": choice.threads,
        "batch": choice.batch,
        "streams": choice.streams,
        "pictures_per_s": round(trial.pictures_per_s, 1),
        "processor_ms": round(trial.processor_ms, 1),
        "refused": trial.refused or None,
        "best": best,
    }
    said = trial.refused or (
        f"{trial.pictures_per_s:7.1f} pictures/s  {trial.processor_ms:6.1f} ms of processor time"
    )
    mark = "best" if best else ""
    text = (
        f"{name}  {choice.engine:11}  {choice.precision:4}  "
        f"{choice.streams} x {choice.threads} threads  "
        f"batch {choice.batch:2}  {said}  {mark}"
    )
    return row, text.rstrip()
