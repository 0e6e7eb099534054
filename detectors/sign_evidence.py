"""What a look says of a sign: a model's scores, beside the usual ones and the usual look."""

from dataclasses import dataclass

from detectors import appearance
from detectors.sign_views import NEWS

USUAL = 0.6
"""A whole sign keeps this share of its usual score where it looks as it always did ..."""
USUAL_CHANGED = 0.87
"""... and on the mean of the looks down to this one where it does not: two witnesses, each weak by
itself. A shadow over a whole sign changes its look, and leaves 0.92 or more of its score."""
USUAL_NEWS = 0.9
"""The same where damage is heard that never was: a third witness."""
MISSED = 0.2
"""Share of looks in which a model misses a whole sign: one it does not see is not surely broken."""
UNCHANGED = 0.9
"""Likeness from which a sign looks as it always did, whatever a model says of it today."""
RIVAL = 0.5
"""Share of the score of "whole" from which damage is heard at all where a sign has changed."""
NEWS_RIVAL = 0.8
"""Share of the score of "whole" from which damage is believed where it was never heard of before,
on a sign that has changed; the score of whole is what it takes else."""
HARDLY = 0.95
"""Likeness from which not even news of damage counts: whole signs of rendered clips keep 0.96."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One look at one sign that nothing hides."""

    whole: float
    """Best score of "whole" on it; 0 none."""
    damage: float
    """Best score of damage on it; 0 none."""
    alike: float | None
    """How much it looks as it did when it was whole, 1 the same; None: never seen whole."""
    mean: float
    """Of the scores of "whole" since it changed its look."""
    ever: float
    """Score of "whole" that it usually has; 0 where not known."""
    heard: float
    """Mean score of damage over the last looks ..."""
    quiet: float | None
    """... and while it was whole; None where not known."""

    @property
    def is_same(self) -> bool:
        """Whether it looks as it always did."""
        return self.alike is not None and self.alike >= UNCHANGED and not self.is_news

    @property
    def is_news(self) -> bool:
        """Whether damage is heard that never was, on a sign that looks a little changed."""
        if self.alike is None or self.alike >= HARDLY or self.quiet is None:
            return False
        return self.heard >= self.quiet + NEWS

    @property
    def is_usual(self) -> bool:
        """Whether it has the score that a whole sign that looks like this has."""
        if self.alike is None:
            return True
        return self.whole >= USUAL * self.ever and self.mean >= self._share() * self.ever

    @property
    def is_doubtful(self) -> bool:
        """Whether it has changed and damage is heard beside "whole"."""
        return self._is_rivalled and self.alike is not None and not self.is_same

    @property
    def believed(self) -> float:
        """Score of damage, with the sign's own look as a second witness where it may speak."""
        return self._seconded() if self._is_rivalled and not self.is_same else self.damage

    @property
    def is_outdone(self) -> bool:
        """Whether damage is believed before "whole"."""
        return self.believed >= self.whole * (NEWS_RIVAL if self.is_news else 1.0)

    @property
    def broken(self) -> float:
        """Score of damage of a sign that has less than its usual score.

        That is a witness as well, but any sign is missed at times.
        """
        left = min(max(self.whole / self.ever, MISSED), 1.0)
        return 1 - (1 - self._seconded()) * left

    @property
    def _is_rivalled(self) -> bool:
        return self.damage >= RIVAL * self.whole

    def _share(self) -> float:
        """Return the share of its usual score that a whole sign has left, by how it looks."""
        if self.is_news:
            return USUAL_NEWS
        alike = 1.0 if self.alike is None else self.alike
        changed = (UNCHANGED - alike) / (UNCHANGED - appearance.LOOKS_CHANGED)
        return USUAL + (USUAL_CHANGED - USUAL) * min(max(changed, 0.0), 1.0)

    def _seconded(self) -> float:
        """Return the score of damage with the sign's own reference as a second witness.

        Either may be wrong by itself: 1 - (1 - damage)(1 - change), as two independent witnesses,
        with change 0 where the sign looks as it always did and 1 where nothing of it is left.
        """
        if self.alike is None:
            return self.damage
        change = min(max(1 - self.alike / UNCHANGED, 0.0), 1.0)
        return 1 - (1 - self.damage) * (1 - change)
