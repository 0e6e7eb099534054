"""The seam to a case system: look a case up, post a case.

Errors are branched by what the courier can do next:

    CasesError
    └── DeliveryError
        ├── Transient     try again later: the case system did not take it and did not refuse it
        ├── Permanent     give up: the case system understood, and refuses for good
        ├── Unanswered    look it up before any re-post: the case system may have taken it
        ├── Incomplete    hold it for a person: something that the case system asks for is missing
        └── NoPlace       keep it here: the case system takes no messages of this kind
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from cases.deadline import Deadline
from cases.errors import CasesError
from cases.payload import CasePayload
from cases.update import Update


class DeliveryError(CasesError):
    """A case system did not do what was asked. The text holds no secret and is one line."""


class Transient(DeliveryError):  # noqa: N818  # named after what it is, as its siblings are
    """Not taken, not refused: the same request may succeed later.

    `retry_after_s` is the wait that the case system asked for, None where it named none.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Permanent(DeliveryError):  # noqa: N818
    """Refused for good. From `find`: the case system cannot be asked at all."""


class Unanswered(DeliveryError):  # noqa: N818
    """A post may have been received, and no usable answer came back."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Incomplete(DeliveryError):  # noqa: N818
    """The site file gives too little for this case: it was not posted. The text says what."""


class NoPlace(DeliveryError):  # noqa: N818
    """The case system has no place for such a message, and certainly has not taken it."""


@dataclass(frozen=True, slots=True)
class RemoteCase:
    """A case as the case system shows it."""

    remote_id: str
    status: str
    """As the case system words it; empty where it does not say."""
    notes: str = ""
    """Why it stands so, as the case system words it; one line."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The case system has taken a case. All None where it never tells a number."""

    remote_id: str | None
    token: str | None = None
    """Stands for the number until the case system has made one."""
    notice: str = ""
    """What the case system says about what happens next; one line."""


class CaseSystem(Protocol):
    """What the courier needs of a case system. Called from several threads at once."""

    @property
    def deadline_s(self) -> float:
        """Seconds that `find` and `post` take at most."""

    @property
    def repeatable(self) -> bool:
        """True where a second post of a case is harmless by agreement: none is looked up then."""

    def find(self, case_key: str, since: datetime) -> RemoteCase | None:
        """Look up the case that carries this key and was received at or after `since` (aware).

        None means that it is certainly not there. Raises `Transient` (ask again later) or
        `Permanent` (this case system cannot be asked).
        """

    def post(self, case: CasePayload, until: Deadline | None = None) -> Receipt:
        """Post a case, once. Raises `Transient`, `Permanent`, `Unanswered` or `Incomplete`.

        Ends within `deadline_s` and sends nothing after `until`; nothing is sent twice inside.
        """

    def close(self) -> None:
        """Give connections back."""


@runtime_checkable
class NumberedLater(Protocol):
    """A case system whose receipts may hold a token. Optional."""

    def number(self, token: str) -> str | None:
        """Return the number that a token has become; None as long as it has not.

        Raises `Transient` or `Permanent`.
        """


@runtime_checkable
class Followed(Protocol):
    """A case system that tells how cases stand. Optional."""

    def states(self, remote_ids: Sequence[str]) -> Mapping[str, RemoteCase]:
        """Return how these cases stand; those that are not shown, or not now, are left out.

        Ends within `deadline_s`. Raises `Transient` or `Permanent`.
        """


@runtime_checkable
class Updated(Protocol):
    """A case system that takes updates of cases. Optional."""

    def post_update(self, update: Update, until: Deadline | None = None) -> Receipt:
        """Post an update, once, within `deadline_s`, sending nothing after `until`.

        Raises `Transient`, `Permanent`, `Unanswered`, or `NoPlace` where this one is not taken.
        """

    def find_update(self, update: Update, since: datetime) -> bool:
        """Tell whether an update is there that left at or after `since` (aware).

        Raises `Transient`, or `Permanent` where that cannot be asked.
        """
