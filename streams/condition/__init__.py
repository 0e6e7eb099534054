"""What a look's picture is like, in numbers: light, detail, damage, place. Decides nothing."""

from streams.condition.fields import WIDTH_PX, Fields, fields_of
from streams.condition.measurement import Measurement, changed_share, compared_part, measure
from streams.condition.registration import Registration
from streams.condition.view import LEARN_LOOKS, View

__all__ = [
    "LEARN_LOOKS",
    "WIDTH_PX",
    "Fields",
    "Measurement",
    "Registration",
    "View",
    "changed_share",
    "compared_part",
    "fields_of",
    "measure",
]
