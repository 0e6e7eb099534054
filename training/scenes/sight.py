"""Where a camera sees the ground well: rare things are put there, else few would be learnt."""

import numpy as np

from training.scenes.cameras import Camera

WIDTH, HEIGHT = 512, 288
TRIES = 400


def spot(
    rng: np.random.Generator,
    camera: Camera,
    band: tuple[float, float],
    near_m: float = 6.0,
    far_m: float = 26.0,
    z: float = 0.0,
) -> tuple[float, float] | None:
    """Draw x, y within a band of y that lands well inside the camera's picture.

    None when the camera sees no such place between near_m and far_m. Nearer places and farther
    ones are equally likely in steps of the logarithm, as sizes in the picture are.
    """
    y = rng.uniform(min(band), max(band), TRIES)
    x = camera.x + rng.uniform(-far_m, far_m, TRIES)
    distance = np.hypot(x - camera.x, y - camera.y)
    points = camera.project(np.stack([x, y, np.full(TRIES, z)], 1), WIDTH, HEIGHT)
    good = (
        (distance > near_m)
        & (distance < far_m)
        & (points[:, 2] > 1.0)
        & (points[:, 0] > 0.06 * WIDTH)
        & (points[:, 0] < 0.94 * WIDTH)
        & (points[:, 1] > 0.12 * HEIGHT)
        & (points[:, 1] < 0.96 * HEIGHT)
    )
    places = np.nonzero(good)[0]
    if not len(places):
        return None
    weights = 1.0 / distance[places]
    chosen = int(rng.choice(places, p=weights / weights.sum()))
    return float(x[chosen]), float(y[chosen])
