"""Find the score that each kind of violation best asks a model for, over clips that judge nothing.

What it measures: the whole violations of clips with truth files (see benchmarks.violations), kind
by kind, when the rules take things up at each score of a grid; the model looks once. The fewest
violations missed or false are best, then the fewest dwells that are off. Where the model's own
threshold is among the best, a step of the grid from losing any, it stays; else the middle of the
run of best scores that is nearest to it is chosen, on a scale of ratios.

Against what: the truth of the clips. Limit: a few clips a kind. Take clips of seeds that neither
train nor judge, so that the figures of tests/scenarios stay those of clips never seen before; the
run of equally good scores shows how sure a choice is.

    .venv-scenes/bin/python -m training.scenes.sequence training/scenes/stories/*.json \
        --out renders/calibration --seed 310001
    python -m benchmarks.kind_conf renders/calibration [FOLDER ...] [--model street] [--write]

--write enters the scores as `kind_conf` in the manifest that lists the model; a rule's `conf` and
a site's go before them. The last line is one JSON object.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.clips import ClipError, ClipTally, Player, judge, read_clips
from models import ModelEntry, ModelError, Registry

GRID = (0.1, 0.12, 0.15, 0.18, 0.22, 0.26, 0.3, 0.36, 0.43, 0.52, 0.62)
"""Scores that are tried, each about a fifth above the one before; under 0.1 there is noise."""

Tallies = Mapping[float, ClipTally]
"""What came out at each score of the grid."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The score chosen for a kind, and between which ones nothing is lost."""

    conf: float
    lowest: float
    highest: float


def choose(tallies: Tallies, threshold: float) -> Choice:
    """Choose a score of the grid; threshold: the model's own."""
    grid = sorted(tallies)
    best = min(_loss(tally) for tally in tallies.values())
    runs: list[list[float]] = [[]]
    for conf in grid:
        if _loss(tallies[conf]) == best:
            runs[-1].append(conf)
        elif runs[-1]:
            runs.append([])
    run = min(filter(None, runs), key=lambda one: min(_steps(conf, threshold) for conf in one))
    inner = run[run[0] != grid[0] : len(run) - (run[-1] != grid[-1])]
    if inner and inner[0] <= threshold <= inner[-1]:
        return Choice(threshold, run[0], run[-1])
    middle = math.sqrt(run[0] * run[-1])
    # Of two that are as near, the lower: what is missed is missed for good.
    return Choice(min(run, key=lambda conf: round(_steps(conf, middle), 2)), run[0], run[-1])


def _loss(tally: ClipTally) -> tuple[int, int]:
    missed = tally.expected - tally.found
    return (missed + tally.false, tally.dwells - tally.dwells_right)


def _steps(one: float, other: float) -> float:
    return abs(math.log(one / other))


def play(player: Player, clips: Sequence[Any]) -> dict[str, dict[float, ClipTally]]:
    """Play every clip at every score; by kind."""
    tallies: dict[str, dict[float, ClipTally]] = {}
    for clip in clips:
        by_conf = tallies.setdefault(clip.kind, {conf: ClipTally() for conf in GRID})
        for conf in GRID:
            by_conf[conf].add(judge(clip, player.play(clip, conf=conf)))
    return tallies


def show(tallies: Mapping[str, Tallies], chosen: Mapping[str, Choice]) -> None:
    """Print what is found and what is false at each score, and the choice."""
    print(f"{'found/false at':22}" + "".join(f"{conf:>8.2f}" for conf in GRID) + "   chosen")
    for kind, by_conf in tallies.items():
        cells = [f"{by_conf[conf].found}/{by_conf[conf].false}" for conf in GRID]
        one = chosen[kind]
        of = f"of {next(iter(by_conf.values())).expected}"
        print(
            f"{kind + ' ' + of:22}"
            + "".join(f"{cell:>8}" for cell in cells)
            + f"   {one.conf:.2f} ({one.lowest:.2f} to {one.highest:.2f})"
        )


def write(entry: ModelEntry, kind_conf: Mapping[str, float]) -> Path:
    """Enter the scores in the manifest beside a model; raises OSError, KeyError where none is."""
    manifest = entry.file.parent / "manifest.json"
    listed = json.loads(manifest.read_text(encoding="utf-8"))
    record = next(one for one in listed["models"] if one["name"] == entry.name)
    record["kind_conf"] = dict(sorted(kind_conf.items()))
    partial = manifest.with_suffix(".part")
    partial.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    partial.replace(manifest)
    return manifest


def main() -> None:
    """Play, choose, print a table and one JSON line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kind_conf",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", type=Path, nargs="+", help="clips with truth files")
    parser.add_argument("--model", default="street", help="a listed model")
    parser.add_argument("--write", action="store_true", help="enter the scores in the manifest")
    arguments = parser.parse_args()
    try:
        entry = Registry(None).find(arguments.model, Path.cwd())
        clips = [clip for folder in arguments.folders for clip in read_clips(folder)]
        with Player(clips, arguments.model) as player:
            tallies = play(player, clips)
    except (ClipError, ModelError) as error:
        parser.error(str(error))
    chosen = {kind: choose(by_conf, entry.threshold) for kind, by_conf in tallies.items()}
    show(tallies, chosen)
    moved = {kind: one.conf for kind, one in chosen.items() if one.conf != entry.threshold}
    if arguments.write:
        # what these clips do not show stays as it was
        kept = {kind: conf for kind, conf in entry.kind_conf.items() if kind not in chosen}
        print(f"written to {write(entry, kept | moved)}")
    print(json.dumps({"threshold": entry.threshold, "clips": len(clips), "kind_conf": moved}))


if __name__ == "__main__":
    main()
