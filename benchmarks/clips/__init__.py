"""Rendered clips with truth files, through the rules: with a model, and with the truth's boxes."""

from benchmarks.clips.clip import Clip, ClipError, Wrong, read_clips
from benchmarks.clips.playing import Player, true_boxes, write_site
from benchmarks.clips.plot import bars, drawn
from benchmarks.clips.scoring import ClipTally, judge

__all__ = [
    "Clip",
    "ClipError",
    "ClipTally",
    "Player",
    "Wrong",
    "bars",
    "drawn",
    "judge",
    "read_clips",
    "true_boxes",
    "write_site",
]
