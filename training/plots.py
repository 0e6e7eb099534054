"""Pictures of scores: precision over recall by class, and what is taken for what."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl  # type: ignore[import-not-found]  # training environment only
import numpy as np

from training.example import CLASSES
from training.judged import Judged
from training.scoring import NOTHING

mpl.use("Agg")


def plot(sets: Mapping[str, Judged], threshold: float, folder: Path) -> None:
    """Write FOLDER/SET-curves.png, and FOLDER/scenes-confusion.png when scenes were judged."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, judged in sets.items():
        _curves(judged, threshold, name, folder / f"{name.replace(', ', '-')}-curves.png")
    if (scenes := sets.get("scenes")) is not None:
        _confusion(scenes.confusion(threshold), folder / "scenes-confusion.png")


def _curves(judged: Judged, threshold: float, name: str, path: Path) -> None:
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(7, 5))
    for label, tally in sorted(judged.scores().tallies.items()):
        if not tally.asked:
            continue
        recall, precision, _ = tally.curve()
        line = axes.plot(recall, precision, label=f"{label} ({tally.asked})")[0]
        at = tally.at(threshold)
        if at[0] is not None:
            axes.plot(at[1], at[0], "o", color=line.get_color())
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.set_title(f"{name}: a dot is threshold {threshold}")
    axes.legend(fontsize=7, loc="lower left")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _confusion(table: Mapping[str, Mapping[str, int]], path: Path) -> None:
    from matplotlib import pyplot as plt  # noqa: PLC0415

    names = (*CLASSES, NOTHING)
    counts = np.array([[table.get(is_, {}).get(called, 0) for called in names] for is_ in names])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(8, 7))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts > 0):
        colour = "white" if shares[row, column] > 0.6 else "black"
        text = str(counts[row, column])
        axes.text(column, row, text, ha="center", va="center", fontsize=6, color=colour)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set(xlabel="called", ylabel="is")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
