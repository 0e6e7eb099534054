"""Weather as numbers: sun, sky, wet ground, haze and exposure for the drawing to use."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.scenes.paint import RGB

WEATHERS = ("sun", "cloud", "dusk", "night", "rain", "haze")
SHARES = (0.28, 0.24, 0.1, 0.16, 0.12, 0.1)
"""How often each weather is drawn."""


@dataclass(frozen=True, slots=True)
class Light:
    """One sun, a sky of two colours, and what lies in the air and on the ground."""

    weather: str
    sun_height: float
    """Radians above the horizon."""
    sun_bearing: float
    sun_strength: float
    """Watts a square metre."""
    sun_colour: RGB
    sun_spread: float
    """Angle of the sun's disc in radians: large is soft."""
    zenith: RGB
    horizon: RGB
    sky_strength: float
    exposure: float
    lamps: bool = False
    """The street's lamps, headlights and lit signs are on."""
    wet: bool = False
    rain: float = 0.0
    """Streaks in the air: 0 none, 1 a downpour."""
    sight_m: float = 0.0
    """Distance at which haze leaves a third of the contrast; 0 is clear air."""


def _sun(rng: np.random.Generator, bearing: float) -> Light:
    return Light(
        "sun",
        float(np.radians(rng.uniform(25, 70))),
        bearing,
        float(rng.uniform(3.2, 5.0)),
        (1.0, 0.94, 0.84),
        0.01,
        (0.18, 0.36, 0.75),
        (0.62, 0.72, 0.85),
        float(rng.uniform(0.8, 1.2)),
        float(rng.uniform(0.3, 1.2)),
    )


def _cloud(rng: np.random.Generator, bearing: float) -> Light:
    grey = float(rng.uniform(0.75, 0.95))
    return Light(
        "cloud",
        float(np.radians(60)),
        bearing,
        float(rng.uniform(0.2, 1.0)),
        (1.0, 1.0, 1.0),
        0.6,
        (grey, grey, grey * 1.05),
        (grey, grey, grey),
        float(rng.uniform(0.9, 1.4)),
        float(rng.uniform(0.2, 1.0)),
    )


def _dusk(rng: np.random.Generator, bearing: float) -> Light:
    return Light(
        "dusk",
        float(np.radians(rng.uniform(5, 14))),
        bearing,
        float(rng.uniform(0.6, 1.8)),
        (1.0, 0.55, 0.28),
        0.02,
        (0.10, 0.15, 0.35),
        (0.75, 0.45, 0.30),
        float(rng.uniform(0.4, 0.7)),
        float(rng.uniform(1.1, 2.1)),
        lamps=bool(rng.uniform() < 0.6),
    )


def _night(rng: np.random.Generator, bearing: float) -> Light:
    wet = bool(rng.uniform() < 0.25)
    return Light(
        "night",
        float(np.radians(50)),
        bearing,
        0.01,
        (0.6, 0.7, 1.0),
        0.05,
        (0.02, 0.025, 0.05),
        (0.09, 0.07, 0.05),
        float(rng.uniform(0.25, 0.8)),
        float(rng.uniform(1.3, 2.3)),
        lamps=True,
        wet=wet,
        rain=float(rng.uniform(0.1, 0.5)) if wet and rng.uniform() < 0.5 else 0.0,
    )


def _rain(rng: np.random.Generator, bearing: float) -> Light:
    grey = float(rng.uniform(0.5, 0.7))
    return Light(
        "rain",
        float(np.radians(60)),
        bearing,
        0.1,
        (1.0, 1.0, 1.0),
        0.8,
        (grey, grey * 1.02, grey * 1.08),
        (grey, grey * 1.01, grey * 1.04),
        float(rng.uniform(0.8, 1.1)),
        float(rng.uniform(0.5, 1.2)),
        lamps=bool(rng.uniform() < 0.4),
        wet=True,
        rain=float(rng.uniform(0.1, 1.0)),
        sight_m=float(rng.uniform(90, 250)),
    )


def _haze(rng: np.random.Generator, bearing: float) -> Light:
    grey = float(rng.uniform(0.7, 0.85))
    return Light(
        "haze",
        float(np.radians(rng.uniform(30, 60))),
        bearing,
        float(rng.uniform(0.2, 1.2)),
        (1.0, 0.92, 0.8),
        0.3,
        (grey, grey * 0.98, grey * 0.94),
        (grey, grey * 0.97, grey * 0.92),
        float(rng.uniform(0.9, 1.3)),
        float(rng.uniform(0.3, 0.9)),
        sight_m=float(rng.uniform(28, 90)),
    )


def draw_light(rng: np.random.Generator, weather: str) -> Light:
    """Draw the light of a weather of WEATHERS."""
    draws: dict[str, Callable[[np.random.Generator, float], Light]] = dict(
        zip(WEATHERS, (_sun, _cloud, _dusk, _night, _rain, _haze), strict=True)
    )
    if weather not in draws:
        raise ValueError(f"weather {weather!r} is none of {', '.join(WEATHERS)}")
    return draws[weather](rng, float(rng.uniform(0, 2 * np.pi)))
