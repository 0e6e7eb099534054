"""Which pictures teach and which only judge."""

from collections.abc import Sequence

from training.example import Example

SCENE_FOLD = 8
"""Every eighth seed of rendered scenes is for evaluation only."""
JUDGING_SEEDS = 900_000
"""So is every seed from here on: a set of unseen scenes of its own."""
SEAM = 2
"""Pictures left out between a real set's two blocks, because neighbours are near-copies."""


def is_held_out_seed(seed: int) -> bool:
    """Say whether all pictures of a scene seed are for evaluation only."""
    return seed % SCENE_FOLD == SCENE_FOLD - 1 or seed >= JUDGING_SEEDS


def split_real(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Split a set in its order into a training block and the evaluation third at its end."""
    ordered = sorted(examples, key=lambda example: example.order)
    first_held_out = len(ordered) - len(ordered) // 3
    return ordered[: max(0, first_held_out - SEAM)], ordered[first_held_out:]


def split_series(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Split a set of several unlike series, each as split_real does.

    Where one series alone holds the things in question, a block of the whole set would judge
    nothing.
    """
    train, held_out = [], []
    for series in sorted({example.order[0] for example in examples}):
        parts = split_real([example for example in examples if example.order[0] == series])
        train += parts[0]
        held_out += parts[1]
    return train, held_out


def split_scenes(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Split rendered pictures by their scene's seed."""
    held_out = [example for example in examples if is_held_out_seed(example.order[1])]
    return [example for example in examples if not is_held_out_seed(example.order[1])], held_out
