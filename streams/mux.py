"""Excerpts into files that players open, without encoding anything again."""

from collections.abc import Sequence
from pathlib import Path

from streams.packet import Excerpt


def mux(excerpts: Sequence[Excerpt], path: Path) -> tuple[Path, ...]:
    """Write excerpts as MP4, times rebased to 0, one file for each parameter set.

    The first file is `path`; further ones get `-2`, `-3`, ... before the suffix.
    """
    raise NotImplementedError
