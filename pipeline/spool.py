"""Pinned looks on disk: packets that a violation may need, kept until it is settled.

The packet ring is far shorter than a dwell. Whatever lies here survives a crash; a file is
complete before it bears its name.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cases import SeenThing
from detectors import Box
from streams import Excerpt, load_excerpt, save_excerpt


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else was detected in a pinned look, for covering bystanders."""

    width: int
    height: int
    seen: tuple[SeenThing, ...]
    """Boxes in source pixels."""


class Spool:
    """One folder a violation; a file a look, another for the minutes before it was opened."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def look(self, violation_id: str, at_s: float) -> Path:
        """Where the packets of a look lie."""
        return self._root / violation_id / f"{at_s:.6f}.packets"

    def entry(self, violation_id: str, part: int) -> Path:
        """Where the packets around the opening lie; a part for each parameter set."""
        return self._root / violation_id / f"entry-{part}.packets"

    def keep_look(
        self, violation_id: str, at_s: float, excerpt: Excerpt, surroundings: Surroundings
    ) -> Path:
        """Write the packets of a look and what was around."""
        path = self.look(violation_id, at_s)
        self._save(excerpt, path)
        text = json.dumps(
            {
                "width": surroundings.width,
                "height": surroundings.height,
                "boxes": [[each.label, *each.box] for each in surroundings.seen],
                "echoes": [at for at, each in enumerate(surroundings.seen) if each.echo],
            }
        )
        _replace(path.with_suffix(".json"), text.encode())
        return path

    def keep_entry(self, violation_id: str, excerpts: Sequence[Excerpt]) -> None:
        """Write the packets around the opening."""
        for part, excerpt in enumerate(excerpts):
            self._save(excerpt, self.entry(violation_id, part))

    def load_look(self, path: Path) -> tuple[Excerpt, Surroundings]:
        """Read a look; raises OSError or ValueError when it is not there or broken."""
        stored = json.loads(path.with_suffix(".json").read_bytes())
        echoes = set(stored.get("echoes", ()))  # none where an older version has written
        seen = tuple(
            SeenThing(str(label), _box(edges), at in echoes)
            for at, (label, *edges) in enumerate(stored["boxes"])
        )
        surroundings = Surroundings(int(stored["width"]), int(stored["height"]), seen)
        return load_excerpt(path), surroundings

    def load_entry(self, violation_id: str) -> tuple[Excerpt, ...]:
        """Read the packets around the opening; empty when there are none."""
        folder = self._root / violation_id
        return tuple(load_excerpt(path) for path in sorted(folder.glob("entry-*.packets")))

    def drop(self, violation_id: str) -> None:
        """Forget everything of a violation."""
        shutil.rmtree(self._root / violation_id, ignore_errors=True)

    def drop_all_but(self, violation_ids: Sequence[str]) -> None:
        """Forget what nobody needs any more; at start, after a crash."""
        if not self._root.is_dir():
            return
        keep = set(violation_ids)
        for folder in self._root.iterdir():
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)

    def _save(self, excerpt: Excerpt, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_excerpt(excerpt, path)


def _box(edges: Sequence[float]) -> Box:
    x0, y0, x1, y1 = (float(edge) for edge in edges)
    return x0, y0, x1, y1


def _replace(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(data)
    partial.replace(path)
