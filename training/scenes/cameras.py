"""Pole cameras: where they stand and how a point of the world lands in their picture."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from training.scenes.street import Street


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera; angles in radians, the picture's centre on its axis."""

    x: float
    y: float
    z: float
    yaw: float
    """Direction of the axis seen from above: 0 looks along +x."""
    pitch: float
    """Downwards positive."""
    view: float
    """Horizontal angle of view."""

    def axes(self) -> NDArray[np.float64]:
        """Right, up and backward of the camera in world coordinates, one a row (3, 3)."""
        cy, sy, cp, sp = np.cos(self.yaw), np.sin(self.yaw), np.cos(self.pitch), np.sin(self.pitch)
        forward = np.array([cy * cp, sy * cp, -sp])
        right = np.array([sy, -cy, 0.0])
        return np.stack([right, np.cross(right, forward), -forward])

    def project(self, points: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
        """Project world points (N, 3) to (N, 3): x and y in pixels, depth in metres."""
        local = (points - np.array([self.x, self.y, self.z])) @ self.axes().T
        depth = -local[:, 2]
        focal = width / 2 / np.tan(self.view / 2)
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        return np.stack(
            [
                width / 2 + focal * local[:, 0] / safe,
                height / 2 - focal * local[:, 1] / safe,
                depth,
            ],
            axis=1,
        )

    def as_dict(self) -> dict[str, float]:
        """Return the numbers for the truth file."""
        return asdict(self)


def draw_camera(rng: np.random.Generator, street: Street) -> Camera:
    """Draw a pole camera beside or over the carriageway that looks along the street."""
    side = 1.0 if rng.uniform() < 0.5 else -1.0
    place = rng.uniform()
    if place < 0.55:
        y = side * (street.kerb_y + float(rng.uniform(0.3, 1.4)))
    elif place < 0.8:
        y = side * float(rng.uniform(0.0, street.kerb_y))
    else:
        y = side * (street.shop_line - 0.6)
    z, x = float(rng.uniform(3.8, 9.0)), float(rng.uniform(-8.0, 8.0))
    ahead = float(rng.uniform(10.0, 32.0))
    aim_y = float(rng.uniform(-0.9, 0.5)) * side * street.kerb_y
    if place >= 0.4 and rng.uniform() < 0.5:
        # Half of them look at a pavement, where most of what matters happens.
        aim_y = (1.0 if rng.uniform() < 0.5 else -1.0) * (street.kerb_y + 1.0)
        ahead = float(rng.uniform(8.0, 20.0))
    if street.river_side and rng.uniform() < 0.75:
        side, ahead = street.river_side, float(rng.uniform(7.0, 18.0))
        y = side * float(rng.uniform(street.kerb_y - 1.0, street.shop_line - 0.6))
        aim_y = side * (street.shop_line + float(rng.uniform(3.0, 9.0)))
    yaw = float(np.arctan2(aim_y - y, ahead))
    pitch = float(np.arctan2(z - 1.0, np.hypot(ahead, aim_y - y)))
    return Camera(x, y, z, yaw, pitch, float(np.radians(rng.uniform(42, 82))))
