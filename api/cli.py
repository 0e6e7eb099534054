"""The command line: `streetwarden COMMAND ...`. Parsing only; every command loads what it needs."""

import itertools
import sys
from typing import Annotated

import typer

from api.commands import (
    cases,
    check,
    demo,
    detect,
    evidence,
    models,
    replay,
    run,
    servers,
)
from api.exits import FAILED, WRONG_INPUT, Failed, InputWrong
from api.logs import Level

app = typer.Typer(
    name="streetwarden",
    help="Watch street cameras, find violations, put each one once into the case system.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)

for command in (demo, run, check, detect, replay, cases, evidence, models, servers):
    command.add_to(app)


@app.callback()
def options(
    *,
    log_level: Annotated[Level, typer.Option(help="How much is logged to stderr.")] = Level.INFO,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log JSON lines.")] = False,
) -> None:
    """Watch street cameras, find violations, put each one once into the case system."""
    from api.logs import set_up

    set_up(level=log_level, as_json=log_json)


def main() -> None:
    """Run the command line; exit 0 done, 1 failed, 2 wrong input."""
    try:
        app(_log_options_first(sys.argv[1:]))
    except InputWrong as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(WRONG_INPUT)
    except Failed as error:
        sys.stderr.write(f"failed: {error}\n")
        sys.exit(FAILED)
    except BrokenPipeError:
        # The reader of our output went away; there is nobody to tell.
        sys.stderr.close()
        sys.exit(FAILED)


def _log_options_first(arguments: list[str]) -> list[str]:
    """Let the options of logging stand anywhere before a `--`, as people write them."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--log-json" or word.startswith("--log-level="):
            front.append(word)
        elif word == "--log-level":
            front += [word, *itertools.islice(words, 1)]
        else:
            rest.append(word)
    return front + rest
