"""Measure how many cameras each system holds on this machine, and what the hardware allows.

What it measures: 1080p25 H.264 cameras, a key frame every 2 s, over RTSP from GStreamer's server on
the same machine, that a system looks at with the street model (512x288, fp32, ONNX Runtime): held
are N cameras when each gets at least 0.5 looks a second (a look is the network's, or the motion
gate's word that nothing has changed) and 95 of 100 results come less than 2 s after the picture
was sent. Which picture it was is read from a counter burnt into it, the same way for every system;
the server writes down when it sent each number. Two clips: a busy avenue, and a street on which
nothing happens (benchmarks/cameras/clip.py).

Against: Ultralytics' predict on a .streams file; Roboflow's InferencePipeline; one ffmpeg process a
camera that decodes key frames only, with ONNX Runtime. Each in an environment of its own at its
documented settings, which are printed. And against the ceiling: as many cameras as the cores allow
if they did nothing but decode and scale key frames, run the network and serve the cameras.

Limit: one machine, one model, and clips that loop after 40 s. The server shares the cores; that is
in the ceiling as well. All cameras of a mount have their key frames at once (ten mounts, 0.2 s
apart). The counter is read from what a system holds in its hands; its cost, about 0.1 ms a look, is
in every row. The ceiling leaves out what every system has to do to read a stream at all. Where
something else has the processors a failed trial is repeated, but believe only an idle machine.

    python -m benchmarks.cameras [--quick] [--clips C] [--systems S] [--minutes M] [--state FILE]
                                 [--near-kept] [--keep LIMIT]

With --minutes it stops after that long and goes on from the state file when called again. With
--near-kept the first round searches around what was kept of this machine, as later rounds search
around the round before: a third of the trials, the same question at each of them. The last
line is one JSON object: {busy: {ours, ultralytics, roboflow, ffmpeg, ceiling}, quiet: {...},
gate_recall}; null where a row was skipped or not reached.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cameras import ceiling
from benchmarks.cameras.clip import CLIPS, FOLDER, REPOSITORY, clip
from benchmarks.cameras.peers import NAMES, system
from benchmarks.cameras.search import around, largest
from benchmarks.cameras.trial import Result, System, trial
from benchmarks.machine import RESULTS, keep, machine

MODEL = REPOSITORY / "models" / "weights" / "street.onnx"
START = {"ours": 64, "ultralytics": 8, "roboflow": 6, "ffmpeg": 48}
FIRST_TRIALS, LATER_TRIALS = 9, 5


class State:
    """What was measured so far, in a file that a later call goes on from."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.done: dict[str, Any] = {}
        if file.is_file():
            self.done = json.loads(file.read_text(encoding="utf-8"))

    def keep(self, key: str, value: Any) -> None:
        """Remember a finished part."""
        self.done[key] = value
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self.done, indent=1) + "\n", encoding="utf-8")


class Bench:
    """The table."""

    def __init__(self, arguments: argparse.Namespace, state: State) -> None:
        self._rounds = 1 if arguments.quick else 3
        self._window_s = 12.0 if arguments.quick else 20.0
        self._clips, self._names = arguments.clips, arguments.systems
        self._until_s = time.monotonic() + 60 * arguments.minutes
        self._state = state
        self._near = kept_here() if arguments.near_kept else {}
        self._systems: dict[str, System] = {}
        self.skipped: dict[str, str] = {}
        for name in self._names:
            found = system(name, MODEL)
            if isinstance(found, str):
                self.skipped[name] = found
                print(f"{name}: skipped: {found}")
            else:
                self._systems[name] = found

    def run(self) -> None:
        """Go round: every system on every clip, then again."""
        for number in range(self._rounds):
            for shown in self._clips:
                self._once(f"{number} {shown} parts", partial(self._parts, shown))
                for name in self._systems:
                    work = partial(self._search, number, shown, name)
                    self._once(f"{number} {shown} {name}", work)

    def _once(self, key: str, work: Callable[[], dict[str, Any]]) -> None:
        if key not in self._state.done and time.monotonic() < self._until_s:
            self._state.keep(key, work())

    def _parts(self, shown: str) -> dict[str, float]:
        parts = asdict(ceiling.measure(MODEL, clip(shown)))
        print(f"{shown}: network {parts['network_ms']:.1f} ms, key frame {parts['key_ms']:.1f} ms")
        return parts

    def _search(self, number: int, shown: str, name: str) -> dict[str, Any]:
        row, file = self._systems[name], clip(shown)

        def attempt(cameras: int) -> Result:
            result = trial(row, file, cameras, self._window_s)
            _print(shown, name, result)
            return result

        before = self._state.done.get(f"{number - 1} {shown} {name}", {}).get("held")
        known = before or self._near.get(shown, {}).get(name)
        if known:
            held, tried = around(attempt, round(known), LATER_TRIALS if before else FIRST_TRIALS)
        else:
            held, tried = largest(attempt, START[name], FIRST_TRIALS)
        best = next((each for each in tried if each.cameras == held and each.holds), None)
        print(f"{shown:5} {name:12} holds {held}", flush=True)
        return {"held": held, "trial": asdict(best) if best else None}

    def table(self) -> dict[str, dict[str, float | None]]:
        """Return the medians, and the ceiling of each clip."""
        return {
            shown: {
                **{name: self._median(f"{shown} {name}") for name in NAMES},
                "ceiling": self._ceiling(shown),
            }
            for shown in CLIPS
        }

    def _found(self, of: str) -> list[dict[str, Any]]:
        done = self._state.done
        return [value for key, value in done.items() if key.partition(" ")[2] == of]

    def _median(self, of: str) -> float | None:
        held = [found["held"] for found in self._found(of)]
        return statistics.median(held) if held else None

    def _ceiling(self, shown: str) -> float | None:
        """From the parts, with the server's share and the kinds of looks of our own trials."""
        parts = self._found(f"{shown} parts")
        ours = [each["trial"] for each in self._found(f"{shown} ours") if each["trial"]]
        if not parts or not ours:
            return None
        server_ms = statistics.median(each["server_ms"] for each in ours)
        kinds: Counter[str] = Counter()
        for each in ours:
            kinds.update(each["kinds"])
        share = 1 - kinds["gated"] / kinds.total()
        network, key = (statistics.median(each[name] for each in parts) for name in parts[0])
        return round(ceiling.Parts(network, key).cameras(server_ms, share), 1)


def kept_here() -> dict[str, dict[str, float | None]]:
    """Return the table that was kept of this machine; empty where it was another one."""
    file = RESULTS / "cameras.json"
    if not file.is_file():
        return {}
    kept = json.loads(file.read_text(encoding="utf-8"))
    here = machine()
    if any(kept["machine"][fact] != here[fact] for fact in ("processor", "cores", "features")):
        return {}
    return {shown: kept["result"][shown] for shown in CLIPS}


def _print(shown: str, name: str, result: Result) -> None:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(result.kinds.items()))
    stale = "-" if result.stale_p95_s is None else f"{result.stale_p95_s:.2f} s"
    verdict = "holds" if result.holds else f"no: {result.why}"
    print(
        f"{shown:5} {name:12} {result.cameras:4d} cameras: {verdict}; p95 {stale}, slowest "
        f"{result.looks_per_s:.2f} looks/s ({kinds}); CPU a camera {result.system_ms:.1f} ms/s, "
        f"server {result.server_ms:.1f}, others {result.others_ms:.0f} ms/s",
        flush=True,
    )
    if result.settings:
        print(f"      {result.settings}")


def _gate_recall(*, quick: bool) -> float | None:
    """Run benchmarks.gate and take its figure."""
    command = [sys.executable, "-m", "benchmarks.gate", "--each", "6" if quick else "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)  # noqa: S603
    if done.returncode:
        print(f"benchmarks.gate failed: {(done.stderr.splitlines() or ['?'])[-1]}")
        return None
    found: float | None = json.loads(done.stdout.splitlines()[-1])["gate_recall"]
    return found


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    file = arguments.state or FOLDER / ("quick.json" if arguments.quick else "state.json")
    if arguments.afresh:
        file.unlink(missing_ok=True)
    state = State(file)
    bench = Bench(arguments, state)
    print(f"{len(os.sched_getaffinity(0))} cores; state in {file}")
    bench.run()
    if "gate_recall" not in state.done and not arguments.no_gate:
        state.keep("gate_recall", _gate_recall(quick=arguments.quick))
    found = {**bench.table(), "gate_recall": state.done.get("gate_recall")}
    if arguments.keep:
        kept = keep("cameras", {**found, "limit": arguments.keep, "searches": state.done})
        print(f"kept: {kept}")
    print(json.dumps(found))


def _arguments() -> argparse.Namespace:
    def among(known: tuple[str, ...]) -> Any:
        def names(text: str) -> list[str]:
            given = text.split(",")
            if set(given) - set(known):
                raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}")
            return given

        return names

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cameras", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--clips", type=among(CLIPS), default=list(CLIPS))
    parser.add_argument("--systems", type=among(NAMES), default=list(NAMES))
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so long")
    parser.add_argument("--state", type=Path, help="file to keep results in and to go on from")
    parser.add_argument(
        "--near-kept", action="store_true", help="begin where the kept result of this machine ended"
    )
    parser.add_argument("--afresh", action="store_true", help="forget what the file holds")
    parser.add_argument(
        "--keep", metavar="LIMIT", help="write benchmarks/results/, and what the figures are not"
    )
    parser.add_argument("--no-gate", action="store_true", help="leave the gate's recall out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
