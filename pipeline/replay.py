"""A video file through a camera's rules, in lockstep, nothing dropped."""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from configs import Site, load_site
from detectors import Basis, Level, ViolationEvent
from pipeline.condition import PictureJudge
from pipeline.gate import gate_of
from pipeline.plan import find_camera, load_sight, longest_px, registry_of, watch_of
from pipeline.refusal import refuse_errors
from pipeline.step import CameraStep
from streams import FileReader

DEFAULT_START = datetime(2026, 1, 5, 12, 0)  # noqa: DTZ001 - in the site's time zone, below
"""A Monday noon: no default schedule makes a difference there."""


def replay(
    site_file: Path,
    camera_id: str,
    source: str,
    *,
    start: datetime | None = None,
    keep: Fraction = Fraction(1),
    gated: bool = False,
) -> Iterator[ViolationEvent]:
    """Yield what happens to violations; times are seconds from the start of the file.

    `start` without an offset is in the site's time zone. `keep` drops looks evenly: 1/2 keeps
    every second one. A close look that a rule asks for begins before the next packet is read; with
    one camera there is no budget to share. Raises ConfigError, ModelError, StreamError. The end
    clears nothing.
    The reference of the view is learnt from the file itself, so that two runs print the same.
    A model looks at every picture, whatever the site file says of the motion gate, unless `gated`.
    """
    site = load_site(site_file)
    refuse_errors(site, registry_of(site))
    camera = find_camera(site, camera_id)
    watch = watch_of(site, camera)
    sight = load_sight(site, [camera], [watch], alone=True)
    reader = FileReader(
        Path(source),
        camera_id=camera.id,
        interval_s=site.interval_s(camera),
        longest_px=longest_px(sight, camera),
        start=_start(site, start),
    )
    gate = gate_of(site, camera, asked=True) if gated else None
    step = CameraStep(watch, PictureJudge(camera.id), gate=gate)
    for number, frame in enumerate(reader):
        if not _kept(number, keep):
            continue
        known = step.carried(frame)
        if known is None:
            stepped = step.step(frame, sight.look([frame])[0])
        else:
            stepped = step.step(frame, known, Basis.CARRIED)
        asked = stepped.outcome.attention
        if asked is not None and asked.level is Level.CLOSE:
            reader.look_closely(asked.until_s, site.close_every_s(camera))
        yield from stepped.outcome.events


def _start(site: Site, start: datetime | None) -> datetime:
    start = start or DEFAULT_START
    return start if start.tzinfo else start.replace(tzinfo=site.site.timezone)


def _kept(number: int, keep: Fraction) -> bool:
    """Whether the look with this number (from 0) belongs to an even share `keep` of all."""
    return (number * keep) // 1 != ((number - 1) * keep) // 1
