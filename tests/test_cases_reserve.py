"""A disk that fills up: rows still commit, cases are held with the reason, then all goes on."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from api.metrics import exposition
from cases import (
    EvidenceError,
    EvidenceReason,
    EvidenceWriter,
    Reserve,
    Review,
    Store,
    StoreFull,
    Verdict,
    verify,
)
from detectors import Change, Look, Outcome, Violation, ViolationEvent
from models import Detections
from pipeline import SiteStatus
from pipeline.clips import Clips
from pipeline.confirmation import Confirmer
from pipeline.events import Event
from pipeline.ingest import Ingest, IngestLost
from pipeline.proposals import ProposalFiles
from pipeline.recorder import Recorder
from pipeline.sight import Sight
from pipeline.spool import Spool
from pipeline.step import Stepped
from streams import Excerpt
from tests.evidence_requests import KEY, KEYS, SHANGHAI
from tests.site_text import GOOD, site_of
from tests.small_disk import fill, small_disk
from tests.violations import NOON, make_violation

CAMERA = "yingkou-road-01"
SIZE = 256 * 1024


def test_the_reserve_takes_room_once_and_gives_it_back(tmp_path: Path) -> None:
    """Real blocks, not a hole; made again only when there is room to spare."""
    with small_disk(tmp_path / "disk") as disk:
        reserve = Reserve(disk, SIZE)
        before = reserve.free_bytes
        assert before is not None
        assert reserve.make()
        assert reserve.free_bytes == before - SIZE
        assert Reserve(disk, SIZE).make()  # after a restart the file is there already
        fill(disk / "ballast")
        assert reserve.free_bytes == 0
        assert reserve.release()
        assert not reserve.release()
        assert not reserve.held
        with pytest.raises(EvidenceError, match="kept for the store") as raised:
            reserve.ready()
        assert raised.value.reason is EvidenceReason.FULL
        assert reserve.free_bytes == SIZE
        (disk / "ballast").unlink()
        reserve.ready()
        assert reserve.held
        assert reserve.free_bytes == before - SIZE


def test_without_a_reserve_nothing_is_held_back(tmp_path: Path) -> None:
    """Size 0 in the site file: no file, and evidence is tried as long as the disk takes it."""
    reserve = Reserve(tmp_path, 0)
    reserve.ready()
    assert reserve.held
    assert not reserve.release()
    assert list(tmp_path.iterdir()) == []


class LostIngest:
    """An ingest worker that is down: whoever asks it gets the error that the real one raises."""

    def excerpts(self, *_: object) -> tuple[Excerpt, ...]:
        """Answer as pipeline.Ingest does without its worker."""
        raise IngestLost("the ingest worker is not running")


class Parts:
    """Recorder, confirmer, store, spool and writer on one disk, wired as the runner wires them."""

    def __init__(self, disk: Path, text: str = GOOD) -> None:
        site = site_of(text.replace("./demo-data", str(disk)), disk.parent)
        self.told: list[Event] = []
        self.count = 0
        self.reserve = Reserve(disk, 8 << 20)
        self.reserve.make_way()
        self.store = Store.open(disk / "store.sqlite3", site_id="demo")
        self.reserve.make()
        spool = Spool(disk / "spool")
        writer = EvidenceWriter(
            disk / "evidence", site_id="demo", key=KEY, language="en", timezone=SHANGHAI
        )
        ingest = cast("Ingest", LostIngest())
        confirmer = Confirmer(
            site,
            store=self.store,
            writer=writer,
            reserve=self.reserve,
            spool=spool,
            ingest=ingest,
            sight=Sight([], {camera.id: [] for camera in site.cameras}, 0.25),
        )
        clips = Clips(
            site,
            store=self.store,
            ingest=ingest,
            confirmer=confirmer,
            reserve=self.reserve,
            on_clip=lambda: None,
        )
        self.recorder = Recorder(
            store=self.store,
            spool=spool,
            ingest=ingest,
            confirmer=confirmer,
            clips=clips,
            reserve=self.reserve,
            proposals=ProposalFiles(site.data),
            emit=self.told.append,
        )

    def settle(self) -> None:
        """Wait until what was recorded is committed and told."""
        deadline_s = time.monotonic() + 30
        while len(self.told) < self.count:
            assert time.monotonic() < deadline_s, "a violation waits for room"
            time.sleep(0.01)

    def confirm(self, number: int) -> Violation:
        """Record a look at which a violation was opened and confirmed."""
        self.count += 1
        violation = make_violation(number, camera=CAMERA)
        snapshot = {"number": number, "pad": "x" * 2000}
        self.record(violation, Change.OPENED, Change.CONFIRMED, snapshot=snapshot)
        return violation

    def record(
        self, violation: Violation, *changes: Change, snapshot: Mapping[str, Any] | None = None
    ) -> None:
        """Record a look at which this became of a violation."""
        events = tuple(ViolationEvent(change, violation) for change in changes)
        camera, at_s = violation.camera_id, violation.last_at_s
        look = Look(camera, "default", 0, at_s, NOON, 640, 360, Detections.empty())
        self.recorder.record(Stepped(look, Outcome(events), snapshot))


@contextmanager
def running(disk: Path, text: str = GOOD) -> Iterator[Parts]:
    """Start the recorder; stop it at the end, when everything has been written."""
    parts = Parts(disk, text)
    parts.recorder.start()
    try:
        yield parts
    finally:
        parts.recorder.stop(30)
        parts.store.close()


def enlarge(disk: Path) -> None:
    """Make a disk on which SQLite's log (4 MiB before it is folded in) fits into the reserve."""
    subprocess.run(["mount", "-o", "remount,size=24m", str(disk)], check=True)


def check_held(parts: Parts, violations: list[Violation]) -> None:
    """See that every one is in the store, held because the disk is full, without evidence."""
    parts.settle()
    for violation in violations:
        case = parts.store.case(violation.violation_id).case
        assert case.review is Review.HELD
        assert "no evidence" in case.reason
        assert "full" in case.reason
        assert case.evidence_folder is None


def test_when_the_disk_is_full_cases_are_held_and_nothing_is_lost(tmp_path: Path) -> None:
    """Twenty violations on a full disk, ten of them after a restart: in the store, with why."""
    with small_disk(tmp_path / "disk") as disk:
        enlarge(disk)
        with running(disk) as parts:
            first = parts.confirm(0)
            parts.settle()
            assert parts.store.case(first.violation_id).case.evidence_folder is not None
            fill(disk / "ballast")
            check_held(parts, [parts.confirm(number) for number in range(1, 11)])
            assert not parts.reserve.held
        with running(disk) as parts:
            check_held(parts, [parts.confirm(number) for number in range(11, 21)])
            assert not parts.reserve.held
            (disk / "ballast").unlink()
            again = parts.confirm(30)
            parts.settle()
            assert parts.reserve.held
            assert parts.store.case(again.violation_id).case.evidence_folder is not None
        assert {row.verdict for row in verify(disk / "evidence", KEYS)} == {Verdict.OK}


@pytest.mark.parametrize("held", [True, False])
def test_metrics_say_whether_the_disk_is_full(*, held: bool) -> None:
    """An alarm can be set on it, and on the room that is left."""
    status = SiteStatus(
        cameras=(),
        batches=0,
        staleness_p95_s=None,
        backlog=0,
        disk_reserve=held,
        disk_free_bytes=4096,
        worker_restarts=0,
        violations={},
        deliveries={},
        oldest_due_s=None,
    )
    lines = exposition(lambda: status).decode().splitlines()
    assert f"streetwarden_disk_reserve {float(held)}" in lines
    assert "streetwarden_disk_free_bytes 4096.0" in lines


def test_without_the_reserve_the_store_is_full(tmp_path: Path) -> None:
    """What the reserve is for: on the same disk, without one, a row does not commit."""
    with small_disk(tmp_path / "disk") as disk:
        store = Store.open(disk / "store.sqlite3", site_id="demo")
        fill(disk / "ballast")
        rows = (store.open_violation(make_violation(number)) for number in range(200))
        with pytest.raises(StoreFull):
            list(rows)
        store.close()
