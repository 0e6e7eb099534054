"""Batches of training cuts, drawn so that rare classes are seen as well."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch  # type: ignore[import-not-found]  # lives in the training environment only
from numpy.typing import NDArray

from training.crops import CUT, Sample, cut, read_sample, tint
from training.dataset import labels_of, read_counts, read_labels
from training.example import CLASSES, LOOK_ALIKES, STORIES, DatasetError

SCENES_SHARE = 0.55
"""Share of rendered pictures among the cuts."""
STORIES_SHARE = 0.4
"""Share of pictures of stories among the rendered ones, where there are any."""
LOOK_ALIKES_SHARE = 0.2
"""Share of pictures without any rare thing among the rendered ones: what is there is not one."""
MOSAIC_SHARE = 0.15
"""Share of cuts put together from four of half the size."""
FOCUS_SHARE = 0.6
"""Share of cuts laid around a thing of a class drawn first; the rest lie anywhere."""
RARITY = 0.35
"""Classes are drawn by their number of boxes to this power: 1 as they come, 0 all alike."""


class Pictures:
    """Pictures of one origin group, found by picture or by class."""

    def __init__(self, pictures: list[Path]) -> None:
        self.pictures = pictures
        self._things: dict[int, list[tuple[Path, int]]] = {}
        for picture in pictures:
            for row, label in enumerate(read_labels(labels_of(picture))[:, 0]):
                self._things.setdefault(int(label), []).append((picture, row))
        self._classes = sorted(self._things)
        weights = np.array([len(self._things[c]) ** RARITY for c in self._classes], np.float64)
        self._shares = weights / weights.sum() if len(weights) else weights

    def draw(self, rng: np.random.Generator) -> tuple[Path, int | None]:
        """Draw a picture, and the row of the thing to look at, if any."""
        if self._classes and rng.uniform() < FOCUS_SHARE:
            things = self._things[
                self._classes[int(rng.choice(len(self._classes), p=self._shares))]
            ]
            return things[int(rng.integers(len(things)))]
        return self.pictures[int(rng.integers(len(self.pictures)))], None


class Cuts:
    """Draws batches of cuts; keeps the decoded pictures in memory."""

    def __init__(self, dataset: Path, without: frozenset[str] = frozenset()) -> None:
        """Read what there is but for some origins; raises DatasetError.

        That is for a folder that is none or half-written, labels that are not there or wrong, an
        origin that is not there, and when nothing is left.
        """
        unknown = read_counts(dataset).get("unknown", {})
        self._unknown = {
            origin: [CLASSES.index(name) for name in names] for origin, names in unknown.items()
        }
        pictures = sorted((dataset / "images" / "train").glob("*.jpg"))
        origins = {picture.name.partition("-")[0] for picture in pictures}
        if strange := sorted(without - origins):
            raise DatasetError(f"{dataset}: no {strange[0]!r}; there are {', '.join(origins)}")
        pictures = [one for one in pictures if one.name.partition("-")[0] not in without]
        if not pictures:
            raise DatasetError(f"{dataset}: no training pictures")
        groups: dict[str, list[Path]] = {"scenes": [], STORIES: [], LOOK_ALIKES: [], "real": []}
        for picture in pictures:
            origin = picture.name.partition("-")[0]
            groups[origin if origin in groups else "real"].append(picture)
        self._groups = {name: Pictures(group) for name, group in groups.items() if group}
        self._samples: dict[Path, Sample] = {}

    def __len__(self) -> int:
        """Count the pictures."""
        return sum(len(group.pictures) for group in self._groups.values())

    def read_all(self, threads: int) -> None:
        """Decode every picture now, so that processes forked later share them."""
        paths = [path for group in self._groups.values() for path in group.pictures]
        with ThreadPoolExecutor(threads) as pool:
            self._samples.update(zip(paths, pool.map(read_sample, paths), strict=True))

    def _group(self, rng: np.random.Generator) -> Pictures:
        stories = STORIES_SHARE if STORIES in self._groups else 0.0
        rendered = {
            LOOK_ALIKES: LOOK_ALIKES_SHARE,
            STORIES: stories,
            "scenes": 1 - LOOK_ALIKES_SHARE - stories,
        }
        shares = {name: SCENES_SHARE * share for name, share in rendered.items()}
        shares["real"] = 1 - SCENES_SHARE
        names = list(self._groups)
        weights = np.array([shares[name] for name in names])
        return self._groups[names[int(rng.choice(len(names), p=weights / weights.sum()))]]

    def _draw(
        self, rng: np.random.Generator, size: tuple[int, int], known: NDArray[np.bool_]
    ) -> Sample:
        """Draw a cut; what is unknown of its picture's origin is taken out of `known`."""
        picture, row = self._group(rng).draw(rng)
        known[self._unknown.get(picture.name.partition("-")[0], [])] = False
        if picture not in self._samples:
            self._samples[picture] = read_sample(picture)
        sample = self._samples[picture]
        return cut(rng, sample, size, None if row is None else sample.xyxy[row])

    def _mosaic(self, rng: np.random.Generator, known: NDArray[np.bool_]) -> Sample:
        rows, columns = CUT[0] // 2, CUT[1] // 2
        picture = np.empty((*CUT, 3), np.uint8)
        boxes, labels = [], []
        for top in (0, rows):
            for left in (0, columns):
                part = self._draw(rng, (rows, columns), known)
                picture[top : top + rows, left : left + columns] = part.picture
                boxes.append(part.xyxy + np.array([left, top, left, top], np.float32))
                labels.append(part.label)
        return Sample(picture, np.concatenate(boxes), np.concatenate(labels))

    def batch(self, rng: np.random.Generator, count: int) -> dict[str, torch.Tensor]:
        """Draw so many cuts in the form that the loss reads.

        "img" is (count, 3, H, W) uint8. "known" is (count, 1, classes): 0 where nothing may be
        learned of a class from a cut.
        """
        images, labels, boxes, owners = [], [], [], []
        known = np.ones((count, len(CLASSES)), np.bool_)
        for i in range(count):
            mosaic = rng.uniform() < MOSAIC_SHARE
            one = self._mosaic(rng, known[i]) if mosaic else self._draw(rng, CUT, known[i])
            images.append(tint(rng, one.picture))
            centre = (one.xyxy[:, :2] + one.xyxy[:, 2:]) / 2
            both = np.concatenate([centre, one.xyxy[:, 2:] - one.xyxy[:, :2]], axis=1)
            boxes.append(both / np.array([CUT[1], CUT[0], CUT[1], CUT[0]], np.float32))
            labels.append(one.label)
            owners.append(np.full(len(one.label), i))
            # In a mosaic one part may label what another leaves unknown: its boxes still count.
            known[i, one.label] = True
        return {
            "img": torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2).copy()),
            "cls": torch.from_numpy(np.concatenate(labels)).float()[:, None],
            "bboxes": torch.from_numpy(np.concatenate(boxes)).float(),
            "batch_idx": torch.from_numpy(np.concatenate(owners)).float(),
            "known": torch.from_numpy(known).float()[:, None, :],
        }
