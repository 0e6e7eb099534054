"""A store, evidence and a clock that all go by, for tests of how long evidence is kept."""

from pathlib import Path

from cases import Custody, Retained, Retention, RetentionRule, Review, Store, Verdict, verify
from tests.case_payloads import make_case
from tests.evidence_requests import KEY, KEYS, make_writer, small_request
from tests.violations import SetClock, make_violation

RULE = RetentionRule(days=30, closed_days=10)
DAY_S = 86400.0


class Box:
    """A store, evidence, and a clock that both go by."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock()
        self.root = folder / "evidence"
        self.store = Store.open(folder / "store.sqlite3", clock=self.clock)
        self.writer = make_writer(self.root)
        self.custody = Custody(self.root, KEY, self.clock)

    def case(
        self,
        number: int,
        *,
        review: Review = Review.NONE,
        delivered: bool = True,
        cleared: bool = True,
    ) -> str:
        """Add a case with evidence; returns its id."""
        violation = make_violation(number)
        evidence = self.writer.write(small_request(number))
        self.store.confirm(violation, evidence, make_case(number).to_json(), review=review)
        if delivered:
            for claimed in self.store.claim("test", lease_s=60.0, limit=10):
                self.store.sending(claimed)
                self.store.delivered(claimed, f"A{number}")
        if cleared:
            self.store.clear(violation, "gone")
        return violation.violation_id

    def retain(self, rule: RetentionRule = RULE, *, dry_run: bool = False) -> dict[str, Retained]:
        """Apply a rule; what was decided, by case."""
        done = Retention(self.root, KEY, KEYS).run(self.store, rule, dry_run=dry_run)
        return {each.violation_id: each for each in done}

    def folder(self, number: int) -> Path:
        """Return where the evidence of a case lies."""
        return self.writer.folder_of(make_violation(number))

    def verdicts(self) -> dict[str, tuple[Verdict, str]]:
        """Return what `verify` says of everything that is not just ok."""
        return {
            row.path: (row.verdict, row.detail)
            for row in verify(self.root, KEYS)
            if row.verdict is not Verdict.OK
        }
