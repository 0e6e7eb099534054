"""Evidence folders: whole or not there, chained, and what they say."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from cases import EvidenceError, EvidenceReason, FileKind, Verdict, read_evidence, verify
from cases.evidence import writer as writer_module
from detectors import Role
from streams import CodecParameters, Picture, decode_still, load_excerpt
from tests.clips import clip, read_counter
from tests.evidence_requests import (
    ACCUSED,
    KEYS,
    make_excerpt,
    make_request,
    make_still,
    make_writer,
    noise,
    one_still_request,
    small_request,
)
from tests.packets import excerpt_of
from tests.small_disk import fill, small_disk


def everything(root: Path) -> dict[str, bytes]:
    """Return every file below a folder but locks."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture
def memory_folder() -> Iterator[Path]:
    """Make a folder in memory: for a killed process it is as good as a disk, and quicker."""
    shared = Path("/dev/shm")  # noqa: S108 - the folder inside has a name of its own
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


def test_a_folder_holds_what_its_manifest_says(tmp_path: Path) -> None:
    """Originals, packets, annotated stills, clip: each with the hash of its bytes."""
    request = make_request()
    evidence = make_writer(tmp_path).write(request)
    violation_id = request.violation.violation_id
    assert evidence.folder == tmp_path / "2026" / "01" / "05" / violation_id
    assert sorted(path.name for path in evidence.folder.iterdir()) == [
        "1-entry-annotated.jpg",
        "1-entry.jpg",
        "1-entry.packets",
        "2-confirmation-annotated.jpg",
        "2-confirmation.jpg",
        "2-confirmation.packets",
        "clip.mp4",
        "crop.jpg",
        "manifest.json",
        "manifest.sig",
    ]
    for file in evidence.files:
        assert file.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest()
        assert file.captured_at is not None
    manifest = (evidence.folder / "manifest.json").read_bytes()
    assert evidence.manifest_sha256 == hashlib.sha256(manifest).hexdigest()
    assert evidence == read_evidence(evidence.folder)


def test_the_manifest_names_everything_that_was_applied(tmp_path: Path) -> None:
    """Violation, rule and its version, zone, models, clock, place, absences, picture state."""
    evidence = make_writer(tmp_path).write(make_request())
    manifest = json.loads((evidence.folder / "manifest.json").read_bytes())
    assert manifest["violation"]["dwell_s"] == 30.0
    assert manifest["rule"] == {"kind": "illegal_parking", "dwell_s": 30.0, "version": "5f2c"}
    assert manifest["zone"]["polygon"][0] == [0.1, 0.4]
    assert manifest["models"] == [{"name": "street", "sha256": "ab" * 32}]
    assert manifest["clock"] == {"source": "host"}
    assert manifest["place"]["grid"] == "370203001001001"
    assert manifest["absent"] == [{"role": "entry", "reason": "present_at_first_look"}]
    assert manifest["stills"][1]["picture_state"] == "ok"
    assert manifest["stills"][1]["box"] == list(ACCUSED)
    assert (manifest["sequence"], manifest["previous_sha256"]) == (1, None)
    assert manifest["software"].startswith("streetwarden ")


def test_the_packets_give_the_still_again(tmp_path: Path) -> None:
    """Decoding the stored packets gives, pixel for pixel, the picture that was accused."""
    request = make_request()
    evidence = make_writer(tmp_path).write(request)
    packets = [file.path for file in evidence.files if file.kind is FileKind.PACKETS]
    for still, path in zip(request.stills, packets, strict=True):
        assert still.moment.at_s is not None
        again = decode_still(load_excerpt(path), still.moment.at_s)
        np.testing.assert_array_equal(again, still.picture)


def test_the_original_is_the_picture(tmp_path: Path) -> None:
    """Nothing drawn, nothing covered, full size, close to every pixel; RGB kept in order."""
    request = make_request()
    evidence = make_writer(tmp_path).write(request)
    stored = cv2.imread(str(evidence.folder / "2-confirmation.jpg"))
    assert stored is not None
    rgb: Picture = stored[:, :, ::-1].astype(np.uint8)
    difference = np.abs(rgb.astype(int) - request.stills[1].picture.astype(int))
    assert difference.mean() < 2.0
    assert read_counter(rgb) == 75


def test_the_clip_plays(tmp_path: Path) -> None:
    """Every picture of the excerpt comes out of the MP4, in order, B-frames included."""
    evidence = make_writer(tmp_path).write(make_request())
    with av.open(str(evidence.folder / "clip.mp4")) as container:
        numbers = [
            read_counter(frame.to_ndarray(format="rgb24").astype(np.uint8))
            for frame in container.decode(video=0)
        ]
    assert numbers == list(range(100))


def test_a_change_of_parameters_gives_two_clips(tmp_path: Path) -> None:
    """A camera that changed its resolution half-way: both parts are there and named."""
    later = excerpt_of(clip(width=320, height=180, seconds=2.0))
    request = replace(make_request(), entry_clip=(make_excerpt(), replace(later, session=1)))
    evidence = make_writer(tmp_path).write(request)
    clips = [file.path.name for file in evidence.files if file.kind is FileKind.CLIP]
    assert clips == ["clip.mp4", "clip-2.mp4"]
    assert all(row.verdict is Verdict.OK for row in verify(evidence.folder, KEYS))


def test_a_clip_that_cannot_be_muxed_does_not_lose_the_case(tmp_path: Path) -> None:
    """The stills are written; the manifest says that and why there is no clip."""
    excerpt = make_excerpt()
    parameters = excerpt.parameters
    odd = CodecParameters("vp6", b"", 640, 360, parameters.time_base)
    broken = replace(excerpt, parameters=odd)
    evidence = make_writer(tmp_path).write(replace(make_request(), entry_clip=(broken,)))
    manifest = json.loads((evidence.folder / "manifest.json").read_bytes())
    assert set(manifest["missing"]) == {"clip", "clip-confirmation"}
    assert not (evidence.folder / "clip.mp4").exists()
    assert all(row.verdict is Verdict.OK for row in verify(evidence.folder, KEYS))


def test_writing_again_returns_what_is_there(tmp_path: Path) -> None:
    """A confirmation that is repeated after a crash finds its evidence and changes no byte."""
    first = make_writer(tmp_path).write(small_request())
    before = everything(tmp_path)
    other = replace(small_request(), title="other")
    assert make_writer(tmp_path).write(other) == first
    assert everything(tmp_path) == before


def test_every_manifest_follows_the_one_before(tmp_path: Path) -> None:
    """Also over a restart of the writer: numbers go up by one, hashes link."""
    hashes: list[str | None] = [None]
    for number in range(4):
        evidence = make_writer(tmp_path).write(small_request(number))
        manifest = json.loads((evidence.folder / "manifest.json").read_bytes())
        assert manifest["sequence"] == number + 1
        assert manifest["previous_sha256"] == hashes[-1]
        hashes.append(evidence.manifest_sha256)
    assert {row.verdict for row in verify(tmp_path, KEYS)} == {Verdict.OK}


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """Originals show people: folders 700, files 600, whatever the umask is."""
    old = os.umask(0)
    try:
        make_writer(tmp_path / "evidence").write(make_request())
    finally:
        os.umask(old)
    for path in [tmp_path / "evidence", *(tmp_path / "evidence").rglob("*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_threads_and_writers_take_turns(tmp_path: Path) -> None:
    """Two writers on one root (two processes would do the same) keep one unbroken chain."""
    writers = [make_writer(tmp_path), make_writer(tmp_path)]

    def work(index: int) -> None:
        for number in range(5):
            writers[index % 2].write(small_request(100 * index + number))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdicts = verify(tmp_path, KEYS)
    assert {row.verdict for row in verdicts} == {Verdict.OK}
    assert sum(row.path.endswith("manifest.json") for row in verdicts) == 20


KILLED_AT_EVERY_STEP = """
import os, signal, sys
from pathlib import Path
from cases.evidence import chain, drafts, durable, writer
from tests.evidence_requests import make_writer, one_still_request

root = Path(sys.argv[1])
request = one_still_request()

def armed(function, left):
    def call(*arguments, **named):
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return function(*arguments, **named)
    return call

def write(number):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ready = make_writer(root / str(number))
    left = [number]
    for module, name in (
        (drafts, "write_file"), (drafts, "flush"), (drafts, "mux"), (drafts, "save_excerpt"),
        (writer, "write_file"), (writer, "flush"), (writer, "make_folders"),
        (chain.Chain, "append"), (Path, "rename"), (os, "fsync"),
    ):
        setattr(module, name, armed(getattr(module, name), left))
    ready.write(request)
    os._exit(0)

number = 0
while write(number) != 0:
    number += 1
print(number)
"""


def test_killed_at_any_step_nothing_unfinished_looks_finished(memory_folder: Path) -> None:
    """Kill -9 before each step on the disk: afterwards the folder is whole or not there at all."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVERY_STEP, str(memory_folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    steps = int(done.stdout)
    assert steps > 15
    request = one_still_request()
    for number in range(steps + 1):
        root = memory_folder / str(number)
        writer = make_writer(root)
        folder = writer.folder_of(request.violation)
        assert list((root / ".partial").iterdir()) == []
        if folder.exists():
            assert {row.verdict for row in verify(folder, KEYS)} == {Verdict.OK}
        evidence = writer.write(request)
        assert len(evidence.files) == 5
        assert {row.verdict for row in verify(root, KEYS)} == {Verdict.OK}
        shutil.rmtree(root)


def test_a_crash_between_link_and_rename_is_completed(tmp_path: Path) -> None:
    """The next start gives the whole folder its name instead of writing it again."""
    writer = make_writer(tmp_path)
    evidence = writer.write(small_request())
    partial = tmp_path / ".partial" / evidence.folder.name
    evidence.folder.rename(partial)
    make_writer(tmp_path)
    assert not partial.exists()
    assert read_evidence(evidence.folder) == evidence


def test_half_a_line_in_the_chain_is_cut_off(tmp_path: Path) -> None:
    """A power cut inside the line leaves a chain that goes on."""
    make_writer(tmp_path).write(small_request(0))
    with (tmp_path / "chain.jsonl").open("ab") as file:
        file.write(b'{"folder":"2026/01/0')
    make_writer(tmp_path).write(small_request(1))
    assert {row.verdict for row in verify(tmp_path, KEYS)} == {Verdict.OK}


@pytest.mark.parametrize("free", [0, 8, 24, 48, 120, 200])
def test_a_full_disk_is_one_clear_error_and_loses_nothing(tmp_path: Path, free: int) -> None:
    """Wherever in the folder space ends (4 KiB pages): EvidenceError, full; then it works."""
    with small_disk(tmp_path / "disk") as disk:
        root = disk / "evidence"
        first = make_writer(root).write(small_request(0))
        ballast, reserve = disk / "ballast", disk / "reserve"
        reserve.write_bytes(bytes(4096 * free))
        fill(ballast)
        reserve.unlink()
        before = everything(root)
        writer = make_writer(root)
        with pytest.raises(EvidenceError, match="disk is full") as raised:
            writer.write(make_request(1, stills=(make_still(picture=noise()),)))
        assert raised.value.reason is EvidenceReason.FULL
        assert everything(root) == before
        ballast.unlink()
        again = writer.write(make_request(1, stills=(make_still(picture=noise(180, 320)),)))
        assert read_evidence(again.folder) == again
        assert read_evidence(first.folder) == first
        assert {row.verdict for row in verify(root, KEYS)} == {Verdict.OK}


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    """A file in its place, or no right to write: EvidenceError at the start, not in the night."""
    (tmp_path / "evidence").write_text("in the way")
    with pytest.raises(EvidenceError, match="evidence folder"):
        make_writer(tmp_path / "evidence")


def test_no_right_to_write_is_said_so(tmp_path: Path) -> None:
    """Read-only from one day to the next: reason unwritable, and nothing half-written."""
    with small_disk(tmp_path / "disk") as disk:
        writer = make_writer(disk / "evidence")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(EvidenceError) as raised:
            writer.write(small_request())
        assert raised.value.reason is EvidenceReason.UNWRITABLE
        with pytest.raises(EvidenceError):
            make_writer(disk / "evidence")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert writer.write(small_request()).files


def test_a_picture_that_cannot_be_encoded_leaves_nothing(tmp_path: Path) -> None:
    """An empty picture is an EvidenceError; no partial folder, no link."""
    still = replace(make_still(), picture=noise()[:0])
    with pytest.raises(EvidenceError):
        make_writer(tmp_path).write(make_request(stills=(still,)))
    assert everything(tmp_path) == {}


def test_a_moment_without_time_or_box_is_no_still() -> None:
    """An absent moment belongs into the manifest, not into a picture."""
    still = make_still(Role.ENTRY)
    with pytest.raises(ValueError, match="time and box"):
        replace(still, moment=replace(still.moment, box=None))


def test_writers_say_where_they_write(tmp_path: Path) -> None:
    """The root is absolute, so that evidence paths do not depend on the working folder."""
    assert make_writer(tmp_path).root.is_absolute()
    assert writer_module.utc_now().tzinfo is not None
