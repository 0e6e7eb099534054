"""The couriers of a site: one to its case system, one to its receiver of alarms."""

import logging
from collections.abc import Callable

from cases import Channel, Courier, Delivery, Store, StoreError
from configs import Site
from pipeline.delivery import alarm_system, case_system, courier_settings, meaning_of
from pipeline.review import remote_word

log = logging.getLogger(__name__)

ALARM_OWNER = "alarms"
"""Names the claims of the second courier, which takes only its own back."""


def couriers_of(
    site: Site, store: Store, on_delivered: Callable[[Delivery], None]
) -> tuple[Courier, ...]:
    """Make the couriers that a site asks for; none are started. Raises ConfigError."""

    def on_word(violation_id: str) -> None:
        try:
            remote_word(site, store, violation_id)
        except StoreError as error:  # the next start catches up
            log.warning("a verdict is not appended to the evidence yet: %s", error)

    made = []
    system, alarms = case_system(site), alarm_system(site)
    if system is None:
        log.warning("no case_system: cases stay on this machine")
    else:
        made.append(
            Courier(
                store,
                system,
                on_delivered=on_delivered,
                on_word=on_word,
                meaning=meaning_of(site),
                settings=courier_settings(site, system.deadline_s),
            )
        )
    if alarms is not None:
        settings = courier_settings(site, alarms.deadline_s, Channel.ALARM)
        made.append(
            Courier(store, alarms, on_delivered=on_delivered, settings=settings, owner=ALARM_OWNER)
        )
    return tuple(made)
