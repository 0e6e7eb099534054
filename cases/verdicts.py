"""What people have decided about cases, appended to the evidence: `verdicts.jsonl`.

The store's history is where a verdict is made, in one transaction with what it does. This file
repeats it beside the manifests, which are never changed: one line a verdict, each with the hash of
the line before. What a crash kept from being appended is caught up with later.
"""

from pathlib import Path
from typing import Any, Final

from cases.errors import CasesError
from cases.evidence.linked_lines import BEFORE, LinkedLines
from cases.evidence.linked_lines import VERDICTS_NAME as VERDICTS_NAME  # noqa: PLC0414
from cases.record import canonical_json
from cases.store import HistoryEntry, Review, Store

_DECIDED: Final = (Review.APPROVED, Review.REJECTED)
_CATCH_UP: Final = 1000
"""Cases, the newest ones: older ones were appended by runs before."""


class VerdictsBroken(CasesError):  # noqa: N818  # named after the state, as its siblings are
    """A line of the file is not one that was written, or one is missing."""


class Verdicts:
    """The file below one evidence root. Processes and threads may append at the same time."""

    def __init__(self, root: Path) -> None:
        self._lines = LinkedLines(root / VERDICTS_NAME, VerdictsBroken)

    def append(self, store: Store, violation_id: str) -> int:
        """Append a case's verdicts that do not stand here yet; returns how many.

        Raises `StoreError`, `EvidenceError`, `VerdictsBroken`.
        """
        detail = store.case(violation_id)
        wanted = [
            _line(violation_id, detail.case.manifest_sha256, entry)
            for entry in detail.history
            if entry.what in set(_DECIDED)
        ]
        with self._lines.opened() as lines:
            known = {_content(entry) for entry in lines.entries}
            new = [entry for entry in wanted if canonical_json(entry) not in known]
            for entry in new:
                lines.append(lambda _, entry=entry: entry)  # type: ignore[misc]
        return len(new)

    def catch_up(self, store: Store) -> int:
        """Append what earlier runs have not; returns how many. Raises as `append` does."""
        decided = {
            case.violation.violation_id: case
            for case in store.cases(reviews=_DECIDED, limit=_CATCH_UP)
        }
        known = {(entry["violation_id"], entry["verdict"]) for entry in self.entries()}
        return sum(
            self.append(store, name)
            for name, case in decided.items()
            if (name, case.review.value) not in known
        )

    def entries(self) -> tuple[dict[str, Any], ...]:
        """Return all verdicts in order. Raises `VerdictsBroken` where the file was changed."""
        return self._lines.entries()


def _line(violation_id: str, manifest: str | None, entry: HistoryEntry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "by": entry.by,
        "manifest_sha256": manifest or "",
        "reason": entry.reason,
        "verdict": entry.what,
        "violation_id": violation_id,
    }


def _content(entry: dict[str, Any]) -> str:
    return canonical_json({name: value for name, value in entry.items() if name != BEFORE})
