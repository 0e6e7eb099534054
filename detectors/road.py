"""What a road looked like in the last hour, cell by cell, where nothing stood on it.

Cells are 4 units wide. A cell is seen bare when no box of the look covers it; its colour then goes
into the reference. Against that a place can be asked what is new about it, and the whole road
whether it has changed at large: by rain, by a sprinkler, by the sun.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from detectors.place import UNITS, Area
from detectors.scene import Scene
from detectors.violation import Box

CELL = 4.0
"""Units a side."""
COLUMNS = int(UNITS / CELL)
MOST_ROWS = 320
"""Bounds memory: pictures are not twice as high as wide."""
HOUR_S = 3600.0
BARE_LOOKS = 5
"""Looks in which a place was seen bare before it is known without what lies there now."""
TIME_S = 1200.0
"""The reference follows slow light with this time constant ..."""
UPDATE_S = 20.0
"""... once in so many seconds."""
PAD = 0.1
"""A box covers this share of its sides more on each side: shadows and jitter."""
TONE = 0.12
"""Change of the logarithm of brightness, against the picture's, from which a cell has changed."""
HUE = 0.07
"""The same for red against green and blue against green."""
LEAST_TONE, LEAST_HUE = 0.04, 0.03
"""The same of a place on a road that is quieter: grey soil on asphalt differs by 0.06."""
QUIET_SHARE = 0.95
"""Share of a road's bare cells that differ by less in this look is what its quiet is told by."""
WARM = 0.05
"""Soil is redder than the road by this logarithm of red against blue; shade is bluer."""
UNEVEN = 0.09
"""Spread of the logarithm of brightness in what is no plain shade."""
NEW_SHARE = 0.25
"""Share of changed cells in a place that looks new."""
LEAST_CELLS = 20
"""Bare cells under which nothing is said of the road at large."""
DARK = 45.0
"""Mean grey level under which colours say little."""

Cells = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Novelty:
    """What the pixels of a place say against the reference."""

    new: bool
    """Whether it differs from what was there."""
    shade: bool
    """Whether it differs only as shade and water do: evenly darker, and no warmer."""


class Road:
    """The road of a rule's zones."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._areas = areas
        self._rows = 0
        self._inside = np.zeros((0, COLUMNS), bool)
        """Cells of the zones."""
        self._bare = np.zeros((0, COLUMNS), np.int32)
        """Looks in which each cell was seen bare ..."""
        self._bare_s = np.zeros((0, COLUMNS))
        """... and when last."""
        self._mean: Cells | None = None
        """(rows, columns, 3) colours; NaN where never seen bare."""
        self._updated_s = -np.inf
        self._log: Cells | None = None
        """(rows, columns, 3) logarithm of this look's colours over the reference's."""
        self._bare_log: Cells = np.empty((0, 3))
        """(N, 3) the same where the road is bare in this look."""
        self._least: tuple[float, float] | None = None
        """Changes of tone and hue that count in this look, once somebody has asked."""

    def observe(self, scene: Scene, also: Sequence[Box] = ()) -> None:
        """Compare a look with the reference, then take what is bare in it into the reference.

        also: further places that are not bare, though nothing was detected there this time.
        """
        rows = min(MOST_ROWS, max(1, round(scene.height / CELL)))
        if rows != self._rows:
            self._begin(rows)
        now_s = scene.instant.now_s
        bare = ~self._covered([*scene.seen.boxes[scene.sure].tolist(), *also])
        colours = _shrunk(scene.picture, rows)
        self._log, self._bare_log, self._least = None, np.empty((0, 3)), None
        if colours is not None:
            self._compare(colours, bare)
            if now_s - self._updated_s >= UPDATE_S or self._mean is None:
                self._update(colours, bare, now_s)
        self._bare[bare] = np.minimum(self._bare[bare] + 1, 1000)
        self._bare_s[bare] = now_s

    def was_bare(self, box: Box, now_s: float) -> bool:
        """Whether most of a place was seen bare often enough, and within the last hour."""
        part = self._cells(box)
        known = (self._bare[part] >= BARE_LOOKS) & (now_s - self._bare_s[part] <= HOUR_S)
        return bool(known.size and known.mean() >= 0.5)

    def novelty(self, box: Box) -> Novelty | None:
        """Say what is new about a place in this look; None where pixels cannot tell."""
        if self._log is None:
            return None
        log = self._log[self._cells(box)].reshape(-1, 3)
        log = log[np.isfinite(log).all(axis=1)]
        if len(log) < 6:
            return None
        changed = _changed(log, *self._least_changes())
        if changed.mean() < NEW_SHARE:
            return Novelty(new=False, shade=False)
        log = log[changed]
        tone = log.mean(axis=1)
        warmer = float(np.median(log[:, 0] - log[:, 2]))
        darker = float(np.median(tone)) < 0
        spread = float(np.percentile(tone, 75) - np.percentile(tone, 25))
        return Novelty(new=True, shade=darker and warmer < WARM and spread < UNEVEN)

    def changed_share(self) -> float:
        """Share of the zones' bare cells that differ from the reference in this look."""
        log = self._bare_log
        return float(_changed(log).mean()) if len(log) >= LEAST_CELLS else 0.0

    def _least_changes(self) -> tuple[float, float]:
        """Return the changes of tone and hue that count in this look: more than the road's own."""
        if self._least is None:
            self._least = _least_changes(self._bare_log)
        return self._least

    def _begin(self, rows: int) -> None:
        self._rows = rows
        self._bare = np.zeros((rows, COLUMNS), np.int32)
        self._bare_s = np.zeros((rows, COLUMNS))
        self._mean, self._updated_s = None, -np.inf
        x, y = np.meshgrid((np.arange(COLUMNS) + 0.5) / COLUMNS, (np.arange(rows) + 0.5) / rows)
        self._inside = np.zeros((rows, COLUMNS), bool)
        for area in self._areas:
            self._inside |= shapely.contains_xy(area.shape, x, y)

    def _cells(self, box: Box, pad: float = 0.0) -> tuple[slice, slice]:
        across, down = pad * (box[2] - box[0]), pad * (box[3] - box[1])
        x0, x1 = np.clip(((box[0] - across) / CELL, (box[2] + across) / CELL), 0, COLUMNS)
        y0, y1 = np.clip(((box[1] - down) / CELL, (box[3] + down) / CELL), 0, self._rows)
        return slice(int(y0), int(np.ceil(y1))), slice(int(x0), int(np.ceil(x1)))

    def _covered(self, boxes: Sequence[Box]) -> NDArray[np.bool_]:
        covered = np.zeros((self._rows, COLUMNS), bool)
        for x0, y0, x1, y1 in boxes:
            covered[self._cells((x0, y0, x1, y1), PAD)] = True
        return covered

    def _compare(self, colours: Cells, bare: NDArray[np.bool_]) -> None:
        """Set the change against the reference, less what the whole picture changed."""
        if self._mean is None:
            return
        # 10 grey levels keep the noise of black from counting
        log = np.log((colours + 10.0) / (self._mean + 10.0))
        common = log[bare & np.isfinite(log).all(axis=2)]
        if len(common) and float(colours.mean()) >= DARK:
            self._log = log - np.median(common, axis=0)
            road = self._log[self._inside & bare]
            self._bare_log = road[np.isfinite(road).all(axis=1)]

    def _update(self, colours: Cells, bare: NDArray[np.bool_], now_s: float) -> None:
        mean = self._mean
        if mean is None:
            self._mean = np.where(bare[..., None], colours, np.nan)
        else:
            weight = min(1.0, (now_s - self._updated_s) / TIME_S)
            followed = np.where(np.isnan(mean), colours, mean + weight * (colours - mean))
            self._mean = np.where(bare[..., None], followed, mean)
        self._updated_s = now_s

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data; colours are rounded."""
        mean = None
        if self._mean is not None:
            known = np.where(np.isnan(self._mean), 0.0, np.clip(self._mean, 1, 255))
            mean = _text(np.rint(known).astype(np.uint8))
        return {
            "rows": self._rows,
            "bare": _text(np.minimum(self._bare, BARE_LOOKS).astype(np.uint8)),
            "bare_s": _text((self._bare_s / 60.0).astype(np.float32)[::4, ::4]),
            "mean": mean,
            "updated_s": None if np.isinf(self._updated_s) else self._updated_s,
        }

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json()."""
        if not data.get("rows"):
            return
        rows = int(data["rows"])
        self._begin(rows)
        shape = (rows, COLUMNS)
        self._bare = _array(data["bare"], np.uint8, shape).astype(np.int32)
        coarse = _array(data["bare_s"], np.float32, (-(-rows // 4), -(-COLUMNS // 4))) * 60.0
        self._bare_s = np.repeat(np.repeat(coarse, 4, axis=0), 4, axis=1)[:rows, :COLUMNS].astype(
            np.float64
        )
        if data["mean"] is not None:
            mean = _array(data["mean"], np.uint8, (*shape, 3)).astype(np.float64)
            self._mean = np.where(mean == 0, np.nan, mean)
        self._updated_s = -np.inf if data["updated_s"] is None else float(data["updated_s"])


def _least_changes(log: Cells) -> tuple[float, float]:
    """Return the changes of tone and hue above those of most of a bare road, (N, 3)."""
    if len(log) < LEAST_CELLS:
        return TONE, HUE
    tone, hue = (float(np.quantile(each, QUIET_SHARE)) for each in _changes(log))
    return min(max(tone, LEAST_TONE), TONE), min(max(hue, LEAST_HUE), HUE)


def _changes(log: Cells) -> tuple[Cells, Cells]:
    """(N,) changes of tone and of hue of (N, 3) logarithms of colours."""
    hue = np.abs(log[:, [0, 2]] - log[:, [1]]).max(axis=1)
    return np.abs(log.mean(axis=1)), np.asarray(hue)


def _changed(log: Cells, tone: float = TONE, hue: float = HUE) -> NDArray[np.bool_]:
    """(N,) whether (N, 3) logarithms of colours differ by more than light and noise do."""
    tones, hues = _changes(log)
    return np.asarray((tones > tone) | (hues > hue))


def _shrunk(picture: NDArray[np.uint8] | None, rows: int) -> Cells | None:
    """(rows, COLUMNS, 3) mean colours of a picture's cells; None for none, or one too small."""
    if picture is None or picture.shape[1] < COLUMNS or picture.shape[0] < rows:
        return None
    down = np.linspace(0, picture.shape[0], rows + 1).astype(np.intp)
    across = np.linspace(0, picture.shape[1], COLUMNS + 1).astype(np.intp)
    sums = np.add.reduceat(picture, down[:-1], axis=0, dtype=np.float64)
    sums = np.add.reduceat(sums, across[:-1], axis=1)
    size = np.diff(down)[:, None, None] * np.diff(across)[None, :, None]
    return np.asarray(sums / size)


def _text(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _array(text: str, kind: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    return np.frombuffer(base64.b64decode(text), kind).reshape(shape)
