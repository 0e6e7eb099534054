"""How a model is run on this box, and the file that remembers it: tuned.json.

{"version": 1, "machine": {"processor": "...", "cores": 2, "engines": {"onnxruntime": "1.31.0"}},
 "models": {"<sha256>": {"name": "street", "engine": "openvino", "precision": "fp32",
                         "threads": 2, "batch": 1, "streams": 1, "pictures_per_s": 71.3}}}
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.backends import ENGINES, available_engines, engine_version
from models.errors import ManifestError
from models.network import MAX_BATCH

NAME = "tuned.json"
MAX_BYTES = 1 << 20
MOST_BESIDE = 8
"""Runs side by side at most where nothing was tuned."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine and its settings."""

    engine: str = "onnxruntime"
    precision: str = "fp32"
    threads: int | None = None
    """Inside one run; None: one a processor, at most 8."""
    batch: int = MAX_BATCH
    """Pictures a run at most, where the model takes any number."""
    streams: int = 1
    """Runs computed side by side, each with `threads`."""


def beside_cameras() -> Choice:
    """Return how a model is run beside decoding cameras where nothing was tuned.

    A run a processor, each on one thread. Several threads in one run wait for each other hundreds
    of times in it, and where decoding wants the processors too each wait takes its turn.
    """
    return Choice(threads=1, streams=min(len(os.sched_getaffinity(0)), MOST_BESIDE))


def machine() -> dict[str, Any]:
    """Describe what a choice holds for: processor, cores and the engines installed."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "engines": {name: engine_version(name) for name in available_engines()},
    }


def write_choices(folder: Path, choices: Mapping[str, tuple[str, Choice, float]]) -> Path:
    """Write tuned.json; choices: SHA-256 to (name, choice, pictures a second)."""
    models = {
        sha256: {"name": name, **asdict(choice), "pictures_per_s": round(pace, 2)}
        for sha256, (name, choice, pace) in choices.items()
    }
    record = {"version": 1, "machine": machine(), "models": models}
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{NAME}.part"
    partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return partial.replace(folder / NAME)


def read_choices(folder: Path) -> tuple[dict[str, Choice], str]:
    """Read tuned.json: SHA-256 to choice, and why it is not used ("" where it is, or is none).

    One that was made on another machine or with other engines is left alone. Raises ManifestError
    for a file that is none.
    """
    file = folder / NAME
    if not file.is_file():
        return {}, ""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ManifestError(f"{file}: larger than any that tuning writes")
        record = json.loads(file.read_text(encoding="utf-8"))
        choices = {sha256: _choice(row) for sha256, row in record["models"].items()}
        made_on = record["machine"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(
            f"{file}: not as tuning writes it ({error}); run: streetwarden models tune"
        ) from error
    here = machine()
    changed = sorted(key for key in here if made_on.get(key) != here[key])
    if changed:
        return {}, f"{file} was made on another machine ({', '.join(changed)}); it is not used"
    return choices, ""


def _choice(row: Mapping[str, Any]) -> Choice:
    choice = Choice(
        row["engine"], row["precision"], row["threads"], row["batch"], row.get("streams", 1)
    )
    if choice.engine not in ENGINES or choice.precision not in ENGINES[choice.engine].precisions:
        raise ValueError(f"no engine {choice.engine!r} that computes in {choice.precision!r}")
    for name in ("threads", "batch", "streams"):
        value = getattr(choice, name)
        if not (isinstance(value, int) and value >= 1):
            raise ValueError(f"{name} is {value!r}")
    return choice


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "")
