"""Which inference devices of this machine really work."""

from contextlib import suppress
from functools import cache
from pathlib import Path

from models import Choice, NotAModel, load
from models.backends import available_engines

STREET = Path(__file__).parents[1] / "models" / "weights" / "street.onnx"
DEVICES = ("cuda", "tensorrt")
"""Engines with a device of their own."""


@cache
def working_devices() -> frozenset[str]:
    """Name the engines with a device of their own that open a model here."""
    working = set()
    for engine in set(DEVICES) & set(available_engines()):
        with suppress(NotAModel):
            load(STREET, choice=Choice(engine, threads=1)).close()
            working.add(engine)
    return frozenset(working)
