"""The drawn self-check picture: a plain street scene whose things every COCO model knows.

`python -m models.drawing` draws it again into models/weights/drawn-selfcheck.jpg, with the truth
beside it in drawn-selfcheck.json. It is drawn from nothing, so it may travel with the project and
shows nobody. Shapes were chosen by trying: PicoDet, YOLOX, YOLOv8n and YOLO11n find each thing
with a score of 0.75 and more (docs/models.md); a bus, drawn in several ways, not all of them did.
"""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.pictures import Picture

SIZE = (600, 960)
"""(height, width) in pixels."""

PICTURE = Path(__file__).parent / "weights" / "drawn-selfcheck.jpg"

_FINE = 4  # drawn four times as large, then averaged down: smooth edges
_BLUR_PX = 1.5  # as soft as a camera's picture; razor-sharp drawings are less like a street
_FONT = cv2.FONT_HERSHEY_DUPLEX

Colour = tuple[int, int, int]
Point = tuple[float, float]
Box = tuple[float, float, float, float]

_CAR_BODY: tuple[Point, ...] = (
    *((8, 38), (6, 62), (14, 80), (40, 88), (95, 95), (140, 134), (160, 139), (235, 140)),
    *((262, 134), (320, 98), (370, 92), (392, 80), (396, 60), (394, 38), (380, 28), (20, 28)),
)
_CAR_WINDOWS: tuple[tuple[Point, ...], ...] = (
    ((112, 97), (146, 129), (162, 133), (192, 133), (192, 97)),
    ((200, 97), (200, 133), (235, 133), (256, 128), (304, 98)),
)


@dataclass(slots=True)
class Canvas:
    """Shapes in RGB, in pixels of the finished picture, or of a thing's own grid (y upwards)."""

    fine: NDArray[np.uint8] = field(
        default_factory=lambda: np.zeros((SIZE[0] * _FINE, SIZE[1] * _FINE, 3), np.uint8)
    )
    origin: Point = (0, 0)
    """Where (0, 0) of the grid lies in the picture."""
    unit: float = 1.0
    """Pixels of the picture a unit of the grid."""
    upwards: int = -1
    """1 when the grid's y runs upwards from the origin, -1 when downwards."""

    def at(self, x: float, y: float, unit: float) -> "Canvas":
        """Return a canvas for a thing that stands at (x, y), its grid's y upwards."""
        return Canvas(self.fine, (x, y), unit, 1)

    def polygon(self, colour: Colour, points: tuple[Point, ...]) -> None:
        """Fill a polygon."""
        corners = np.array([self._fine(point) for point in points], np.int32)
        cv2.fillPoly(self.fine, [corners], colour, cv2.LINE_AA)

    def rectangle(self, colour: Colour, box: Box) -> None:
        """Fill x0 y0 x1 y1."""
        x0, y0, x1, y1 = box
        self.polygon(colour, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))

    def disc(self, colour: Colour, centre: Point, radius: float) -> None:
        """Fill a circle."""
        length = round(radius * self.unit * _FINE)
        cv2.circle(self.fine, self._fine(centre), length, colour, -1, cv2.LINE_AA)

    def line(self, colour: Colour, start: Point, end: Point, width: float) -> None:
        """Draw a line."""
        width_px = max(round(width * self.unit * _FINE), 1)
        cv2.line(self.fine, self._fine(start), self._fine(end), colour, width_px, cv2.LINE_AA)

    def text(self, colour: Colour, centre: Point, height: float, text: str) -> None:
        """Write a word around a point."""
        scale = height * self.unit * _FINE / 22  # capitals of this font are 22 high at scale 1
        bold = max(round(scale * 2), 1)
        (width, tall), _ = cv2.getTextSize(text, _FONT, scale, bold)
        x, y = self._fine(centre)
        foot = (x - width // 2, y + tall // 2)
        cv2.putText(self.fine, text, foot, _FONT, scale, colour, bold, cv2.LINE_AA)

    def picture(self) -> Picture:
        """Average down to the finished picture, softened."""
        small = cv2.resize(self.fine, (SIZE[1], SIZE[0]), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(small, (0, 0), _BLUR_PX), np.uint8)

    def _fine(self, point: Point) -> tuple[int, int]:
        x = self.origin[0] + point[0] * self.unit
        y = self.origin[1] - self.upwards * point[1] * self.unit
        return round(x * _FINE), round(y * _FINE)


def draw() -> tuple[Picture, list[tuple[str, Box]]]:
    """Draw the scene; return it with (class, x0 y0 x1 y1) of every thing in it."""
    canvas = Canvas()
    _background(canvas)
    things = [
        ("stop sign", _stop_sign(canvas, 130, 190, 58)),
        ("traffic light", _traffic_light(canvas, 300, 150, 40)),
        ("clock", _clock(canvas, 850, 130, 62)),
        ("person", _person(canvas, 400, 520, 180, (40, 90, 160))),
        ("person", _person(canvas, 230, 540, 170, (150, 60, 50))),
        ("car", _car(canvas, 540, 545, 340, (225, 225, 228))),
    ]
    return canvas.picture(), things


def _background(canvas: Canvas) -> None:
    height, width = SIZE
    shade = np.linspace(0, 1, height * _FINE)[:, None, None]
    canvas.fine[:] = np.array([150, 190, 235]) + shade * np.array([60, 30, 0])
    canvas.rectangle((120, 150, 90), (0, height * 0.55, width, height * 0.66))  # grass
    canvas.rectangle((190, 185, 175), (0, height * 0.66, width, height * 0.70))  # kerb
    canvas.rectangle((95, 95, 98), (0, height * 0.70, width, height))  # road


def _stop_sign(canvas: Canvas, x: float, y: float, radius: float) -> Box:
    sign = canvas.at(x, y, radius)
    sign.rectangle((130, 130, 135), (-0.07, 0, 0.07, -4))
    corners = [math.radians(45 * corner + 22.5) for corner in range(8)]
    for colour, reach in (((255, 255, 255), 1.04), ((190, 20, 30), 0.96)):
        sign.polygon(colour, tuple((reach * math.cos(a), reach * math.sin(a)) for a in corners))
    sign.text((255, 255, 255), (0, 0), 0.5, "STOP")
    half = radius * 1.04 * math.cos(math.radians(22.5))
    return x - half, y - half, x + half, y + half


def _traffic_light(canvas: Canvas, x: float, y: float, unit: float) -> Box:
    light = canvas.at(x, y, unit)
    light.rectangle((60, 60, 60), (-0.08, -1.3, 0.08, -6.6))
    light.rectangle((25, 28, 25), (-0.55, -1.4, 0.55, 1.4))
    for height, colour in ((0.85, (235, 30, 30)), (0, (70, 60, 20)), (-0.85, (15, 60, 35))):
        light.disc((10, 10, 10), (0, height), 0.38)
        light.disc(colour, (0, height), 0.33)
    return x - 0.55 * unit, y - 1.4 * unit, x + 0.55 * unit, y + 1.4 * unit


def _clock(canvas: Canvas, x: float, y: float, radius: float) -> Box:
    clock = canvas.at(x, y, radius)
    clock.rectangle((60, 60, 62), (-0.06, -1, 0.06, -5))
    clock.disc((40, 40, 40), (0, 0), 1)
    clock.disc((250, 250, 248), (0, 0), 0.9)
    for hour in range(1, 13):
        sine, cosine = math.sin(math.radians(hour * 30)), math.cos(math.radians(hour * 30))
        clock.line((20, 20, 20), (0.74 * sine, 0.74 * cosine), (0.84 * sine, 0.84 * cosine), 0.04)
        clock.text((20, 20, 20), (0.58 * sine, 0.58 * cosine), 0.15, str(hour))
    clock.line((10, 10, 10), (0, 0), (0.35, 0.25), 0.06)
    clock.line((10, 10, 10), (0, 0), (-0.1, 0.6), 0.04)
    clock.disc((10, 10, 10), (0, 0), 0.06)
    return x - radius, y - radius, x + radius, y + radius


def _person(canvas: Canvas, x: float, y: float, height: float, shirt: Colour) -> Box:
    """Draw a grown-up from the front, on a grid of centimetres."""
    body = canvas.at(x, y, height / 182)
    skin, trousers, shade = (205, 160, 130), (50, 50, 60), (42, 42, 51)
    body.polygon((60, 60, 63), ((-24, -2), (24, -2), (30, -6), (-30, -6)))
    sleeve = (int(shirt[0] * 0.8), int(shirt[1] * 0.8), int(shirt[2] * 0.8))
    body.polygon(trousers, ((-17, 92), (0, 92), (-3, 8), (-15, 8)))
    body.polygon(shade, ((0, 92), (17, 92), (16, 8), (4, 8)))
    for side in (-1, 1):
        body.polygon((25, 25, 25), ((side * 16, 10), (side * 2, 10), (side * 2, 0), (side * 20, 0)))
        arm = ((side * 22, 148), (side * 30, 100), (side * 22, 98), (side * 16, 136))
        body.polygon(sleeve, arm)
        body.polygon(skin, ((side * 30, 101), (side * 29, 84), (side * 23, 84), (side * 22, 99)))
    body.polygon(shirt, ((-22, 148), (-8, 154), (8, 154), (22, 148), (18, 88), (-18, 88)))
    body.rectangle(skin, (-5, 150, 5, 160))
    body.disc((40, 30, 25), (0, 171), 11)
    body.disc(skin, (0, 165), 10)
    half = 30 * height / 182
    return x - half, y - height, x + half, y


def _car(canvas: Canvas, x: float, y: float, length: float, paint: Colour) -> Box:
    """Draw a saloon from the side, on a grid of 400 units a car; x is its left end."""
    car = canvas.at(x, y, length / 400)
    dark = (int(paint[0] * 0.75), int(paint[1] * 0.75), int(paint[2] * 0.75))
    car.polygon((55, 55, 58), ((5, -4), (395, -4), (405, 6), (-5, 6)))
    car.polygon(paint, _CAR_BODY)
    car.polygon(dark, ((8, 38), (394, 38), (380, 28), (20, 28)))
    for window in _CAR_WINDOWS:
        car.polygon((45, 60, 75), window)
    car.polygon((150, 175, 195), ((120, 99), (148, 126), (156, 128), (130, 99)))
    car.polygon((150, 175, 195), ((206, 99), (222, 131), (232, 131), (216, 99)))
    for top, foot in (((196, 95), (196, 34)), ((105, 92), (110, 40)), ((300, 92), (290, 40))):
        car.line(dark, top, foot, 1.2)
    car.rectangle(dark, (165, 80, 185, 84))
    car.rectangle(dark, (270, 80, 290, 84))
    car.polygon((250, 245, 215), ((376, 82), (393, 76), (395, 66), (380, 70)))
    car.polygon((200, 20, 20), ((8, 80), (20, 82), (20, 68), (7, 66)))
    car.rectangle((30, 30, 30), (2, 38, 22, 48))
    car.rectangle((30, 30, 30), (380, 38, 398, 48))
    for wheel in (80.0, 318.0):
        _wheel(car, wheel)
    return x + 2 * length / 400, y - 140 * length / 400, x + length, y + 7 * length / 400


def _wheel(car: Canvas, x: float) -> None:
    car.disc((20, 20, 22), (x, 30), 37)
    for colour, radius in (((25, 25, 27), 33), ((185, 188, 192), 21), ((90, 92, 95), 17)):
        car.disc(colour, (x, 26), radius)
    for spoke in range(5):
        angle = math.radians(72 * spoke + 10)
        tip = (x + 18 * math.cos(angle), 26 + 18 * math.sin(angle))
        car.line((195, 198, 202), (x, 26), tip, 5)
    car.disc((200, 200, 205), (x, 26), 5)


def main() -> None:
    """Draw the picture and write it with its truth."""
    picture, things = draw()
    cv2.imwrite(str(PICTURE), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    truth = {
        "made": "python -m models.drawing (drawn from nothing)",
        "things": [
            {"label": label, "xyxy": [round(side, 1) for side in box]} for label, box in things
        ],
    }
    PICTURE.with_suffix(".json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
