"""Retention: by age, by what became of the case, never against a hold, and told as such."""

import json
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cases import (
    Custody,
    EvidenceError,
    EvidenceWriter,
    Journal,
    LinesBroken,
    NoEvidence,
    RetentionRule,
    Review,
    SigningKey,
    Verdict,
    custody_notes,
    verify,
)
from cases.evidence.tombstone import Tombstone, tombstone_path
from cases.record import canonical_json
from configs import ConfigError, parse_site
from pipeline.retention import Retaining
from tests.evidence_requests import KEY, KEYS, SHANGHAI, make_writer, small_request
from tests.kept_evidence import DAY_S, RULE, Box
from tests.site import in_process
from tests.site_text import ENVIRON, GOOD
from tests.violations import NOON, make_violation


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Make a box without cases."""
    return Box(tmp_path)


def test_old_evidence_of_closed_cases_goes_and_says_so(box: Box) -> None:
    """Gone: pictures and manifest. Left: a signed note by whom, when and why; the chain holds."""
    ids = [box.case(number) for number in range(3)]
    box.clock.pass_s(31 * DAY_S)
    done = box.retain()
    assert [done[name].fate.removed for name in ids] == [True, True, True]
    assert not box.folder(1).exists()
    told = box.verdicts()
    assert set(told) == {
        tombstone_path(box.folder(number)).relative_to(box.root).as_posix() for number in range(3)
    }
    for verdict, detail in told.values():
        assert verdict is Verdict.REMOVED
        assert detail == "by retention, 2026-02-05T04:00:00+00:00: closed 2026-01-05T04:00:00+00:00"
    (alone,) = verify(box.folder(1), KEYS)
    assert alone.verdict is Verdict.REMOVED
    assert box.retain() == {}
    # And the chain goes on after it.
    box.case(7)
    assert {verdict for verdict, _ in box.verdicts().values()} == {Verdict.REMOVED}


def test_what_is_still_needed_stays_at_any_age(box: Box) -> None:
    """Open, undelivered, unresolved, dead, held for review: nothing of it is touched."""
    stays = {box.case(0, cleared=False): "the case is open"}
    goes = box.case(4)
    stays[box.case(2, review=Review.HELD)] = "held for review"
    dead = box.case(3, delivered=False)
    for claimed in box.store.claim("test", lease_s=60.0, limit=10):
        box.store.dead(claimed, error="refused")
    stays[dead] = "not delivered: dead"
    stays[box.case(1, delivered=False)] = "not delivered: pending"
    box.clock.pass_s(3650 * DAY_S)
    done = box.retain(RetentionRule(days=1, closed_days=0, open_days=None))
    assert {name: done[name].fate.why for name in stays} == stays
    assert not any(done[name].fate.removed for name in stays)
    assert done[goes].fate.removed
    assert [box.folder(number).exists() for number in range(5)] == [True] * 4 + [False]


def test_open_cases_go_at_an_age_of_their_own(box: Box) -> None:
    """`open: 60`: delivered ones that nobody closed; one that is not delivered never goes."""
    open_case, waiting = box.case(0, cleared=False), box.case(1, delivered=False)
    rule = RetentionRule(days=30, closed_days=10, open_days=60)
    box.clock.pass_s(59 * DAY_S)
    assert not box.retain(rule)[open_case].fate.removed
    box.clock.pass_s(2 * DAY_S)
    done = box.retain(rule)
    assert done[open_case].fate.removed
    assert not done[waiting].fate.removed


@pytest.mark.parametrize(
    ("cleared_on", "today", "goes"),
    [
        (0, 29, False),  # closed long ago, too young
        (0, 30, True),
        (25, 34, False),  # old enough, closed only now
        (25, 35, True),
    ],
)
def test_both_age_and_time_since_closing_count(
    box: Box, cleared_on: int, today: int, *, goes: bool
) -> None:
    """Thirty days from the opening, and ten since it was closed."""
    name = box.case(0, cleared=False)
    box.clock.pass_s(cleared_on * DAY_S)
    box.store.clear(make_violation(0), "gone")
    box.clock.pass_s((today - cleared_on) * DAY_S)
    done = box.retain()
    assert (name in done and done[name].fate.removed) is goes
    assert box.folder(0).exists() is not goes


def test_a_refused_case_is_closed(box: Box) -> None:
    """Rejected by a person: it is never posted, and its pictures show somebody who did nothing."""
    name = box.case(0, review=Review.HELD, delivered=False, cleared=False)
    box.store.reject(name, by="li", reason="loading")
    box.clock.pass_s(31 * DAY_S)
    assert box.retain()[name].fate.removed


def test_a_hold_keeps_it_until_it_is_released(box: Box) -> None:
    """Who holds it and why is signed beside it, shown by verify; two holds, one release."""
    name = box.case(0)
    box.custody.hold(name, by="王", reason="行政复议 17")
    box.custody.hold(name, by="li", reason="court")
    box.clock.pass_s(400 * DAY_S)
    done = box.retain()
    assert done[name].fate.why.startswith("under hold by li, 2026-01-05T04:00:00+00:00: court")
    rows = [row for row in verify(box.root, KEYS) if row.verdict is Verdict.HELD]
    assert [row.path for row in rows] == [box.folder(0).relative_to(box.root).as_posix()] * 2
    assert "by 王" in rows[0].detail
    assert any(row.verdict is Verdict.HELD for row in verify(box.folder(0), KEYS))
    assert [entry.by for entry in custody_notes(box.folder(0)).holds] == ["王", "li"]
    ended = box.custody.release(name, by="zhou", reason="settled")
    assert [entry.by for entry in ended] == ["王", "li"]
    assert custody_notes(box.folder(0)).holds == ()
    assert box.retain()[name].fate.removed
    with pytest.raises(NoEvidence, match="removed by retention"):
        box.custody.hold(name, by="li", reason="too late")
    with pytest.raises(NoEvidence, match="no hold"):
        box.custody.release(name, by="li", reason="again")
    with pytest.raises(NoEvidence, match="no evidence of abc"):
        box.custody.hold("abc", by="li", reason="x")
    with pytest.raises(NoEvidence, match="no id"):
        box.custody.hold("../..", by="li", reason="x")


def test_a_forged_release_does_not_release(box: Box) -> None:
    """A line that another key signed ends no hold, and verify names it."""
    name = box.case(0)
    box.custody.hold(name, by="li", reason="court")
    foreign = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
    Custody(box.root, foreign, box.clock).release(name, by="li", reason="nothing to see")
    box.clock.pass_s(400 * DAY_S)
    assert not box.retain()[name].fate.removed
    assert box.verdicts()["journal.jsonl"][0] is Verdict.FOREIGN_KEY


@pytest.mark.parametrize("change", ["word", "removed"])
def test_nothing_is_removed_by_a_changed_journal(box: Box, change: str) -> None:
    """Who can take a hold out of the file must not make the program remove the evidence."""
    first, second = box.case(0), box.case(1)
    box.custody.hold(first, by="li", reason="court")
    box.custody.hold(second, by="li", reason="court")
    file = box.root / "journal.jsonl"
    one, two = file.read_text().splitlines(keepends=True)
    file.write_text(two if change == "removed" else one.replace("hold", "held") + two)
    box.clock.pass_s(400 * DAY_S)
    with pytest.raises(LinesBroken):
        box.retain()
    assert box.folder(0).exists()
    assert box.verdicts()["journal.jsonl"][0] is Verdict.CHANGED


def test_a_changed_word_in_the_journal_is_a_bad_signature(box: Box) -> None:
    """The last line has no line after it: its signature tells."""
    name = box.case(0)
    box.custody.hold(name, by="li", reason="court")
    file = box.root / "journal.jsonl"
    file.write_text(file.read_text().replace("court", "sport"))
    assert box.verdicts()["journal.jsonl"][0] is Verdict.BAD_SIGNATURE


def test_a_dry_run_changes_no_byte(box: Box) -> None:
    """It says what would go, and why."""
    name = box.case(0)
    box.clock.pass_s(31 * DAY_S)
    before = sorted((path, path.stat().st_mtime_ns) for path in box.root.rglob("*"))
    assert box.retain(dry_run=True)[name].fate.removed
    assert sorted((path, path.stat().st_mtime_ns) for path in box.root.rglob("*")) == before


def test_evidence_without_a_case_is_left_alone(box: Box) -> None:
    """A crash between evidence and store, or a store that was lost: nobody knows what it is for."""
    box.writer.write(small_request(0))
    box.clock.pass_s(400 * DAY_S)
    (one,) = box.retain().values()
    assert one.fate.why == "the store knows no such case"


def test_removed_evidence_is_not_written_again(box: Box) -> None:
    """A confirmation that comes back after all does not undo what was decided."""
    name = box.case(0)
    box.clock.pass_s(31 * DAY_S)
    box.retain()
    with pytest.raises(EvidenceError, match="removed by retention"):
        box.writer.write(small_request(0))
    assert not box.folder(0).exists()
    assert custody_notes(box.folder(0)).removed is not None
    assert name


def test_a_forged_note_is_named_and_costs_nothing(box: Box) -> None:
    """A note by another key, one of other evidence, one changed afterwards; one without a link."""
    for number in range(4):
        box.case(number)

    def note(number: int, of: int, key: SigningKey = KEY) -> Path:
        folder = box.folder(of)
        manifest = json.loads((box.root / "chain.jsonl").read_text().splitlines()[of])
        tombstone = Tombstone(
            folder=folder.relative_to(box.root).as_posix(),
            manifest_sha256=manifest["manifest_sha256"],
            at=NOON,
            by="retention",
            rule=RULE.values(),
            reason="closed",
            key_id=key.key_id,
        )
        path = tombstone_path(box.folder(number))
        path.write_bytes(tombstone.signed(key))
        return path

    note(0, 0, SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))))
    note(1, 2)
    changed = note(2, 2)
    facts = json.loads(changed.read_text())
    changed.write_text(canonical_json({**facts, "by": "somebody"}) + "\n")
    note(9, 0)
    told = {path.rpartition("/")[2]: verdict for path, (verdict, _) in box.verdicts().items()}
    names = [tombstone_path(box.folder(number)).name for number in (0, 1, 2, 9)]
    assert [told[name] for name in names] == [
        Verdict.FOREIGN_KEY,
        Verdict.CHANGED,
        Verdict.BAD_SIGNATURE,
        Verdict.EXTRA,
    ]
    make_writer(box.root)  # a start finishes removals, but none of these
    assert [box.folder(number).exists() for number in range(4)] == [True] * 4


KILLED = """
import os, signal, sys
from pathlib import Path
from cases import Retention, RetentionRule, Store
from cases.evidence import removal
from tests.evidence_requests import KEY, KEYS
from tests.violations import NOON, SetClock
from datetime import timedelta
import shutil

folder, left = Path(sys.argv[1]), [int(sys.argv[2])]

def armed(function):
    def call(*arguments, **named):
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return function(*arguments, **named)
    return call

for module, name in (
    (removal, "write_file"), (removal, "flush"), (Path, "rename"), (os, "unlink"), (os, "rmdir"),
    (os, "fsync"),
):
    setattr(module, name, armed(getattr(module, name)))
store = Store.open(folder / "store.sqlite3", clock=SetClock(NOON + timedelta(days=31)))
Retention(folder / "evidence", KEY, KEYS).run(store, RetentionRule(30, 10))
os._exit(0)
"""


def test_killed_at_any_step_it_is_whole_or_noted_and_then_finished(tmp_path: Path) -> None:
    """Kill -9 before each step: never a folder gone without its note; the next run ends it."""
    start = tmp_path / "start"
    box = Box(start)
    box.case(0)
    box.store.close()
    step = 0
    while True:
        here = tmp_path / f"step-{step}"
        shutil.copytree(start, here)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(here), str(step)], check=False, capture_output=True
        )
        killed = Box(here)
        folder = killed.folder(0)
        noted = tombstone_path(folder).exists()
        whole = {row.verdict for row in verify(killed.root, KEYS)} == {Verdict.OK}
        assert (
            noted
            or whole
            or killed.verdicts().keys()
            <= {f"{folder.parent.relative_to(killed.root)}/.{tombstone_path(folder).name}.partial"}
        )
        killed.clock.pass_s(31 * DAY_S)
        killed.retain()
        assert not folder.exists()
        assert [verdict for verdict, _ in killed.verdicts().values()] == [Verdict.REMOVED]
        killed.store.close()
        shutil.rmtree(here)
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr.decode()
        step += 1
    assert step > 8


def test_an_export_is_noted_before_it_is_made(box: Box, tmp_path: Path) -> None:
    """Who, why, where to and each file's hash; the copy verifies by itself; no second one there."""
    name = box.case(0)
    copied = box.custody.export(name, tmp_path / "usb", by="li", reason="court 17")
    assert copied == (tmp_path / "usb" / name)
    assert {row.verdict for row in verify(copied / name, KEYS)} == {Verdict.OK}
    original = box.folder(0) / "1-confirmation.jpg"
    assert (copied / name / "1-confirmation.jpg").read_bytes() == original.read_bytes()
    (entry,) = Journal(box.root).entries()
    assert (entry.act.value, entry.by, entry.reason) == ("export", "li", "court 17")
    assert entry.more["to"] == str(copied)
    assert f"{name}/1-confirmation.jpg" in entry.more["files"]
    assert entry.signed_by(KEYS)
    assert json.loads((copied / "chain-lines.jsonl").read_text())["sequence"] == 1
    with pytest.raises(NoEvidence, match="is there already"):
        box.custody.export(name, tmp_path / "usb", by="li", reason="again")
    with pytest.raises(NoEvidence, match="in the evidence itself"):
        box.custody.export(name, box.root / "copy", by="li", reason="x")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EvidenceError):
        box.custody.export(name, tmp_path / "file", by="li", reason="noted all the same")
    assert len(Journal(box.root).entries()) == 2
    original.write_bytes(b"changed")
    with pytest.raises(EvidenceError, match="not what was written"):
        box.custody.export(name, tmp_path / "other", by="li", reason="x")
    assert not (tmp_path / "other" / name).exists()


@pytest.mark.parametrize(
    ("retain", "problem"),
    [
        ("{days: 0}", "at least 1"),
        ("{days: 30, open: 20}", "less than days"),
        ("{days: 30, open: never}", "open"),
        ("{closed_days: 3}", "days"),
        ("30", "retain"),
    ],
)
def test_a_retention_that_is_none_is_refused(tmp_path: Path, retain: str, problem: str) -> None:
    """The message names the key."""
    text = GOOD + f"evidence: {{retain: {retain}}}\n"
    with pytest.raises(ConfigError, match=problem) as raised:
        parse_site(text, tmp_path / "site.yaml", ENVIRON)
    assert "evidence.retain" in str(raised.value)


def test_an_age_is_counted_from_the_opening(box: Box) -> None:
    """Evidence that was written late is not younger for it."""
    name = box.case(0)
    box.clock.at = NOON + timedelta(days=30) - timedelta(seconds=1)
    assert name not in {n for n, each in box.retain().items() if each.fate.removed}
    box.clock.pass_s(1)
    assert box.retain()[name].fate.removed


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """hold, retain --dry-run, export, release, retain, `cases show`: each says what it did."""
    run = partial(in_process, monkeypatch=monkeypatch)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    site = tmp_path / "site.yaml"
    site.write_text(GOOD)
    data = tmp_path / "demo-data"
    SigningKey.of_box(data / "keys")
    box = Box(data)
    box.writer = EvidenceWriter(
        box.root,
        site_id="demo",
        key=SigningKey.of_box(data / "keys"),
        language="zh-CN",
        timezone=SHANGHAI,
        clock=box.clock,
    )
    name = box.case(0)
    box.store.close()

    done = run("evidence", "retain", site)
    assert done.returncode == 2
    assert "evidence.retain is not written" in done.stderr
    site.write_text(GOOD + "evidence: {retain: {days: 30, closed_days: 0}}\n")
    who = ("--site", site, "--by", "wang", "--reason", "appeal 17")
    assert run("evidence", "hold", name, *who).stdout == f"{name} is under hold\n"
    done = run("evidence", "retain", site, "--json")
    (row,) = (json.loads(line) for line in done.stdout.splitlines())
    assert (row["id"], row["removed"], row["due"]) == (name, False, False)
    assert row["reason"].startswith("under hold by wang")
    shown = json.loads(run("cases", "show", name, "--site", site, "--json").stdout)
    assert shown["evidence"]["holds"][0]["reason"] == "appeal 17"
    done = run("evidence", "export", name, "--to", tmp_path / "usb", *who)
    assert f"copied to {tmp_path / 'usb' / name}" in done.stdout
    assert run("evidence", "verify", tmp_path / "usb" / name / name).returncode == 0
    assert "held by wang" in run("evidence", "release", name, *who).stdout
    assert (
        run("evidence", "hold", name, "--site", site, "--by", " ", "--reason", "x").returncode == 2
    )
    done = run("evidence", "retain", site, "--dry-run")
    assert done.stdout.startswith("would be removed 2026/01/05/")
    done = run("evidence", "retain", site)
    assert done.stdout.startswith("removed  2026/01/05/")
    done = run("evidence", "verify", box.root)
    assert done.returncode == 0
    assert "removed   2026/01/05/" in done.stdout
    shown = json.loads(run("cases", "show", name, "--site", site, "--json").stdout)
    assert (shown["evidence"]["state"], shown["evidence"]["by"]) == ("removed", "retention")
    assert run("evidence", "hold", name, *who).returncode == 2


def test_a_running_site_applies_it(tmp_path: Path) -> None:
    """The thread of `run` removes what is due, and ends when told."""
    site = parse_site(
        GOOD + "evidence: {retain: {days: 30, closed_days: 0}}\n", tmp_path / "site.yaml", ENVIRON
    )
    box = Box(site.data)
    box.case(0)
    retaining = Retaining(site, box.store, every_s=0.01)
    box.clock.pass_s(31 * DAY_S)
    retaining.start()
    end_s = time.monotonic() + 10.0
    while box.folder(0).exists():
        assert time.monotonic() < end_s
        time.sleep(0.01)
    retaining.stop(5.0)
    assert tombstone_path(box.folder(0)).exists()
