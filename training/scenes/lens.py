"""What stands between the street and the file: haze, rain, a soft lens, noise, a caption."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.scenes.light import Light

Picture = NDArray[np.float64]
"""(H, W, 3), 0 to 1, as shown."""

FONT = {
    "0": "0e11131519110e",
    "1": "040c040404040e",
    "2": "0e11010204081f",
    "3": "1f02040201110e",
    "4": "02060a121f0202",
    "5": "1f101e0101110e",
    "6": "0608101e11110e",
    "7": "1f010204080808",
    "8": "0e11110e11110e",
    "9": "0e11110f01020c",
    ":": "000c0c000c0c00",
    "-": "0000001f000000",
    "A": "0e11111f111111",
    "C": "0e11101010110e",
    "H": "1111111f111111",
    "M": "111b1515111111",
    "N": "11191513111111",
    "P": "1e11111e101010",
    "R": "1e11111e141211",
    "S": "0f10100e01011e",
    "T": "1f040404040404",
    " ": "00000000000000",
}
"""Seven rows of five bits, drawn for this."""


@dataclass(frozen=True, slots=True)
class Lens:
    """A camera's faults."""

    gain: tuple[float, float, float]
    """Colour cast: red, green, blue."""
    gamma: float
    grey: float
    """Share of the colour that is lost."""
    lift: float
    """Stray light added everywhere."""
    blur_px: float
    noise: float
    """Standard deviation in shares of white."""
    quality: int
    """JPEG quality."""
    caption: str
    """Burnt-in text; empty for none."""
    caption_px: int
    """Size of a letter's dot."""


def draw_lens(rng: np.random.Generator, light: Light) -> Lens:
    """Draw the faults of a camera; a dark street is noisier."""
    dark = light.weather in {"night", "dusk"}
    hour = int(rng.integers(18, 24)) if dark else int(rng.integers(6, 19))
    day = f"20{rng.integers(20, 27)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
    clock = f"{hour:02d}:{rng.integers(60):02d}:{rng.integers(60):02d}"
    name = f" CAM {rng.integers(1, 99):02d}" if rng.uniform() < 0.5 else ""
    blurred = rng.uniform() < 0.35
    return Lens(
        gain=tuple(rng.normal(1.0, 0.035, 3).tolist()),
        gamma=float(np.exp(rng.normal(0, 0.13))),
        grey=float(rng.uniform(0, 0.5)),
        lift=float(rng.uniform(0, 0.06)),
        blur_px=float(rng.uniform(0.4, 1.3)) if blurred else 0.0,
        noise=float(rng.uniform(0.004, 0.035 if dark else 0.018)),
        quality=int(rng.integers(38, 93)),
        caption=f"{day} {clock}{name}" if rng.uniform() < 0.55 else "",
        caption_px=int(rng.integers(1, 3)),
    )


def shoot(
    shown: Picture, depth: NDArray[np.float32], light: Light, lens: Lens, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Turn a clean picture (H, W, 3) and its depth in metres (H, W) into what a camera delivers."""
    picture = shown
    if light.sight_m > 0:
        veil = np.array(light.horizon) * (0.25 if light.weather == "night" else 0.9)
        clear = np.exp(-np.minimum(depth, 400.0) / light.sight_m)[:, :, None]
        picture = picture * clear + veil**0.6 * (1 - clear)
    if light.rain > 0:
        picture = _streaks(picture, light.rain, rng)
    picture = picture * np.array(lens.gain) + lens.lift
    middle = picture.mean(axis=2, keepdims=True)
    picture = picture + lens.grey * (middle - picture)
    picture = np.clip(picture, 0, 1) ** lens.gamma
    if lens.blur_px > 0:
        picture = blur(picture, lens.blur_px)
    fine = rng.normal(0, lens.noise, picture.shape[:2])[:, :, None]
    tint = rng.normal(0, lens.noise * 0.5, picture.shape)
    picture = picture + fine + tint
    if lens.caption:
        picture = _write(picture, lens.caption, lens.caption_px)
    return (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)


def blur(picture: Picture, sigma: float) -> Picture:
    """Soften an array (H, W, any) with a Gaussian of so many pixels."""
    radius = max(1, int(np.ceil(2.5 * sigma)))
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        pad = [(radius, radius) if a == axis else (0, 0) for a in range(3)]
        wide = np.pad(picture, pad, mode="edge")
        size = picture.shape[axis]
        picture = np.add.reduce(
            [tap * np.take(wide, np.arange(i, i + size), axis=axis) for i, tap in enumerate(taps)]
        )
    return picture


def _streaks(picture: Picture, rain: float, rng: np.random.Generator) -> Picture:
    """Draw bright slanted lines, longer when it rains harder."""
    height, width = picture.shape[:2]
    layer = np.zeros((height, width))
    slant = float(rng.normal(0, 0.2))
    for _ in range(int(60 + 340 * rain)):
        x, y = float(rng.uniform(0, width)), int(rng.uniform(-10, height))
        long, bright = int(rng.uniform(4, 8 + 14 * rain)), float(rng.uniform(0.05, 0.22))
        rows = np.arange(max(0, y), min(height, y + long))
        columns = (x + slant * (rows - y)).astype(int) % width
        layer[rows, columns] = np.maximum(layer[rows, columns], bright)
    mist = 0.05 * rain
    return picture * (1 - mist) + 0.75 * mist + layer[:, :, None] * (0.9 - 0.6 * picture)


def _write(picture: Picture, text: str, dot: int) -> Picture:
    """Burn white text with a dark rim into the upper left corner."""
    rows = [[int(FONT[letter][i * 2 : i * 2 + 2], 16) for letter in text] for i in range(7)]
    bits = np.array(
        [[(row << 1 >> (5 - b)) & 1 for row in line for b in range(6)] for line in rows]
    )
    ink = np.kron(np.pad(bits, 1), np.ones((dot, dot))) > 0
    rim = ink.copy()
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        rim |= np.roll(ink, (dy, dx), (0, 1))
    written = picture.copy()
    height = min(ink.shape[0], picture.shape[0] - 8)
    width = min(ink.shape[1], picture.shape[1] - 8)
    part = written[6 : 6 + height, 6 : 6 + width]
    part[rim[:height, :width]] = 0.05
    part[ink[:height, :width]] = 0.95
    return written
