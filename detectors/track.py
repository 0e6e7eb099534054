"""A thing that stays itself from look to look."""

from dataclasses import dataclass

from detectors.violation import Box


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of a followed thing after a look."""

    track_id: int
    """Unique within the camera's tracker, counted from 1."""
    label: str
    """Vocabulary name it was matched with most, weighted by score."""
    box: Box
    """Smoothed, in units of a 640th of the picture's width (see place.py)."""
    score: float
    """Of the last match ..."""
    mean_score: float
    """... and of all on average: of those since it stands there, or of all while it moves."""
    first_at_s: float
    last_at_s: float
    """Last match, on the camera's timeline."""
    still_since_s: float
    """Since when it stands where it stands (its last match, if it moves), on the same timeline."""
    still_share: float
    """Share of the looks since then in which it was seen."""
