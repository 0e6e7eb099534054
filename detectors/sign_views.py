"""What a sign looks like when it is whole, by day and by night, and whether it still does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import appearance
from detectors.appearance import GREY, Signature
from detectors.running_mean import running_mean
from detectors.violation import Box

NIGHT_GREY = 70.0
"""Mean brightness of a picture under which signs are lit from inside, or not at all."""
BLEND = 0.1
"""Share by which the reference follows what the whole sign looks like today."""
MEAN_OVER = 10
"""Looks over which its usual score is the mean: it follows as the reference does."""
NEARLY = 0.8
"""Share of its usual score under which a view is not followed: what is half dark would be."""
NEWS = 0.2
"""Score of damage, over what the whole sign usually has, from which it is news and no such view is
followed either. Whole signs of 20 rendered clips never had as much in one look."""
NEW_LOOK = 16
"""Readings in a row in which a whole sign looked otherwise, after which it is a new sign."""
FIRST_LOOKS = 3
"""Looks in a row, as far as any can tell, that call a sign whole before that is its reference: a
model takes a broken one for whole at times."""


class SignViews:
    """References of one sign: one for the day, one for the night."""

    def __init__(self) -> None:
        self._views: dict[str, Signature] = {}
        self._renewed: dict[str, int] = {}
        self._first: dict[str, int] = {}
        """Looks that called it whole, where there is no reference yet."""
        self._scores: dict[str, float] = {}
        """What a model usually gives the whole sign."""
        self._damages: dict[str, float] = {}
        """What it usually gives the damage of that whole sign."""
        self._counts: dict[str, int] = {}
        """Looks that these are the mean of."""

    def is_known(self, picture: NDArray[np.uint8] | None) -> bool:
        """Whether there is a reference for this light."""
        return picture is not None and _light(picture) in self._views

    def likeness(self, picture: NDArray[np.uint8] | None) -> float | None:
        """How much the sign looks as it did when it was whole, 1 the same; None: not known."""
        if picture is None:
            return None
        return appearance.likeness(self._views.get(_light(picture)), picture)

    def usual_score(self, picture: NDArray[np.uint8] | None) -> float:
        """Return the score that the whole sign usually has in this light; 0 where not known."""
        return 0.0 if picture is None else self._scores.get(_light(picture), 0.0)

    def usual_damage(self, picture: NDArray[np.uint8] | None) -> float | None:
        """Return the score of damage that the whole sign usually has; None where not known."""
        return None if picture is None else self._damages.get(_light(picture))

    def learn(
        self, picture: NDArray[np.uint8] | None, box: Box, score: float, damage: float
    ) -> None:
        """Take a clear view of the whole sign.

        box: of its zone, in units; score, damage: a model's for whole and for damaged.
        """
        fresh = appearance.take(picture, box)
        if picture is None or fresh is None:
            return
        light = _light(picture)
        usual = self._scores.get(light, score)
        known = self._views.get(light)
        alike = appearance.likeness(known, picture)
        if known is None or alike is None:
            self._average(light, score, damage)
            self._first[light] = self._first.get(light, 0) + 1
            if self._first[light] >= FIRST_LOOKS:
                self._views[light] = fresh
        elif (
            alike >= appearance.LOOKS_SAME
            and score >= NEARLY * usual
            and damage < self._damages.get(light, damage) + NEWS
        ):
            self._views[light] = appearance.blended(known, fresh, BLEND)
            self._average(light, score, damage)
            self._renewed[light] = 0
        else:
            self._renewed[light] = self._renewed.get(light, 0) + 1
            if self._renewed[light] >= NEW_LOOK:
                self._views[light] = fresh
                self._renewed[light] = self._counts[light] = 0
                self._average(light, score, damage)

    def _average(self, light: str, score: float, damage: float) -> None:
        """Follow the scores."""
        usual, count = self._scores.get(light, score), self._counts.get(light, 0)
        heard = self._damages.get(light, damage)
        self._damages[light], _ = running_mean(heard, count, damage, MEAN_OVER)
        self._scores[light], self._counts[light] = running_mean(usual, count, score, MEAN_OVER)

    def doubt(self, picture: NDArray[np.uint8] | None) -> None:
        """Take a view that shows it damaged: a first or a new reference has to wait."""
        if picture is not None:
            self._first[_light(picture)] = self._renewed[_light(picture)] = 0

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        views = {light: view.to_json() for light, view in self._views.items()}
        return {
            "views": views,
            "renewed": dict(self._renewed),
            "first": dict(self._first),
            "scores": dict(self._scores),
            "damages": dict(self._damages),
            "counts": dict(self._counts),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SignViews":
        """Undo to_json()."""
        views = cls()
        views._views = {light: Signature.from_json(view) for light, view in data["views"].items()}
        views._renewed = dict(data["renewed"])
        views._first = dict(data.get("first", {}))
        views._scores = dict(data.get("scores", {}))
        views._damages = dict(data.get("damages", {}))
        known = dict.fromkeys(views._scores, MEAN_OVER)
        views._counts = dict(data.get("counts", known))
        return views


def is_day(picture: NDArray[np.uint8]) -> bool:
    """Whether a picture is bright enough for signs to be seen that are not lit."""
    # Every fourth pixel is enough for a mean.
    return float((picture[::4, ::4] @ GREY).mean()) >= NIGHT_GREY


def _light(picture: NDArray[np.uint8]) -> str:
    return "day" if is_day(picture) else "night"
