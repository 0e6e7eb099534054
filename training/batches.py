"""Batches of a training run, drawn beside the learning by processes of their own."""

from collections.abc import Iterator

import cv2
import numpy as np
import torch  # type: ignore[import-not-found]  # lives in the training environment only

from training.cuts import Cuts

AHEAD = 3
"""Batches that each process draws in advance."""


class Steps(torch.utils.data.Dataset):  # type: ignore[misc]
    """The batch of every step of a run; the same seed and step draw the same one anywhere."""

    def __init__(self, cuts: Cuts, seed: int, count: int, stop_at: int) -> None:
        self._cuts, self._seed, self._count, self._stop_at = cuts, seed, count, stop_at

    def __len__(self) -> int:
        """Return the step at which the run stops."""
        return self._stop_at

    def __getitem__(self, step: int) -> dict[str, torch.Tensor]:
        """Draw the batch of a step."""
        return self._cuts.batch(np.random.default_rng([self._seed, step]), self._count)


def batches(
    steps: Steps, first: int, *, workers: int, pinned: bool
) -> Iterator[dict[str, torch.Tensor]]:
    """Yield the batches from a step on; without workers each is drawn when it is asked for."""
    loader = torch.utils.data.DataLoader(
        steps,
        batch_size=None,
        sampler=range(first, len(steps)),
        num_workers=workers,
        pin_memory=pinned,
        prefetch_factor=AHEAD if workers else None,
        worker_init_fn=_begin if workers else None,
    )
    return iter(loader)


def _begin(_: int) -> None:
    # As many threads as cores in each of as many processes would only hinder each other.
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
