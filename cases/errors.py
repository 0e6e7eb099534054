"""Errors of the store and of the evidence, branched by what the caller can do.

CasesError
├── StoreError                the store could not do it
│   ├── StoreBusy             retry: another process holds the database for too long
│   ├── StoreFull             make room, then retry: the disk is full; nothing was changed
│   ├── StoreMissing          fix the path: there is no store
│   ├── StoreTooNew           update the program: a newer one has written this store
│   ├── StoreBroken           restore: the file is no store, or damaged, or another site's
│   ├── NotFound              fix the id: nothing has this name
│   ├── WrongState            do nothing: what is asked is not possible from this state (any more)
│   └── LeaseLost             stop: this delivery has been claimed by somebody else since
├── EvidenceError             make room or give access (`reason`), then retry; nothing was lost
├── NoEvidence                fix the path: what lies there is no evidence
├── LinesBroken               look into it: a record beside the evidence was changed
└── KeyRefused                fix the key file: it cannot be read, or holds no Ed25519 key
"""

from enum import StrEnum


class CasesError(Exception):
    """Anything that this package refuses; its subclasses say what can be done."""


class StoreError(CasesError):
    """The store could not do what was asked; nothing was changed."""


class StoreBusy(StoreError):  # noqa: N818  # named after the state, as its siblings are
    """Another process has held the database longer than the busy time-out."""


class StoreFull(StoreError):  # noqa: N818
    """The disk has no room for the transaction."""


class StoreMissing(StoreError):  # noqa: N818
    """There is no store at this path."""


class StoreTooNew(StoreError):  # noqa: N818
    """A newer program has migrated this store; this one would damage it."""


class StoreBroken(StoreError):  # noqa: N818
    """The file is not a store, is damaged, or belongs to another site."""


class NotFound(StoreError):  # noqa: N818
    """Nothing in the store has this id."""


class WrongState(StoreError):  # noqa: N818
    """The transition does not exist from the state that the row is in."""


class LeaseLost(StoreError):  # noqa: N818
    """The claim has expired and somebody else has taken the delivery."""


class EvidenceReason(StrEnum):
    """Why evidence could not be written."""

    FULL = "full"
    """No room on the disk (or over a quota)."""
    UNWRITABLE = "unwritable"
    """No permission, or a read-only file system."""
    FAILED = "failed"
    """Anything else: an input/output error, pictures that cannot be encoded."""


class EvidenceError(CasesError):
    """Evidence was not written; no finished folder exists and the sources are untouched."""

    def __init__(self, reason: EvidenceReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NoEvidence(CasesError):  # noqa: N818
    """The folder is neither evidence of a violation nor a site's evidence."""


class KeyRefused(CasesError):  # noqa: N818
    """A file that should hold a key for evidence does not."""


class LinesBroken(CasesError):  # noqa: N818
    """A line of a record beside the evidence is not one that was written, or one is missing."""
