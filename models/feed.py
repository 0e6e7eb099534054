"""What goes into a network: input tensors allocated once, the next filled while one is run."""

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.letterbox import Placement, Size
from models.pictures import Picture
from models.tensors import InputTensor, Pixels, allocate

MAX_TENSORS = 16
"""Tensors kept for a network of free size, three for each input size: cameras have few shapes."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Pictures that go through the network together, in inputs of one size."""

    indices: tuple[int, ...]
    """Which of the caller's pictures these are."""
    pictures: tuple[Picture, ...]
    placements: tuple[Placement, ...]

    @property
    def size(self) -> Size:
        """Return the input size, (height, width)."""
        return self.placements[0].input


class Feed:
    """The input tensors of one network."""

    def __init__(
        self, dtype: type[np.floating], pixels: Pixels, fixed_batch: int | None, depth: int = 1
    ) -> None:
        """Take the input's type, how it wants its pixels, and the batch that it insists on.

        `depth`: inputs that are in use at a time.
        """
        self._places = depth + 1
        self._dtype = dtype
        self._pixels = pixels
        self._fixed_batch = fixed_batch
        self._tensors: dict[tuple[Size, int], InputTensor] = {}
        self._lock = threading.Lock()
        """Of _tensors: two threads may ask for one each."""
        self._ahead: ThreadPoolExecutor | None = None

    def batches(self, runs: Sequence[Run]) -> Generator[NDArray[np.floating]]:
        """Yield each run's input, (n, 3, h, w); while it is used, a thread fills the next one.

        The first two are filled side by side: until there are two, not every core has a run.
        An input is valid until `depth` more have been asked for. The iterator is to be
        exhausted or closed: it waits for its thread then.
        """
        following: Future[NDArray[np.floating]] | None = None
        for number, run in enumerate(runs):
            present = following
            following = None
            if number + 1 < len(runs):
                following = self._thread().submit(
                    self._fill, runs[number + 1], (number + 1) % self._places
                )
            try:
                yield present.result() if present else self._fill(run, 0)
            finally:
                if following is not None:
                    wait([following])

    def close(self) -> None:
        """Free the tensors and the thread."""
        self._tensors.clear()
        if self._ahead is not None:
            self._ahead.shutdown()
            self._ahead = None

    def _thread(self) -> ThreadPoolExecutor:
        if self._ahead is None:
            self._ahead = ThreadPoolExecutor(1, thread_name_prefix="fill")
        return self._ahead

    def _fill(self, run: Run, place: int) -> NDArray[np.floating]:
        count = self._fixed_batch or len(run.pictures)
        tensor = self._tensor(run.size, place, count)
        for index, (picture, placement) in enumerate(
            zip(run.pictures, run.placements, strict=True)
        ):
            tensor.write(index, picture, placement)
        return tensor.blob[:count]

    def _tensor(self, size: Size, place: int, count: int) -> InputTensor:
        with self._lock:
            tensor = self._tensors.get((size, place))
            if tensor is None or len(tensor.blob) < count:
                self._tensors.pop((size, place), None)
                if len(self._tensors) >= MAX_TENSORS:
                    del self._tensors[next(iter(self._tensors))]
                tensor = allocate(count, size, self._dtype, self._pixels)
                self._tensors[size, place] = tensor
            return tensor
