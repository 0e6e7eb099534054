"""Measure whole violations against the truth, over scripted looks or rendered clips.

What it measures, for every kind that this version has, over sequences of looks that are drawn from
scripts (benchmarks/scenarios: violations and what only looks like one, the truth written before
the noise): 20 % of things missed, boxes 3 px off, names of the group mixed up, second boxes, boxes
around nothing, looks lost; half of the sequences at night, in rain, with a dropped stream, a
covered lens, a shaken camera or a restart as well.

- `precision`: share of confirmed violations that are true: kind, zone, place and time.
- `recall`: share of true violations that were confirmed, once.
- `dwell_within_look`: share of found ones whose time there, seen or bridged, is within one look of
  the truth.

Against what: the truth of the scripts, which is written by hand and knows nothing of the engine.
Limit: the noise is drawn independently at every look. A model's real errors repeat where the
street repeats; for those, `--clips` plays rendered clips with truth files through `replay` and the
shipped model, and only real footage tells what neither knows.

    python -m benchmarks.violations [--sequences N] [--seed S] [--kind KIND] [--scenario NAME]
    python -m benchmarks.violations --clips FOLDER

The last line is one JSON object.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.scenarios import SCENARIOS, Noise, Tally, blind_s, draw, play, score
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


def judge(job: Job) -> Tally:
    """Draw a sequence, play it, and score it."""
    story = next(one for one in SCENARIOS[job.kind] if one.name == job.scenario)
    random = np.random.default_rng([job.seed, *job.name.encode()])
    condition, script = draw(story.make(random), random)
    noise = Noise()
    events = play(script, noise, job.seed)
    return score(script, events, f"{job.name} ({condition})", blind_s(script, noise, job.seed))


def play_all(todo: list[Job], processes: int) -> Iterator[tuple[Job, Tally]]:
    """Judge all jobs, in order."""
    if processes <= 1:
        yield from ((job, judge(job)) for job in todo)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from zip(todo, pool.map(judge, todo, chunksize=CHUNK), strict=True)


def show_progress(done: int, of: int, start_s: float) -> None:
    """Rewrite the line of progress on a terminal, or say it now and then."""
    if sys.stderr.isatty():
        print(
            f"\r{done} of {of} sequences, {time.monotonic() - start_s:.0f} s",
            end="",
            file=sys.stderr,
            flush=True,
        )
    elif done % 500 == 0:
        print(f"{done} of {of} sequences, {time.monotonic() - start_s:.0f} s", file=sys.stderr)


def report(tallies: dict[str, Tally], *, wrong: int) -> None:
    """Print the table, what went wrong, and the one JSON line."""
    total = Tally()
    print(
        f"{'kind':22} {'sequences':>9} {'true':>6} {'found':>6} {'false':>6} "
        f"{'precision':>9} {'recall':>7} {'dwell':>7}"
    )
    for kind, tally in tallies.items():
        total.add(tally)
        print(
            f"{kind:22} {tally.sequences:9} {tally.expected:6} {tally.found:6} {tally.false:6} "
            f"{tally.precision:9.4f} {tally.recall:7.4f} {tally.dwell_within_look:7.4f}"
        )
    for line in total.wrong[:wrong]:
        print(f"  {line}")
    if len(total.wrong) > wrong:
        print(f"  and {len(total.wrong) - wrong} more")
    summary = {
        **{key: value for key, value in total.to_json().items() if key != "n"},
        "kinds": {kind: tally.to_json() for kind, tally in tallies.items()},
    }
    print(json.dumps(summary))


def main() -> None:
    """Play, show progress, print a table and one JSON line."""
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
    arguments = parser.parse_args()
    built = [kind for kind in SCENARIOS if KINDS[kind].built]
    kinds = [arguments.kind] if arguments.kind else built
    todo = jobs(arguments.sequences, arguments.seed, kinds, arguments.scenario)
    if not todo:
        parser.error(f"no scenario {arguments.scenario!r}")
    tallies: dict[str, Tally] = {kind: Tally() for kind in kinds}
    start_s = time.monotonic()
    for done, (job, tally) in enumerate(play_all(todo, arguments.processes), 1):
        tallies[job.kind].add(tally)
        show_progress(done, len(todo), start_s)
    report(tallies, wrong=arguments.wrong)


if __name__ == "__main__":
    main()
