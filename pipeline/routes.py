"""Whom a violation is told to: the case system, the receiver of alarms, or nobody."""

from dataclasses import dataclass

from cases import CaseEvent, Channel
from configs import Site, WebhookSystem


@dataclass(frozen=True, slots=True)
class Route:
    """The way of a report."""

    channel: Channel
    event: CaseEvent
    keep: str = ""
    """Why it stays on this machine; empty where it goes out."""


def route_of(site: Site, *, coded: bool) -> Route:
    """Say where a confirmed violation goes; `coded`: the code profile has a code for its kind."""
    if coded:
        return Route(Channel.CASE, "case")
    if site.alarms is not None:
        return Route(Channel.ALARM, "alarm")
    if site.case_system is None or isinstance(site.case_system, WebhookSystem):
        return Route(Channel.CASE, "alarm")
    return Route(
        Channel.ALARM,
        "alarm",
        keep="no code in the profile, and no receiver of alarms: write alarms: in the site file",
    )


def pre_alarm_channel(site: Site) -> Channel | None:
    """Say where pre-alarms go; None where nobody wants to hear of them."""
    if site.alarms is not None and "opened" in site.alarms.events:
        return Channel.ALARM
    if isinstance(site.case_system, WebhookSystem) and "opened" in site.case_system.events:
        return Channel.CASE
    return None
