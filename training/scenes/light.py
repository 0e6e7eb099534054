"""Weather as numbers: sun, sky and exposure for the drawing to use."""

from dataclasses import dataclass

import numpy as np

from training.scenes.paint import RGB

WEATHERS = ("sun", "cloud", "dusk")


@dataclass(frozen=True, slots=True)
class Light:
    """One sun and a sky of two colours."""

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


def draw_light(rng: np.random.Generator, weather: str) -> Light:
    """Draw the light of a weather of WEATHERS."""
    bearing = float(rng.uniform(0, 2 * np.pi))
    if weather == "sun":
        return Light(
            weather,
            float(np.radians(rng.uniform(25, 70))),
            bearing,
            float(rng.uniform(3.0, 5.0)),
            (1.0, 0.94, 0.84),
            0.01,
            (0.18, 0.36, 0.75),
            (0.62, 0.72, 0.85),
            float(rng.uniform(0.7, 1.1)),
            float(rng.uniform(-0.1, 0.7)),
        )
    if weather == "cloud":
        grey = float(rng.uniform(0.75, 0.95))
        return Light(
            weather,
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
    if weather == "dusk":
        return Light(
            weather,
            float(np.radians(rng.uniform(5, 14))),
            bearing,
            float(rng.uniform(0.6, 1.8)),
            (1.0, 0.55, 0.28),
            0.02,
            (0.10, 0.15, 0.35),
            (0.75, 0.45, 0.30),
            float(rng.uniform(0.35, 0.6)),
            float(rng.uniform(0.6, 1.4)),
        )
    raise ValueError(f"weather {weather!r} is none of {', '.join(WEATHERS)}")
