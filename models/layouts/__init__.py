"""The layouts that can be read, and the choice of one for a network."""

from collections.abc import Mapping
from types import MappingProxyType

from models.errors import NoDetector
from models.layouts.layout import Candidates, Facts, Layout
from models.layouts.picodet import Picodet
from models.layouts.ultralytics import Ultralytics
from models.layouts.ultralytics_end2end import UltralyticsEnd2End
from models.layouts.yolox import Yolox

__all__ = ["LAYOUTS", "Candidates", "Facts", "Layout", "choose"]

LAYOUTS: Mapping[str, type[Layout]] = MappingProxyType(
    {each.name: each for each in (UltralyticsEnd2End, Ultralytics, Yolox, Picodet)}
)
"""By name, in the order in which they are tried on a network that says nothing."""


def choose(facts: Facts, layout: str | None) -> Layout:
    """Fit the named layout, else the first that fits; raises NoDetector with every reason."""
    if layout is not None:
        if layout not in LAYOUTS:
            raise NoDetector(f"no layout {layout!r}: one of {', '.join(sorted(LAYOUTS))}")
        return LAYOUTS[layout].fit(facts)
    reasons = []
    for name, each in LAYOUTS.items():
        try:
            return each.fit(facts)
        except NoDetector as error:
            reasons.append(f"{name}: {error}")
    shapes = ", ".join(str(shape) for shape in facts.shapes)
    raise NoDetector(f"no layout reads its outputs {shapes} ({'; '.join(reasons)})")
