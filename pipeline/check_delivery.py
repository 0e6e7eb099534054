"""Whether what a site file says about its case system can be done."""

from datetime import datetime, timedelta

from cases.open311 import attribute_facts, unknown_facts
from configs import Open311System, Site, suggestion
from detectors import KINDS, Window
from pipeline.problem import Findings

_MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001  # a wall clock's week, in no time zone
_WEEK_MINUTES = 7 * 24 * 60


def check_delivery(site: Site, findings: Findings) -> None:
    """Find quiet hours that never end, and services and attributes that nothing fills."""
    system = site.case_system
    if system is None:
        return
    windows = [Window(hours.days, hours.start, hours.end) for hours in system.quiet]
    if windows and _always(windows):
        findings.error(
            "case_system.quiet",
            "it is quiet all week: no case would ever be posted",
            'leave some hours open, such as quiet: [{from: "22:00", to: "06:00"}]',
        )
    if isinstance(system, Open311System):
        _check_open311(system, findings)


def _always(windows: list[Window]) -> bool:
    minutes = (_MONDAY + timedelta(minutes=minute) for minute in range(_WEEK_MINUTES))
    return all(any(window.holds(minute) for window in windows) for minute in minutes)


def _check_open311(system: Open311System, findings: Findings) -> None:
    for kind in system.services:
        if kind not in KINDS:
            findings.error(
                f"case_system.services.{kind}",
                f"unknown kind of violation {kind!r}",
                suggestion(kind, KINDS),
            )
    for code, template in system.attributes.items():
        for name in unknown_facts(template):
            findings.error(
                f"case_system.attributes.{code}",
                f"{{{name}}} is no fact of a case",
                f"write one of {', '.join('{' + fact + '}' for fact in attribute_facts())}",
            )
