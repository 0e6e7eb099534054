"""The files of an evidence folder before it has its name."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np

from cases.errors import EvidenceError, EvidenceReason
from cases.evidence.annotation import annotate
from cases.evidence.caption import caption
from cases.evidence.clips import NO_PACKETS
from cases.evidence.cover import PixelRect, cover, regions
from cases.evidence.durable import flush, sha256_of, write_file
from cases.evidence.evidence import EvidenceFile, FileKind
from cases.evidence.manifest import CropFile, StillFiles
from cases.evidence.request import EvidenceRequest, Still
from cases.wording import Language
from detectors import Box
from streams import CodecParameters, Excerpt, Picture, StreamError, mux, save_excerpt

ORIGINAL_QUALITY = 95
"""JPEG without chroma subsampling; the packets beside it are the true original."""
ANNOTATED_QUALITY = 88
CROP_NAME = "crop.jpg"
CROP_MARGIN = 0.05
"""Of the box's width and height, around it: detected boxes cut bumpers and mirrors."""


@dataclass(slots=True)
class Drafts:
    """What has been written so far, each file flushed to the disk."""

    folder: Path
    files: list[EvidenceFile] = field(default_factory=list)
    stills: list[StillFiles] = field(default_factory=list)
    crop: CropFile | None = None
    missing: dict[str, str] = field(default_factory=dict)
    """What could not be made, and why: the case is not lost for it."""

    def write_still(
        self,
        number: int,
        still: Still,
        request: EvidenceRequest,
        language: Language,
        timezone: ZoneInfo,
    ) -> None:
        """Write a still's original, packets and annotated picture. OSError, EvidenceError."""
        stem = f"{number}-{still.moment.role.value}"
        original, annotated, packets = f"{stem}.jpg", f"{stem}-annotated.jpg", f"{stem}.packets"
        self._add_picture(original, still.picture, FileKind.ORIGINAL, still)
        height, width = still.picture.shape[:2]
        scale = (width / still.width, height / still.height)
        box = still.moment.box or (0.0, 0.0, 0.0, 0.0)  # Still refuses None
        rects = regions(still.seen, box, (width, height), scale)
        picture = annotate(
            cover(still.picture, rects),
            _scaled(box, scale),
            request.zone,
            caption(request, still, language, timezone),
        )
        self._add_picture(annotated, picture, FileKind.ANNOTATED, still)
        if still.excerpt is not None:
            save_excerpt(still.excerpt, self.folder / packets)
            self._add(packets, FileKind.PACKETS, still)
        kept = packets if still.excerpt is not None else None
        self.stills.append(StillFiles(still, original, annotated, kept, len(rects)))

    def write_crop(self, stills: Sequence[Still]) -> None:
        """Write the accused thing from the still that shows it widest. OSError, EvidenceError."""
        boxes = [(_whole_box(still), still) for still in reversed(stills)]  # of equals the latest
        if not boxes:
            self.missing["crop"] = "no still"
            return
        box, still = max(boxes, key=lambda each: each[0][2] - each[0][0])
        x0, y0, x1, y1 = box
        wide, tall = x1 - x0, y1 - y0
        if wide < 1 or tall < 1:
            self.missing["crop"] = "the accused thing lies outside the picture"
            return
        margin_x, margin_y = round(CROP_MARGIN * wide), round(CROP_MARGIN * tall)
        piece = still.picture[
            max(0, y0 - margin_y) : y1 + margin_y, max(0, x0 - margin_x) : x1 + margin_x
        ]
        self._add_picture(CROP_NAME, piece, FileKind.CROP, still)
        self.crop = CropFile(CROP_NAME, still.moment.role, box)

    def write_clips(self, clips: Mapping[str, Sequence[Excerpt]]) -> None:
        """Mux the clips, by name; one that cannot be muxed is named as missing. OSError."""
        for name, excerpts in clips.items():
            if excerpts:
                self._write_clip(name, excerpts)
            else:
                self.missing[name] = NO_PACKETS

    def take_shown(self, path: Path, name: str, captured_at: datetime | None) -> None:
        """Take a copy of a clip that was made to leave the box. OSError."""
        copied = self.folder / name
        shutil.copyfile(path, copied)
        self._keep(copied, FileKind.SHOWN, captured_at)

    def _write_clip(self, name: str, excerpts: Sequence[Excerpt]) -> None:
        # A folder of its own: what a failed mux leaves is told from another clip's files.
        folder = self.folder / f".{name}"
        folder.mkdir(mode=0o700)
        try:
            paths = mux(excerpts, folder / f"{name}.mp4")
            for path, captured_at in zip(paths, _began_at(excerpts), strict=True):
                kept = path.rename(self.folder / path.name)
                self._keep(kept, FileKind.CLIP, captured_at)
        except StreamError as error:
            self.missing[name] = error.message
        finally:
            shutil.rmtree(folder)

    def _add_picture(self, name: str, picture: Picture, kind: FileKind, still: Still) -> None:
        quality = ORIGINAL_QUALITY if kind is FileKind.ORIGINAL else ANNOTATED_QUALITY
        write_file(self.folder / name, jpeg(picture, quality))
        self._add(name, kind, still)

    def _add(self, name: str, kind: FileKind, still: Still) -> None:
        self._keep(self.folder / name, kind, still.moment.captured_at)

    def _keep(self, path: Path, kind: FileKind, captured_at: datetime | None) -> None:
        path.chmod(0o600)  # what `streams` wrote has the process's default
        flush(path)
        self.files.append(EvidenceFile(path, sha256_of(path), captured_at, kind))


def jpeg(picture: Picture, quality: int) -> bytes:
    """Encode (H, W, 3) uint8 RGB without chroma subsampling. EvidenceError."""
    settings = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    try:
        done, encoded = cv2.imencode(".jpg", np.ascontiguousarray(picture[:, :, ::-1]), settings)
    except cv2.error as error:
        raise EvidenceError(
            EvidenceReason.FAILED, f"a picture of {picture.shape} cannot be encoded: {error}"
        ) from error
    if not done:
        raise EvidenceError(EvidenceReason.FAILED, f"a picture of {picture.shape} was not encoded")
    return encoded.tobytes()


def _whole_box(still: Still) -> PixelRect:
    """Return the accused box in whole pixels of the full-size picture, cut to it."""
    height, width = still.picture.shape[:2]
    scale = (width / still.width, height / still.height)
    x0, y0, x1, y1 = _scaled(still.moment.box or (0.0, 0.0, 0.0, 0.0), scale)
    return (
        min(width, max(0, round(x0))),
        min(height, max(0, round(y0))),
        min(width, max(0, round(x1))),
        min(height, max(0, round(y1))),
    )


def _scaled(box: Box, scale: tuple[float, float]) -> Box:
    x0, y0, x1, y1 = box
    return (x0 * scale[0], y0 * scale[1], x1 * scale[0], y1 * scale[1])


def _began_at(excerpts: Sequence[Excerpt]) -> Iterator[datetime]:
    """Yield when each muxed file begins: one file a parameter set, in order of appearance."""
    began: dict[CodecParameters, datetime] = {}
    for excerpt in excerpts:
        first_at = excerpt.captured_at(excerpt.packets[0].at_s)
        began[excerpt.parameters] = min(began.get(excerpt.parameters, first_at), first_at)
    yield from began.values()
