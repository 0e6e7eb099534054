"""A rendered layer laid over a real picture, as soft and as noisy as the picture."""

import numpy as np
from numpy.typing import NDArray

from training.scenes.lens import blur
from training.scenes.plate import Plate, inside

GAMMA = 2.2
"""Shown values to light, near enough for shadows to darken as they do."""


def foreground_of(plate: Plate) -> NDArray[np.bool_]:
    """Return where the plate's foreground is, (H, W)."""
    rows, columns = np.mgrid[0 : plate.height, 0 : plate.width]
    points = np.stack(
        [(columns.ravel() + 0.5) / plate.width, (rows.ravel() + 0.5) / plate.height], axis=1
    )
    covered = np.zeros(len(points), bool)
    for polygon in plate.view.foreground:
        covered |= inside(points, polygon)
    return covered.reshape(plate.height, plate.width)


def lay_over(
    plate: Plate,
    real: NDArray[np.float64],
    layer: NDArray[np.float64],
    alpha: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Lay a layer (H, W, 3) with its alpha (H, W) over a real picture (H, W, 3), all 0 to 1.

    The layer takes the camera's softness, its loss of colour and its noise first.
    """
    grey = layer.mean(axis=2, keepdims=True)
    layer = layer + plate.view.grey * (grey - layer)
    soft = plate.view.blur_px * plate.width / 640 * float(rng.uniform(0.8, 1.3))
    drawn = alpha[:, :, None]
    light = np.clip(layer, 0, 1) ** GAMMA * drawn
    both = blur(np.concatenate([light, drawn], axis=2), max(soft, 0.05))
    light, drawn = both[:, :, :3], both[:, :, 3:]
    covered = foreground_of(plate)[:, :, None]
    light, drawn = np.where(covered, 0.0, light), np.where(covered, 0.0, drawn)
    shown = np.clip(light + real**GAMMA * (1 - drawn), 0, 1) ** (1 / GAMMA)
    noise = rng.normal(0, max(plate.noise, 0.002), (*shown.shape[:2], 1)) * drawn
    return (np.clip(shown + noise, 0, 1) * 255).round().astype(np.uint8)
