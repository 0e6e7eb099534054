"""The clip that may leave the box: bystanders are covered in every picture of it."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from cases import (
    CLIP_SUPPLEMENT,
    EvidenceError,
    FileKind,
    LookSeen,
    SeenThing,
    ShownJob,
    Supplement,
    Verdict,
    clip_caption,
    make_shown,
    shown_clip,
    supplement_folder,
    supplements_of,
    verify,
)
from streams import Excerpt, Picture, mux, sampled, write_film
from tests.clips import Recipe, clip, make_clip, read_counter
from tests.evidence_requests import (
    KERB,
    KEYS,
    SHANGHAI,
    make_request,
    make_writer,
    one_still_request,
    small_request,
)
from tests.packets import excerpt_of

ACCUSED = (100.0, 180.0, 220.0, 260.0)
BODY = (40, 60, 200)
"""Blue: the accused vehicle, and the other one."""
WALKER = (220, 30, 30)
"""Red: somebody whom only two looks see."""
RUNNER = (20, 200, 40)
"""Green: somebody who comes and goes between two looks."""
FPS = 25


def street(number: int) -> Picture:
    """Draw a still street with two parked cars, a walker, and a runner between 2.2 s and 3.8 s."""
    picture = np.full((360, 640, 3), 128, np.uint8)
    picture[180:260, 100:220] = BODY
    picture[180:260, 400:520] = BODY
    at_s = number / FPS
    x0, y0, x1, y1 = walker(at_s)
    picture[y0:y1, x0:x1] = WALKER
    if 2.2 <= at_s < 3.8:
        left = round(20 + (at_s - 2.2) * 300)
        picture[290:350, left : left + 24] = RUNNER
    return picture


def walker(at_s: float) -> tuple[int, int, int, int]:
    """Where the walker is: 40 px a second to the right."""
    left = round(240 + 40 * at_s)
    return left, 120, left + 24, 180


@cache
def excerpt() -> Excerpt:
    """Film the street for eight seconds."""
    made = clip(seconds=8.0, gop=25).with_name("street.mp4")
    make_clip(made, Recipe(seconds=8.0, gop=25), street)
    return excerpt_of(made)


def look(at_s: float, *, walked: bool = True) -> LookSeen:
    """Return what a model finds: two cars and the walker."""
    x0, y0, x1, y1 = walker(at_s)
    seen = [SeenThing("car", ACCUSED), SeenThing("car", (400.0, 180.0, 520.0, 260.0))]
    if walked:
        seen.append(SeenThing("person", (float(x0), float(y0), float(x1), float(y1))))
    return LookSeen(at_s, 640, 360, tuple(seen))


def job(*looks: LookSeen) -> ShownJob:
    """Return a job: the car on the left was confirmed at second 4."""
    return ShownJob(
        excerpts=(excerpt(),),
        looks=looks,
        accused=ACCUSED,
        label="car",
        confirmed_s=4.0,
        zone=KERB,
    )


def lines(_: datetime) -> tuple[str, ...]:
    """Write one line under every picture."""
    return ("caption",)


def film(path: Path) -> list[tuple[float, Picture]]:
    """Decode a film: (seconds, picture)."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0.0), frame.to_ndarray(format="rgb24").astype(np.uint8))
            for frame in container.decode(video=0)
        ]


def like(picture: Picture, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Mark the pixels of (about) a colour."""
    return np.asarray(np.abs(picture[:360].astype(int) - colour).max(axis=2) < 60)


def test_nobody_is_open_who_was_not_looked_at(tmp_path: Path) -> None:
    """Between looks no pixel of the runner, whom no look has seen; of the walker no head, ever."""
    path = tmp_path / "shown.mp4"
    count = make_shown(job(*(look(at_s) for at_s in (0.0, 2.0, 4.0, 6.0))), path, lines)
    pictures = film(path)
    assert len(pictures) == count == pytest.approx(6 * 5 + 1, abs=1)
    assert any(like(street(round(at_s * FPS)), RUNNER).any() for at_s, _ in pictures)
    for at_s, picture in pictures:
        assert not like(picture, RUNNER).any(), at_s
        x0, y0, x1, y1 = walker(at_s)
        head = picture[y0 : y0 + (y1 - y0) // 4, x0:x1]
        assert not like(head, WALKER).any(), at_s


def test_the_accused_is_open_and_the_others_plate_is_not(tmp_path: Path) -> None:
    """In every picture: the accused whole within its outline, the other car's lower half grey."""
    path = tmp_path / "shown.mp4"
    make_shown(job(*(look(at_s) for at_s in (0.0, 2.0, 4.0, 6.0))), path, lines)
    for at_s, picture in film(path):
        assert like(picture[190:250, 110:210], BODY).mean() > 0.95, at_s
        assert not like(picture[222:258, 404:516], BODY).any(), at_s
        if at_s < 1.9:  # later the walker passes above
            assert like(picture[185:215, 410:510], BODY).all(), at_s


def test_what_a_look_misses_is_grey_as_soon_as_it_moves(tmp_path: Path) -> None:
    """The walker, undetected in every look, is open in the looks' own pictures alone."""
    path = tmp_path / "shown.mp4"
    times = (0.0, 2.0, 4.0, 6.0)
    make_shown(job(*(look(at_s, walked=False) for at_s in times)), path, lines)
    for at_s, picture in film(path):
        if min(abs(at_s - time) for time in times) > 0.05:
            assert not like(picture[60:170], WALKER).any(), at_s  # the accused's outline is red


def test_an_accused_that_moves_is_followed(tmp_path: Path) -> None:
    """The walker accused: its way between two looks is not grey for its own movement."""
    path = tmp_path / "shown.mp4"
    looks = tuple(look(at_s) for at_s in (3.6, 4.0, 4.4))
    x0, y0, x1, y1 = walker(4.0)
    accused = (float(x0), float(y0), float(x1), float(y1))
    made = replace(job(*looks), accused=accused, label="person")
    make_shown(made, path, lines)
    between = [picture for at_s, picture in film(path) if 0.05 < at_s < 0.35]
    assert between
    for picture in between:
        assert like(picture[150:175], WALKER).any()  # its head stays covered: it is a person


def test_a_clip_needs_two_looks(tmp_path: Path) -> None:
    """With one nobody knows what moved: nothing is written."""
    with pytest.raises(ValueError, match="fewer than two looks"):
        make_shown(job(look(4.0)), tmp_path / "shown.mp4", lines)
    assert list(tmp_path.iterdir()) == []


def test_a_camera_that_changes_its_resolution(tmp_path: Path) -> None:
    """One film of one size; nothing between two looks of different sizes."""
    whole = excerpt()
    small = tmp_path / "small.mp4"
    make_clip(small, Recipe(width=320, height=180, seconds=2.0, gop=25))
    later = excerpt_of(small)
    moved = replace(
        later,
        session=1,
        packets=tuple(replace(packet, at_s=packet.at_s + 8.0) for packet in later.packets),
    )
    looks = (look(6.0), look(7.0), LookSeen(8.0, 320, 180, ()), LookSeen(9.0, 320, 180, ()))
    made = replace(job(*looks), excerpts=(whole, moved), confirmed_s=7.0)
    path = tmp_path / "shown.mp4"
    make_shown(made, path, lines)
    pictures = film(path)
    assert {picture.shape[:2] for _, picture in pictures} == {pictures[0][1].shape[:2]}
    times = [at_s for at_s, _ in pictures]
    assert [at_s for at_s in times if 1.05 < at_s < 1.95] == []
    assert max(times) == pytest.approx(3.0, abs=0.05)


def test_pictures_at_times() -> None:
    """The picture shown at a time is the last one not after it, B-frames or not; gaps stay gaps."""
    whole = excerpt_of(clip(seconds=8.0, gop=25, b_frames=2))
    found = {
        at_s: read_counter(picture) for at_s, picture in sampled((whole,), [0.0, 1.01, 2.5], 640)
    }
    assert found == {0.0: 0, 1.01: 25, 2.5: 62}
    packets = tuple(one for one in whole.packets if not 2.0 <= one.at_s < 5.0)
    pieces = [
        replace(whole, packets=tuple(one for one in packets if one.at_s < 2.0)),
        replace(whole, packets=tuple(one for one in packets if one.at_s >= 5.0)),
    ]
    shown = [at_s for at_s, _ in sampled(pieces, [-1.0, 1.0, 4.0, 5.0, 30.0], 640)]
    assert shown == [1.0, 5.0]


def test_a_film_without_pictures_is_refused(tmp_path: Path) -> None:
    """Nothing is left behind."""
    with pytest.raises(ValueError, match="at least one"):
        write_film(tmp_path / "none.mp4", ())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """Make a clip that may leave the box."""
    path = tmp_path / "made.mp4"
    make_shown(job(look(3.0), look(4.0)), path, lines)
    return path


def test_a_supplement_is_signed_and_chained_beside_the_evidence(
    tmp_path: Path, shown: Path
) -> None:
    """The folder before is untouched; the clip is found by its case, and only the shown one."""
    writer = make_writer(tmp_path / "evidence")
    request = one_still_request()
    folder = writer.folder_of(request.violation)
    extra = Supplement(CLIP_SUPPLEMENT, replace(request, stills=()), shown)
    with pytest.raises(EvidenceError, match="no evidence to add to"):
        writer.add(extra)
    first = writer.write(request)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert shown_clip(folder) is None
    added = writer.add(extra)
    assert writer.add(extra) == added
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert added.folder == supplement_folder(folder, "clip")
    assert supplements_of(folder) == (added.folder,)
    assert {file.kind for file in added.files} == {FileKind.CLIP, FileKind.SHOWN}
    found = shown_clip(folder)
    assert found is not None
    assert found.path.read_bytes() == shown.read_bytes()
    assert {row.verdict for row in verify(tmp_path / "evidence", KEYS)} == {Verdict.OK}
    assert {row.verdict for row in verify(added.folder, KEYS)} == {Verdict.OK}
    manifest = (added.folder / "manifest.json").read_text()
    assert f'"supplement":{{"manifest_sha256":"{first.manifest_sha256}","name":"clip"}}' in manifest
    writer.write(small_request(5))
    shutil.rmtree(added.folder)
    told = {row.path: row.verdict for row in verify(tmp_path / "evidence", KEYS)}
    assert told[added.folder.relative_to(tmp_path / "evidence").as_posix()] is Verdict.MISSING


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Clip", "x" * 21, "-x", "1"])
def test_a_supplement_cannot_lead_elsewhere(name: str) -> None:
    """Its name becomes a folder's."""
    with pytest.raises(ValueError, match="lower-case"):
        Supplement(name, make_request())


def test_the_caption_of_the_clip_says_what_it_is() -> None:
    """Kind and case, the picture's own time, place, and that this is not the original."""
    request = small_request()
    chinese = clip_caption(request, request.violation.opened_at, "zh-CN", SHANGHAI)
    assert chinese[0].startswith("机动车乱停放  SW-")
    assert "12:00:00 +08:00" in chinese[1] or "12:00:00" in chinese[1]
    assert "市北区营口路" in chinese[2]
    assert "派生视频" in chinese[3]
    english: Callable[..., tuple[str, ...]] = clip_caption
    assert "Derived clip" in english(request, request.violation.opened_at, "en", SHANGHAI)[3]


def test_the_original_clip_of_the_same_packets_plays(tmp_path: Path) -> None:
    """What the shown clip is made from is muxed as it was: nothing is lost by showing less."""
    (path,) = mux((excerpt(),), tmp_path / "clip.mp4")
    assert len(film(path)) == 200
