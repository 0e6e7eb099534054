"""A progress bar on a terminal; nothing where nobody watches."""

import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")


def progress(items: Sequence[Item], what: str) -> Iterable[Item]:
    """Hand on the items with a bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        return items
    return track(items, what, console=Console(stderr=True))
