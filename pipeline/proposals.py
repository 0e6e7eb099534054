"""Zones that the rules propose: kept as lines of a site file, for a person to take over."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import shapely

from configs import Camera, Site, Zone
from detectors import Proposal
from pipeline.problem import Findings

log = logging.getLogger(__name__)

FOLDER = "proposals"
"""In the data folder: a file a camera."""
HEAD = """\
# What has stood here by night on three days: it belongs to the street, and is not accused any more.
# Copy a line under zones: of this camera in the site file, then delete it here.
"""
MOST_PROPOSALS = 200
"""Lines of a file; what comes later is only logged."""


class ProposalFiles:
    """The proposals of a site's cameras. Every line is a zone in JSON, which is YAML as well."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def file(self, camera_id: str) -> Path:
        """Return where the proposals of a camera are kept."""
        return self._folder / f"{camera_id}.yaml"

    def keep(self, camera_id: str, proposals: Sequence[Proposal]) -> None:
        """Add proposals to a camera's file; raises OSError."""
        zones, file = self.read(camera_id), self.file(camera_id)
        names = {zone.id for zone in zones}
        for proposal in proposals:
            log.warning(
                "something has stood here by night on three days: a zone is proposed",
                extra={"camera": camera_id, "zone": proposal.zone_id, "file": str(file)},
            )
            if any(_holds(zone, proposal.polygon) for zone in zones):
                continue
            name = next(
                f"furniture-{number}"
                for number in range(1, len(names) + 2)
                if f"furniture-{number}" not in names
            )
            names.add(name)
            zones.append(Zone(id=name, kind="furniture", polygon=proposal.polygon))
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        lines = [f"- {_written(zone)}\n" for zone in zones[:MOST_PROPOSALS]]
        fresh.write_text(HEAD + "".join(lines), encoding="utf-8")
        fresh.replace(file)

    def read(self, camera_id: str) -> list[Zone]:
        """Return the zones of a camera's file; lines that a person has spoiled are left out."""
        try:
            lines = self.file(camera_id).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return []
        zones = []
        for line in lines:
            try:
                zones.append(Zone.model_validate(json.loads(line.removeprefix("- "))))
            except ValueError:
                continue  # the head, or no zone any more
        return zones


def check_proposals(site: Site, camera: Camera, key: str, findings: Findings) -> None:
    """Tell what is proposed for the camera at `key` and not yet in the site file."""
    files = ProposalFiles(site.data)
    drawn = [zone for zone in camera.zones if zone.kind == "furniture"]
    for zone in files.read(camera.id):
        if not any(_holds(own, zone.polygon) for own in drawn):
            findings.warn(
                f"{key}.zones",
                "something has stood here by night on three days and is not accused any more",
                f"write - {_written(zone)}, or delete that line in {files.file(camera.id)}",
            )


def _written(zone: Zone) -> str:
    polygon = [list(corner) for corner in zone.polygon]
    return json.dumps({"id": zone.id, "kind": zone.kind, "polygon": polygon})


def _holds(zone: Zone, polygon: Sequence[tuple[float, float]]) -> bool:
    """Whether the middle of a polygon lies in a zone."""
    return bool(shapely.Polygon(zone.polygon).covers(shapely.Polygon(polygon).centroid))
