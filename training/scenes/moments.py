"""Which moments of a story are worth a picture to learn from."""

from collections.abc import Sequence

from training.scenes.scene import streams_of
from training.scenes.story import Story

WRONG = 3
"""How many times as often a moment of a violation is drawn."""


def draw_moments(story: Story, seed: int, count: int) -> Sequence[float]:
    """Draw `count` moments, those with more actors on stage or a violation more often, in order."""
    moments = story.moments
    weights = [_weight(story, at_s) for at_s in moments]
    shares = [weight / sum(weights) for weight in weights]
    drawn = streams_of(seed)("moments").choice(len(moments), count, replace=False, p=shares)
    return [moments[index] for index in sorted(drawn.tolist())]


def _weight(story: Story, at_s: float) -> float:
    on_stage = 1e-3 + sum(actor.stands(at_s) is not None for actor in story.actors)
    return on_stage * (WRONG if story.is_wrong(at_s) else 1)
