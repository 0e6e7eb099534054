"""What a model sees in a picture, a folder of pictures, a video or a live camera."""

import queue
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from models import Detector, PictureError, Registry, load, read_picture
from streams import (
    CameraSpec,
    CameraState,
    FileReader,
    Frame,
    Group,
    Picture,
    Reason,
    Source,
    StreamError,
)

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
LIVE = ("rtsp://", "rtsps://", "http://", "https://")
FULL_SIZE_PX = 1 << 14
"""Longer than any picture's side: no scaling before the model's own."""
GIVE_UP_S = 15.0
"""A live source that shows nothing for this long from the start is an error."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture and what was found in it, or why it could not be read."""

    source: str
    time_s: float | None
    """Seconds from the start of a video; None for pictures."""
    width: int
    height: int
    boxes: tuple[tuple[str, float, Box], ...]
    """(label as the model names it, score, x0 y0 x1 y1 in source pixels), best first."""
    error: str | None = None


class Detect:
    """A job of `streetwarden detect`."""

    def __init__(
        self,
        source: str,
        *,
        model: str,
        every_s: float,
        conf: float | None,
        layout: str | None,
        base: Path,
    ) -> None:
        """Load the model; raises ModelError when there is no such detector."""
        self._source = source
        self._every_s = every_s
        self._base = base
        entry = Registry(None).find(model, base)
        self._detector: Detector = load(
            entry.file, conf=entry.threshold if conf is None else conf, layout=layout
        )

    def run(self) -> Iterator[Seen]:
        """Yield what is seen, picture by picture.

        Raises PictureError or StreamError when the source as a whole cannot be read.
        """
        if self._source.startswith(LIVE):
            yield from self._live()
            return
        path = self._base / self._source
        if path.is_dir():
            yield from self._folder(path)
        elif path.suffix.lower() in PICTURES:
            yield self._seen(self._source, None, read_picture(path))
        else:
            yield from self._video(path)

    def _folder(self, folder: Path) -> Iterator[Seen]:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
        if not paths:
            raise PictureError(f"{folder}: no picture in it (looked for jpg, jpeg, png, bmp)")
        for path in paths:
            name = str(Path(self._source) / path.name)
            try:
                picture = read_picture(path)
            except PictureError as error:
                yield Seen(name, None, 0, 0, (), str(error))
                continue
            yield self._seen(name, None, picture)

    def _video(self, path: Path) -> Iterator[Seen]:
        reader = FileReader(
            path,
            camera_id="detect",
            interval_s=self._every_s,
            longest_px=FULL_SIZE_PX,
            start=datetime.now(UTC),
            decode="all",
        )
        for frame in reader:
            yield self._seen(self._source, frame.at_s, frame.picture)

    def _live(self) -> Iterator[Seen]:
        source = Source(self._source)
        frames: queue.Queue[Frame] = queue.Queue(maxsize=1)
        trouble: list[Reason] = []

        def newest(frame: Frame) -> None:
            try:
                frames.put_nowait(frame)
            except queue.Full:
                return

        def changed(state: CameraState) -> None:
            if state.reason is not None:
                trouble.append(state.reason)

        spec = CameraSpec("detect", source, None, self._every_s, FULL_SIZE_PX)
        group = Group([spec], newest, on_state=changed)
        group.start()
        first_s: float | None = None
        try:
            while True:
                try:
                    frame = frames.get(timeout=GIVE_UP_S)
                except queue.Empty:
                    reason = trouble[-1] if trouble else Reason.TIMEOUT
                    raise StreamError(reason, source.safe_url, "no picture came") from None
                first_s = frame.at_s if first_s is None else first_s
                yield self._seen(source.safe_url, frame.at_s - first_s, frame.picture)
        finally:
            group.stop(timeout_s=5)

    def _seen(self, source: str, time_s: float | None, picture: Picture) -> Seen:
        detections = self._detector.detect([picture])[0]
        height, width = picture.shape[:2]
        boxes = tuple(
            (self._detector.classes[label], float(score), (x0, y0, x1, y1))
            for label, score, (x0, y0, x1, y1) in zip(
                detections.label, detections.score, detections.xyxy.tolist(), strict=True
            )
        )
        return Seen(source, time_s, width, height, boxes)
