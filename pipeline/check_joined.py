"""Whether zones that shall show one place belong to several cameras."""

from configs import Site, suggestion
from pipeline.problem import Findings


def check_joined(site: Site, findings: Findings) -> None:
    """See that a place_id joins zones of different cameras: one alone is mostly misspelt."""
    cameras: dict[str, set[str]] = {}
    for camera in site.cameras:
        for zone in camera.zones:
            if zone.place_id is not None:
                cameras.setdefault(zone.place_id, set()).add(camera.id)
    for place_id, seen_by in sorted(cameras.items()):
        if len(seen_by) == 1:
            (camera_id,) = seen_by
            others = [other for other in sorted(cameras) if other != place_id]
            findings.warn(
                "cameras",
                f"only {camera_id!r} has a zone with place_id {place_id!r}: nothing is joined",
                suggestion(place_id, others) if others else "give it to another camera's zone",
            )
