"""What a courier carries: a case or an update, with its way into the case system."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cases.deadline import Deadline
from cases.payload import CasePayload
from cases.store import Delivery, Message
from cases.system import CaseSystem, NoPlace, Receipt, RemoteCase, Updated
from cases.update import Update, UpdatePayload


class Parcel(Protocol):
    """One message, ready to go. What it raises is what the case system raises."""

    @property
    def proof(self) -> bool:
        """Whether "not there" is believed only of a case system that has shown another case."""

    def find(self, since: datetime) -> RemoteCase | None:
        """Look it up, where it may have been received at or after `since`."""

    def send(self, until: Deadline) -> Receipt:
        """Post it, once, sending nothing after `until`."""


@dataclass(frozen=True, slots=True)
class CaseParcel:
    """The case itself, an alarm, or a pre-alarm."""

    system: CaseSystem
    case: CasePayload
    proof: bool = True

    def find(self, since: datetime) -> RemoteCase | None:
        """Look the case up by its key."""
        return self.system.find(self.case.case_key, since)

    def send(self, until: Deadline) -> Receipt:
        """Post the case."""
        return self.system.post(self.case, until)


@dataclass(frozen=True, slots=True)
class UpdateParcel:
    """An update of a case that is there."""

    system: Updated
    update: Update
    proof: bool = False
    """Its case was taken by this very system."""

    def find(self, since: datetime) -> RemoteCase | None:
        """Look the update up by its key."""
        there = self.system.find_update(self.update, since)
        return RemoteCase(self.update.remote_id or "", "") if there else None

    def send(self, until: Deadline) -> Receipt:
        """Post the update."""
        return self.system.post_update(self.update, until)


def parcel_of(row: Delivery, system: CaseSystem, report: Callable[[], Delivery | None]) -> Parcel:
    """Read a message of the outbox. Raises `ValueError` for what cannot be read.

    `report` gives the case's own message, if there is one. Raises `NoPlace` where the case system
    takes no such message.
    """
    if row.message.is_update:
        if not isinstance(system, Updated):
            raise NoPlace("this case system takes no updates")
        base = report()
        remote_id = None if base is None else base.remote_case_id
        payload = UpdatePayload.from_json(row.payload)
        return UpdateParcel(
            system, Update(update_id=row.delivery_id, remote_id=remote_id, payload=payload)
        )
    if row.message is Message.OPENED and not system.repeatable:
        raise NoPlace("pre-alarms go to webhooks only")
    return CaseParcel(system, CasePayload.from_json(row.payload))
