"""Whether every line of a site's permit files can hold somewhere."""

from collections.abc import Sequence
from pathlib import Path

from configs import Camera, ConfigError, PermitRow, Rule, Site, read_permits, suggestion
from pipeline.plan import permit_file
from pipeline.problem import Findings, Gravity, Problem

MOST_NAMES = 5
"""Ids of unknown cameras that one message names."""

Uses = Sequence[tuple[Camera, Rule]]
"""The rules that name a file, each with its camera."""


def check_permit_files(site: Site, findings: Findings) -> None:
    """Check each permit file once, against all rules that name it."""
    users: dict[Path, list[tuple[Camera, Rule]]] = {}
    for camera in site.cameras:
        for rule in camera.rules:
            file = permit_file(site, rule)
            if file is not None:
                users.setdefault(file, []).append((camera, rule))
    for file, uses in users.items():
        try:
            rows = read_permits(file)
        except ConfigError as error:
            findings.add(Problem.of_config_error(error))
            continue
        _check_unknown(site, file, rows, findings)
        _check_unused(site, file, rows, uses, findings)
        for row in rows:
            _check_zones(file, row, uses, findings)


def _check_unknown(site: Site, file: Path, rows: Sequence[PermitRow], findings: Findings) -> None:
    """Warn, once, of cameras that the site does not have: a city's file may serve other sites."""
    known = [camera.id for camera in site.cameras]
    strange = [row for row in rows if row.camera and row.camera not in known]
    if not strange:
        return
    names = list(dict.fromkeys(row.camera for row in strange))
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    findings.add(
        Problem(
            file,
            "camera",
            f"this site has no camera {', '.join(map(repr, names[:MOST_NAMES]))}{more}: "
            "such permits hold nowhere",
            f"{suggestion(names[0], known)} (or leave it, where the file is for other sites too)",
            Gravity.WARNING,
            strange[0].line,
        )
    )


def _check_unused(
    site: Site, file: Path, rows: Sequence[PermitRow], uses: Uses, findings: Findings
) -> None:
    """Warn of a camera of the site that has permits here, and no rule that reads them."""
    using = {camera.id for camera, _ in uses}
    for camera in site.cameras:
        lines = [row.line for row in rows if row.camera == camera.id]
        if lines and camera.id not in using:
            findings.add(
                Problem(
                    file,
                    "camera",
                    f"no rule of the camera {camera.id!r} names this file: its permits hold "
                    "nowhere",
                    f"write permits: {file.name} in a rule of {camera.id!r}, or leave them out",
                    Gravity.WARNING,
                    lines[0],
                )
            )


def _check_zones(file: Path, row: PermitRow, uses: Uses, findings: Findings) -> None:
    """Refuse a zone that no rule uses: the permit would silently hold nowhere."""
    own = [(camera, rule) for camera, rule in uses if row.camera in {"", camera.id}]
    used = list(dict.fromkeys(name for _, rule in own for name in rule.zones))
    drawn = {zone.id for camera, _ in own for zone in camera.zones}
    for name in row.permit.zones if own else ():
        if name in used:
            continue
        if name in drawn:
            problem = f"no rule that names this file uses the zone {name!r}"
        elif row.camera:
            problem = f"the camera {row.camera!r} has no zone {name!r}"
        else:
            problem = f"no camera with a rule that names this file has a zone {name!r}"
        remedy = suggestion(name, used)
        findings.add(Problem(file, "zones", problem, remedy, Gravity.ERROR, row.line))
