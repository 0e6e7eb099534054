"""What became of the files of evidence."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What became of a file."""

    OK = "ok"
    UNCHECKED = "unchecked"
    """A signature, and no key to check it by."""
    CHANGED = "changed"
    """Not the bytes (or not the form) that were written."""
    MISSING = "missing"
    EXTRA = "extra"
    """Nobody wrote it here."""
    CHAIN_BROKEN = "chain_broken"
    """The file is whole, but it does not follow the one that the chain names before it."""
    CUT_OFF = "cut_off"
    """The end of the chain is gone."""
    UNSIGNED = "unsigned"
    FOREIGN_KEY = "foreign_key"
    """Signed, by a key that is none of the accepted ones."""
    BAD_SIGNATURE = "bad_signature"
    """The key that it names did not sign these bytes."""
    UNREADABLE = "unreadable"
    REMOVED = "removed"
    """Removed as the site's retention asks, by whom and when: a signed note says it."""
    HELD = "held"
    """Under a legal hold: retention leaves it."""

    @property
    def stands(self) -> bool:
        """Tell whether nothing speaks against the file."""
        return self in {Verdict.OK, Verdict.UNCHECKED, Verdict.REMOVED, Verdict.HELD}


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """A file (or a folder that is gone), and what became of it."""

    path: str
    """Below the folder that was verified, with forward slashes."""
    verdict: Verdict
    detail: str = ""
