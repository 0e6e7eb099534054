"""Measure whole violations against the truth, over scripted looks or rendered clips.

What it measures, for every kind that this version has, over sequences of looks that are drawn from
scripts (benchmarks/scenarios: violations and what only looks like one, the truth written before
the noise): 20 % of things missed, boxes 3 px off, names of the group mixed up, second boxes, boxes
around nothing, looks lost; half of the sequences at night, in rain, with a dropped stream, a
covered lens, a shaken camera or a restart as well.

- `precision`: share of confirmed violations that are true: kind, zone, place and time.
- `recall`: share of true violations that were confirmed, once.
- `dwell_within_one_look`: share of found ones whose time there, seen or bridged, is within one look
  of the truth; who comes while nothing can be seen is there from the next look on.
- `false_per_camera_day`: false violations in a day of innocent scripts.
- `late s`: seconds from when a violation was due until it was confirmed, outages of scripts
  included; `dwell s`: error of its time there. Median and 95th percentile; signs of scripts and
  trucks have no time at which they are due.

Against what: the truth of the scripts, which is written by hand and knows nothing of the engine.
Limit: the noise is drawn independently at every look. A model's real errors repeat where the
street repeats; for those, `--clips` plays rendered clips with truth files as `replay` does, once
with the model and once with the truth's boxes in its place, so that model and logic are told
apart; and only real footage tells what neither knows.

    python -m benchmarks.violations [--sequences N] [--seed S] [--kind KIND] [--scenario NAME]
    python -m benchmarks.violations --clips FOLDER [--model street]

Both take `--plot FILE.svg`: precision and recall of every kind as bars.

FOLDER: tests/scenarios, or what training.scenes.sequence made of other seeds. The last line is one
JSON object: with --clips the figures of the model, those of the truth's boxes in `truth_boxes`.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clips import ClipError, ClipTally, Player, bars, drawn, judge, read_clips
from benchmarks.clips.plot import Figures
from benchmarks.scenarios import SCENARIOS, Counts, Noise, Tally, blind_spans, draw, play, score
from detectors import KINDS

SEQUENCES = 2000
CHUNK = 20
"""Sequences that a process takes at a time."""


@dataclass(frozen=True, slots=True)
class Job:
    """One sequence; its name says how to play it again."""

    kind: str
    scenario: str
    seed: int

    @property
    def name(self) -> str:
        """As --kind, --scenario and --seed ask for it."""
        return f"{self.kind}/{self.scenario}/{self.seed}"


def jobs(sequences: int, seed: int, kinds: Iterable[str], scenario: str | None) -> list[Job]:
    """Take the scenarios in turn, kind by kind, until there are enough."""
    chosen = [
        [one for one in SCENARIOS[kind] if scenario in {None, one.name}]
        for kind in kinds
        if SCENARIOS[kind]
    ]
    chosen = [stories for stories in chosen if stories]
    found: list[Job] = []
    turn = 0
    while chosen and len(found) < sequences:
        for stories in chosen:
            story = stories[turn % len(stories)]
            found.append(Job(story.kind, story.name, seed + turn))
        turn += 1
    return found[:sequences]


def judge_script(job: Job) -> Tally:
    """Draw a sequence, play it, and score it."""
    story = next(one for one in SCENARIOS[job.kind] if one.name == job.scenario)
    random = np.random.default_rng([job.seed, *job.name.encode()])
    condition, script = draw(story.make(random), random)
    noise = Noise()
    events = play(script, noise, job.seed)
    return score(script, events, f"{job.name} ({condition})", blind_spans(script, noise, job.seed))


def play_all(todo: list[Job], processes: int) -> Iterator[tuple[Job, Tally]]:
    """Judge all jobs, in order."""
    if processes <= 1:
        yield from ((job, judge_script(job)) for job in todo)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from zip(todo, pool.map(judge_script, todo, chunksize=CHUNK), strict=True)


def show_progress(done: int, of: int, start_s: float, what: str = "sequences") -> None:
    """Rewrite the line of progress on a terminal, or say it now and then."""
    if sys.stderr.isatty():
        print(
            f"\r{done} of {of} {what}, {time.monotonic() - start_s:.0f} s",
            end="",
            file=sys.stderr,
            flush=True,
        )
    elif done % 500 == 0:
        print(f"{done} of {of} {what}, {time.monotonic() - start_s:.0f} s", file=sys.stderr)


def score_scripts(todo: list[Job], processes: int, plot: Path | None, wrong: int) -> None:
    """Play sequences; print the table, what went wrong, and the one JSON line."""
    tallies: dict[str, Tally] = {job.kind: Tally() for job in todo}
    start_s = time.monotonic()
    for done, (job, tally) in enumerate(play_all(todo, processes), 1):
        tallies[job.kind].add(tally)
        show_progress(done, len(todo), start_s)
    figures = report(tallies, wrong)
    if plot is not None:
        plot.write_text(drawn([("scripts", bars_of(tallies))]), encoding="utf-8")
    print(json.dumps(figures))


def bars_of(tallies: Mapping[str, Counts]) -> Figures:
    """Return the precision and recall of every kind."""
    return {kind: (one.precision, one.recall) for kind, one in tallies.items()}


def report(tallies: dict[str, Tally], wrong: int) -> dict[str, Any]:
    """Print the table of the sequences and what went wrong; return the figures."""
    total = Tally()
    print(
        f"{'kind':22} {'sequences':>9} {'true':>6} {'found':>6} {'false':>6} "
        f"{'precision':>9} {'recall':>7} {'dwell':>7} {'late s':>11} {'dwell s':>11}"
    )
    for kind, tally in tallies.items():
        total.add(tally)
        print(
            f"{kind:22} {tally.sequences:9} {tally.expected:6} {tally.found:6} {tally.false:6} "
            f"{tally.precision:9.4f} {tally.recall:7.4f} {tally.dwell_within_one_look:7.4f} "
            f"{tally.late or '-'!s:>11} {tally.dwell_error or '-'!s:>11}"
        )
    for line in total.wrong[:wrong]:
        print(f"  {line}")
    if len(total.wrong) > wrong:
        print(f"  and {len(total.wrong) - wrong} more")
    return {
        **{key: value for key, value in total.to_json().items() if key != "n"},
        "kinds": {kind: tally.to_json() for kind, tally in tallies.items()},
    }


def score_clips(folder: Path, model: str, plot: Path | None, wrong: int) -> None:
    """Play a folder of clips with the model and with the truth's boxes; print what came out."""
    clips = read_clips(folder)
    tallies: dict[bool, dict[str, ClipTally]] = {True: {}, False: {}}
    start_s = time.monotonic()
    with Player(clips, model) as player:
        for done, clip in enumerate(clips, 1):
            for truth, by_kind in tallies.items():
                tally = judge(clip, player.play(clip, truth=truth))
                by_kind.setdefault(clip.kind, ClipTally()).add(tally)
            show_progress(done, len(clips), start_s, what="clips")
    charts = []
    told: dict[bool, dict[str, Any]] = {}
    for truth, by_kind in tallies.items():
        title = "truth's boxes" if truth else f"model {model}"
        told[truth] = report_clips(title, by_kind, wrong)
        charts.append((title, bars_of(by_kind)))
        print("\n".join(["", *bars(*charts[-1]), ""]))
    if plot is not None:
        plot.write_text(drawn(charts), encoding="utf-8")
    print(json.dumps({**told[False], "truth_boxes": told[True]}))


def report_clips(title: str, tallies: dict[str, ClipTally], wrong: int) -> dict[str, Any]:
    """Print the table of one way of seeing; return its figures."""
    total = ClipTally()
    print(f"{title}")
    print(
        f"{'kind':22} {'clips':>5} {'true':>5} {'found':>5} {'false':>5} {'precision':>9} "
        f"{'recall':>7} {'dwell':>6} {'late s':>11} {'dwell s':>11} {'false/day':>9}"
    )
    for kind, tally in tallies.items():
        total.add(tally)
        print(
            f"{kind:22} {tally.clips:5} {tally.expected:5} {tally.found:5} {tally.false:5} "
            f"{tally.precision:9.2f} {tally.recall:7.2f} {tally.dwell_within_one_look:6.2f} "
            f"{tally.late or '-'!s:>11} {tally.dwell_error or '-'!s:>11} "
            f"{tally.false_per_camera_day:9.0f}"
        )
    for line in total.wrong[:wrong]:
        print(f"  {line}")
    print(
        f"precision {total.precision:.3f}, recall {total.recall:.3f}, dwell within one look "
        f"{total.dwell_within_one_look:.3f}, {total.innocent_false} false in "
        f"{total.innocent_s / 60:.1f} min of innocent footage"
    )
    kinds = {
        kind: {"precision": one.precision, "recall": one.recall, "n": one.expected}
        for kind, one in tallies.items()
    }
    return {**total.to_json(), "kinds": kinds}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.violations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sequences", type=int, default=SEQUENCES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=sorted(SCENARIOS))
    parser.add_argument("--scenario", help="only the scenarios of this name")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--wrong", type=int, default=20, help="how many wrong sequences to list")
    parser.add_argument("--clips", type=Path, help="play the clips of this folder instead")
    parser.add_argument("--model", default="street", help="with --clips: a listed model or a file")
    parser.add_argument("--plot", type=Path, help="also write the bars as SVG")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Play, show progress, print a table and one JSON line."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.clips is not None:
        try:
            score_clips(arguments.clips, arguments.model, arguments.plot, arguments.wrong)
        except ClipError as error:
            parser.error(str(error))
        return
    built = [kind for kind in SCENARIOS if KINDS[kind].built]
    kinds = [arguments.kind] if arguments.kind else built
    todo = jobs(arguments.sequences, arguments.seed, kinds, arguments.scenario)
    if not todo:
        parser.error(f"no scenario {arguments.scenario!r}")
    score_scripts(todo, arguments.processes, arguments.plot, arguments.wrong)


if __name__ == "__main__":
    main()
