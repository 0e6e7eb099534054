"""Whether what a site file says about its case system can be done."""

from datetime import datetime, timedelta

from cases.open311 import attribute_facts, unknown_facts
from configs import (
    ConfigError,
    Open311System,
    Site,
    WebhookSystem,
    calendar,
    case_states,
    host_allowed,
    host_of,
    suggestion,
)
from detectors import KINDS, Window
from pipeline.problem import Findings, Problem

_MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001  # a wall clock's week, in no time zone
_WEEK_MINUTES = 7 * 24 * 60


def check_delivery(site: Site, findings: Findings) -> None:
    """Find quiet hours that never end, files that cannot be read, and what nothing fills."""
    _check_files(site, findings)
    system = site.case_system
    for key, end in (("case_system", system), ("alarms", site.alarms)):
        windows = [Window(hours.days, hours.start, hours.end) for hours in end.quiet] if end else []
        if windows and _always(windows):
            findings.error(
                f"{key}.quiet",
                "it is quiet all week: no case would ever be posted",
                'leave some hours open, such as quiet: [{from: "22:00", to: "06:00"}]',
            )
    _check_alarm_hosts(site, findings)
    if isinstance(system, Open311System):
        _check_open311(system, findings)


def _check_files(site: Site, findings: Findings) -> None:
    """See that the states of the case system and the holidays can be read."""
    try:
        calendar(site.site.holidays, site.file.parent)
    except ConfigError as error:
        _blame(error, "site.holidays", findings)
    system = site.case_system
    if system is None:
        return
    try:
        case_states(system.states or system.kind, site.file.parent)
    except ConfigError as error:
        _blame(error, "case_system.states", findings)


def _blame(error: ConfigError, key: str, findings: Findings) -> None:
    """Blame the site file for a file that is not there, a faulty file for itself."""
    if error.key or error.line:
        findings.add(Problem.of_config_error(error))
    else:
        findings.error(key, f"{error.file.name!r}: {error.problem}", error.remedy)


def _check_alarm_hosts(site: Site, findings: Findings) -> None:
    urls = {"alarms.url": site.alarms.url if site.alarms else None}
    if isinstance(site.case_system, WebhookSystem):
        urls["case_system.states_url"] = site.case_system.states_url
    for key, url in urls.items():
        host = host_of(url) if url else None
        if host is not None and not host_allowed(host, site.allow.case_hosts):
            findings.error(
                key,
                f"the host {host} is not on the allow-list ({', '.join(site.allow.case_hosts)})",
                f"write one of those hosts, or add {host} to allow.case_hosts "
                "(where STREETWARDEN_ALLOW is set: there)",
            )


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
