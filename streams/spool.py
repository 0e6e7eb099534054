"""Excerpts on disk: exactly what was in memory."""

from pathlib import Path

from streams.packet import Excerpt


def save_excerpt(excerpt: Excerpt, path: Path) -> None:
    """Write an excerpt; a crash leaves either the whole file or none."""
    raise NotImplementedError


def load_excerpt(path: Path) -> Excerpt:
    """Read what save_excerpt wrote. Raises ValueError when the file is damaged."""
    raise NotImplementedError
