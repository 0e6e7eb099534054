r"""Mix the weights of runs that began with the same ones: their mean, by shares.

    .venv-training/bin/python -m training.mix runs/one/last.pt runs/other/last.pt \
        --shares 0.6 0.4 --out runs/mixed

Where one run started from the other, or both from a third, the mean often finds more than either
(Wortsman et al., "Model soups", 2022, arXiv 2203.05482); the scores decide (training.evaluate).
Takes the running means. RUN gets last.pt, of which training.export and `training.train --start`
make use, and the first one's made.json with what was mixed.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.checkpoint import MODEL, read_checkpoint
from training.example import DatasetError


def main(arguments: Sequence[str] | None = None) -> int:
    """Mix; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m training.mix",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("checkpoints", type=Path, nargs="+", help="last.pt of runs")
    parser.add_argument("--shares", type=float, nargs="+", required=True, help="one each")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    options = parser.parse_args(arguments)
    try:
        _check(options.checkpoints, options.shares)
        means = [read_checkpoint(path, "mean")["mean"] for path in options.checkpoints]
        _save(options.out, mixed(means, options.shares), options.checkpoints, options.shares)
    except (DatasetError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _check(checkpoints: Sequence[Path], shares: Sequence[float]) -> None:
    if len(checkpoints) != len(shares):
        raise DatasetError(f"{len(checkpoints)} checkpoints, {len(shares)} shares: one share each")
    if min(shares) < 0 or not math.isclose(sum(shares), 1.0, abs_tol=1e-6):
        raise DatasetError(f"shares {' '.join(map(str, shares))}: expected parts of 1")


def mixed(means: Sequence[Mapping[str, Any]], shares: Sequence[float]) -> dict[str, Any]:
    """Return the mean by shares of state dictionaries; counters are the first one's.

    Raises DatasetError where they are not of one shape.
    """
    first = means[0]
    shapes = [{name: value.shape for name, value in mean.items()} for mean in means]
    if any(shape != shapes[0] for shape in shapes):
        raise DatasetError("these checkpoints hold weights of different shapes")
    result = {}
    for name, value in first.items():
        if value.is_floating_point():
            parts = [share * mean[name] for mean, share in zip(means, shares, strict=True)]
            result[name] = sum(parts[1:], parts[0])
        else:
            result[name] = value
    return result


def _made(path: Path) -> dict[str, Any]:
    """Read what a run says of itself; nothing where it says nothing."""
    if not path.exists():
        return {}
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from error
    if not isinstance(made, dict):
        raise DatasetError(f"{path}: expected what training.train writes there")
    return made


def _save(
    folder: Path, mean: dict[str, Any], checkpoints: Sequence[Path], shares: Sequence[float]
) -> None:
    import torch  # type: ignore[import-not-found]  # noqa: PLC0415 - training environment only

    made = _made(checkpoints[0].with_name("made.json"))
    parts = [f"{share:g} of {path}" for share, path in zip(shares, checkpoints, strict=True)]
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "last.part"
    torch.save(MODEL | {"mean": mean}, partial)
    partial.replace(folder / "last.pt")
    made["start"] = f"{made.get('start', 'weights unknown')}; mixed: {', '.join(parts)}"
    (folder / "made.json").write_text(json.dumps(made, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
