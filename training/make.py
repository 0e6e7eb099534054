r"""From seeds to a street model with manifest and card, in one command.

    make model [ARGS="--scenes 700 --steps 20000 --data DIR --install"]
    make model-small                    # the same at toy scale, in minutes

Renders, takes plates, assembles, trains, exports, scores and enters the model in OUT/weights; with
--install in models/weights too. Every step leaves what is done alone, so the same command goes on
where it was stopped. With real inputs at hand (--data, default $STREETWARDEN_DATA or
../shared/data) they teach and judge as well; without, the model knows rendered streets only.
What the steps print lies in OUT/logs.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from training.example import DatasetError
from training.split import JUDGING_SEEDS
from training.waiting import Count, Waiting

HOME = Path(__file__).resolve().parent.parent
SCENES = HOME / ".venv-scenes" / "bin" / "python"
TRAINING = HOME / ".venv-training" / "bin" / "python"
VIDEOS = ("street.mp4", "city_road.avi", "plaza.mp4")
TEACHER = "picodet_s_416_coco.onnx"
OTHERS = ("picodet_s_416_coco.onnx", "yolox_nano.onnx", "yolo11n_quantized.onnx")
BESIDE = "yolo11n_quantized.onnx"


Command = list[str | Path]


class StepError(RuntimeError):
    """A step ended badly; the message names its log and quotes the end of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything."""

    out: Path
    scenes: int
    unseen: int
    views: int
    width: int
    height: int
    plated: int
    steps: int
    batch: int
    workers: int
    threshold: float
    toy: bool
    data: Path | None
    own: tuple[str, ...] = ()
    """Arguments for training.assemble: a city's own pictures."""
    start: Path | None = None
    first_seed: int = 200_000
    needs_bytes: int = field(default=4_000_000_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a model; 0 done, 1 a step failed, 2 the input is wrong."""
    options = _options(arguments)
    try:
        plan = _plan(options)
        _room_for(plan)
        make(plan)
        if options.install:
            _enter(plan, HOME / "models" / "weights")
    except StepError as error:
        print(error, file=sys.stderr)
        return 1
    except (DatasetError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps({"model": str(plan.out / "weights" / "street.onnx")}))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.make",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--small", action="store_true", help="toy scale, no real inputs")
    add("--out", type=Path, help="default runs/model, runs/model-small")
    add("--scenes", type=int, help="scenes to learn from")
    add("--unseen", type=int, help="scenes to judge by")
    add("--plated", type=int, help="pictures of rendered things on real frames")
    add("--steps", type=int, help="training steps")
    add("--data", type=Path, help="folder of the real inputs; 'none' for none")
    add(
        "--own",
        nargs=2,
        action="append",
        default=[],
        metavar=("FORMAT", "FOLDER"),
        help="your own annotated pictures: voc, yolo or coco, and where (see training.assemble)",
    )
    add("--start", type=Path, help="ONNX file whose weights training starts from")
    add("--first-seed", type=int, default=200_000)
    add("--threshold", type=float, default=0.3)
    add("--workers", type=int, default=os.cpu_count() or 1)
    add("--install", action="store_true", help="put the model into models/weights too")
    return parser.parse_args(arguments)


def _plan(options: argparse.Namespace) -> Plan:
    small = options.small
    data = options.data or Path(os.environ.get("STREETWARDEN_DATA", HOME / ".." / "shared/data"))
    known = not small and str(data) != "none" and (data / "weights" / TEACHER).is_file()
    if options.data is not None and not known and str(data) != "none" and not small:
        raise DatasetError(f"{data}: no real inputs there (no weights/{TEACHER})")
    if small and options.install:
        raise DatasetError("a toy is not for models/weights: leave --install out")
    if options.first_seed + (options.scenes or 0) > JUDGING_SEEDS:
        raise DatasetError(f"--first-seed: seeds from {JUDGING_SEEDS} on are for judging")
    own = tuple(part for pair in options.own for part in ("--own", *pair))
    return Plan(
        out=options.out or HOME / "runs" / ("model-small" if small else "model"),
        scenes=options.scenes or (9 if small else 700),
        unseen=options.unseen or (3 if small else 110),
        views=2 if small else 3,
        width=320 if small else 512,
        height=180 if small else 288,
        plated=0 if small else (400 if options.plated is None else options.plated),
        steps=options.steps or (24 if small else 20_000),
        batch=8 if small else 16,
        workers=max(1, options.workers),
        threshold=options.threshold,
        toy=small,
        data=data.resolve() if known else None,
        own=own,
        start=options.start,
        first_seed=options.first_seed,
        needs_bytes=200_000_000 if small else 4_000_000_000,
    )


def _room_for(plan: Plan) -> None:
    plan.out.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(plan.out).free
    if free < plan.needs_bytes:
        raise DatasetError(
            f"{plan.out}: {free / 1e9:.1f} GB free, a run needs {plan.needs_bytes / 1e9:.1f} GB"
        )


def make(plan: Plan) -> None:
    """Take every step; what is done is left alone. Raises StepError."""
    for python, extra in ((SCENES, "scenes/requirements.txt"), (TRAINING, "the extra [training]")):
        if not python.exists():
            raise DatasetError(f"{python.parent.parent}: no such environment ({extra}); make model")
    _render(plan, "train", plan.first_seed, plan.scenes)
    _render(plan, "unseen", JUDGING_SEEDS, plan.unseen)
    if plan.data is not None and plan.plated:
        _set_on_plates(plan)
    _assemble(plan)
    _train(plan)
    _score(plan)
    _enter(plan, plan.out / "weights")


def _render(plan: Plan, name: str, first_seed: int, scenes: int) -> None:
    out, wanted = plan.out / name, scenes * plan.views
    request = {"first_seed": first_seed, "scenes": scenes, "views": plan.views, "samples": 2}
    request |= {"width": plan.width, "height": plan.height}
    path = plan.out / f"{name}.json"
    path.write_text(json.dumps(request), encoding="utf-8")
    if _count(out, "*.json") >= wanted:
        return
    command: Command = [SCENES, "-m", "training.scenes", path, "--out", out, "--threads", "1"]
    workers = min(plan.workers, scenes)
    split = [[*command, "--worker", f"{i}/{workers}"] for i in range(workers)]
    _run(plan, f"render {name}", split, wanted, lambda: _count(out, "*.json"))


def _set_on_plates(plan: Plan) -> None:
    data, plates, out = plan.data or Path(), plan.out / "plates", plan.out / "plated"
    if _count(out, "*.json") >= plan.plated:
        return
    videos = [data / "videos" / name for name in VIDEOS]
    take: Command = [sys.executable, "-m", "training.plates", *videos, "--out", plates]
    _run(plan, "take plates", [[*take, "--teacher", data / "weights" / TEACHER]])
    command: Command = [SCENES, "-m", "training.scenes.on_plates", "--plates", plates, "--out", out]
    command += ["--first-seed", "1", "--pictures", str(plan.plated)]
    split = [[*command, "--worker", f"{i}/{plan.workers}"] for i in range(plan.workers)]
    _run(plan, "set on plates", split, plan.plated, lambda: _count(out, "*.json"))


def _assemble(plan: Plan) -> None:
    command: Command = [sys.executable, "-m", "training.assemble"]
    command += ["--scenes", plan.out / "train", "--out", plan.out / "dataset", *plan.own]
    if plan.data is not None:
        command += ["--plates", plan.out / "plated"] if plan.plated else []
        command += ["--real", plan.data / "images"]
        command += ["--frames", *(plan.data / "videos" / name for name in VIDEOS)]
        command += ["--teacher", plan.data / "weights" / TEACHER]
    _run(plan, "assemble", [command])


def _train(plan: Plan) -> None:
    run = plan.out / "run"
    command: Command = [TRAINING, "-m", "training.train", "--run", run]
    command += ["--dataset", plan.out / "dataset", "--steps", str(plan.steps)]
    command += ["--batch", str(plan.batch)]
    # One thread for two cores: with AMX a second adds little, and beside others it costs.
    command += ["--threads", str(max(1, plan.workers // 2))]
    command += [] if plan.start is None else ["--start", plan.start]
    _run(plan, "train", [command], plan.steps, lambda: _last_step(run / "log.jsonl"))


def _score(plan: Plan) -> None:
    run = plan.out / "run"
    raw, model = run / "raw.onnx", run / "street.onnx"
    export: Command = [TRAINING, "-m", "training.export", "onnx", "--out", raw]
    if _older(raw, run / "last.pt"):
        _run(plan, "export", [[*export, "--checkpoint", run / "last.pt"]])
    if _older(model, raw):
        level: Command = [TRAINING, "-m", "training.calibrate", "--model", raw, "--out", model]
        level += ["--scenes", plan.out / "train", "--conf", str(plan.threshold)]
        _run(plan, "calibrate", [level])
    judge: Command = ["--unseen", plan.out / "unseen", *plan.own]
    if plan.data is not None:
        judge += ["--real", plan.data / "images"]
    scores = run / "scores.json"
    if _older(scores, model):
        extra: Command = ["--plots", run / "plots", "--conf", str(plan.threshold)]
        if plan.data is not None:
            extra += ["--quiet", plan.data / "videos" / "empty_road.mp4"]
            extra += ["--beside", plan.data / "weights" / BESIDE]
        command: Command = [TRAINING, "-m", "training.evaluate", "--model", model, "--out", scores]
        _run(plan, "score", [[*command, *judge, *extra]])
    for other in OTHERS if plan.data is not None else ():
        out = run / f"{Path(other).stem}.json"
        if not out.exists():
            weights = (plan.data or Path()) / "weights" / other
            one: Command = [sys.executable, "-m", "training.evaluate", "--model", weights]
            _run(plan, f"score {Path(other).stem}", [[*one, "--out", out, *judge]])


def _enter(plan: Plan, weights: Path) -> None:
    run = plan.out / "run"
    weights.mkdir(parents=True, exist_ok=True)
    others = [run / f"{Path(other).stem}.json" for other in OTHERS]
    command: Command = [sys.executable, "-m", "training.export", "manifest"]
    command += ["--model", run / "street.onnx", "--threshold", str(plan.threshold)]
    command += ["--scores", run / "scores.json", "--made", run / "made.json"]
    command += ["--weights", weights, *(["--toy"] if plan.toy else [])]
    if plan.data is not None:
        command += ["--other", *others]
    name = f"enter in {weights.name}"
    _run(plan, name, [command])
    # What belonged to the weights before and is gone is said there.
    print(_log(plan, name, 0).read_text(encoding="utf-8"), end="", file=sys.stderr)


def _run(
    plan: Plan,
    name: str,
    commands: Sequence[Sequence[str | Path]],
    total: int = 0,
    done: Count | None = None,
) -> None:
    """Run commands side by side, showing how far they are; the first that fails ends the others."""
    (plan.out / "logs").mkdir(exist_ok=True)
    environment = os.environ | {"YOLO_AUTOINSTALL": "false"}
    running = []
    files = []
    try:
        for number, command in enumerate(commands):
            path = _log(plan, name, number)
            log = path.open("w", encoding="utf-8")
            words = [str(word) for word in command]
            process = subprocess.Popen(  # noqa: S603 - commands of our own
                words, cwd=HOME, stdout=log, stderr=subprocess.STDOUT, env=environment
            )
            running.append((process, path))
            files.append(log)
        with Waiting(name, total, done) as waiting:
            while any(process.poll() is None for process, _ in running):
                _check(name, running)
                waiting.look()
                time.sleep(0.2)
            _check(name, running)
    finally:
        for process, _ in running:
            if process.poll() is None:
                process.terminate()
                process.wait()
        for log in files:
            log.close()


def _log(plan: Plan, name: str, number: int) -> Path:
    return plan.out / "logs" / f"{name.replace(' ', '-')}-{number}.log"


def _check(name: str, running: "Sequence[tuple[subprocess.Popen[bytes], Path]]") -> None:
    for process, path in running:
        if process.poll() not in (None, 0):
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            end = "\n".join(lines[-8:])
            raise StepError(f"{name}: exit {process.returncode}, see {path}\n{end}")


def _count(folder: Path, pattern: str) -> int:
    return sum(1 for _ in folder.glob(pattern))


def _last_step(log: Path) -> int:
    if not log.exists() or not (lines := log.read_text(encoding="utf-8").splitlines()):
        return 0
    return int(json.loads(lines[-1])["step"])


def _older(made: Path, source: Path) -> bool:
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime


if __name__ == "__main__":
    sys.exit(main())
