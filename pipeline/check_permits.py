"""Whether the permits of a camera's rules can be meant as they are written."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from configs import Camera, ConfigError, Permit, Rule, Site, read_permits, suggestion
from detectors import Window
from pipeline.plan import permit_file, window_of
from pipeline.problem import Findings

MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 - a local time of no place
STEP = timedelta(minutes=15)
WEEK = timedelta(days=7)


def check_permits(
    site: Site, camera: Camera, key: str, findings: Findings, today: date | None = None
) -> None:
    """Check the permits of the camera at `key`; `today` is the site's day, today by default."""
    day = today or datetime.now(UTC).astimezone(site.site.timezone).date()
    for number, rule in enumerate(camera.rules):
        path = f"{key}.rules[{number}]"
        _check_allow(camera, rule, path, day, findings)
        filed = _own_rows(site, camera, rule, path, day, findings)
        _check_always(rule, (*rule.allow, *filed), path, findings)


def _check_allow(camera: Camera, rule: Rule, path: str, today: date, findings: Findings) -> None:
    zones = {zone.id for zone in camera.zones}
    for number, permit in enumerate(rule.allow):
        where = f"{path}.allow[{number}]"
        for name in permit.zones:
            if name not in rule.zones:
                problem = f"the rule does not name the zone {name!r}"
                remedy = suggestion(name, rule.zones or sorted(zones))
                findings.error(f"{where}.zones", problem, remedy)
        if permit.last_day is not None and permit.last_day < today:
            findings.warn(
                where, f"the permit expired on {permit.last_day}", "renew it, or leave it out"
            )


def _own_rows(
    site: Site, camera: Camera, rule: Rule, path: str, today: date, findings: Findings
) -> Sequence[Permit]:
    """Say whether a rule's file has a permit for its camera, and one that still holds."""
    file = permit_file(site, rule)
    if file is None:
        return ()
    try:
        rows = read_permits(file)
    except ConfigError:
        return ()  # said at the file
    own = [row.permit for row in rows if row.camera in {"", camera.id}]
    if not own:
        findings.warn(
            f"{path}.permits",
            f"{rule.permits} has no permit for {camera.id!r}",
            "write the camera's id in its column camera, or leave permits: out",
        )
    elif all(permit.last_day and permit.last_day < today for permit in own):
        last = max(permit.last_day for permit in own if permit.last_day)
        findings.warn(
            f"{path}.permits",
            f"every permit in {rule.permits} has expired, the last one on {last}",
            "ask for this year's permits: what they allowed is found as a violation now",
        )
    return own


def _check_always(rule: Rule, permits: Sequence[Permit], path: str, findings: Findings) -> None:
    """See whether plain weekly permits leave no time at which the rule could find anything."""
    plain = [
        window
        for window in map(window_of, permits)
        if not (window.first_day or window.last_day or window.season or window.zones)
    ]
    forbidden = None if rule.hours is None else [Window(h.days, h.start, h.end) for h in rule.hours]
    moment = MONDAY
    while moment < MONDAY + WEEK:
        on = forbidden is None or any(window.holds(moment) for window in forbidden)
        if on and not any(window.holds(moment) for window in plain):
            return
        moment += STEP
    findings.warn(
        f"{path}.allow" if rule.allow else path,
        f"{rule.kind} is permitted whenever the rule is computed: it can find nothing",
        "leave out one of the permits, or the rule",
    )
