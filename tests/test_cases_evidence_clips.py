"""Clips of a violation: both ends, joined where they overlap, playing from their first picture."""

import functools
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from cases import Evidence, FileKind
from streams import Excerpt
from tests.clips import clip, read_counter
from tests.evidence_requests import make_request, make_still, make_writer
from tests.packets import excerpt_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def part(excerpt: Excerpt, from_s: float, to_s: float) -> Excerpt:
    """Return the packets of some seconds; the first one has to be a key packet."""
    packets = tuple(packet for packet in excerpt.packets if from_s <= packet.at_s < to_s)
    return replace(excerpt, packets=packets)


@functools.cache
def eight_seconds() -> Excerpt:
    """Return 200 pictures, numbered, with B-frames and a key picture every second."""
    return excerpt_of(clip(seconds=8.0, gop=25, b_frames=2))


def written(root: Path, entry: tuple[Excerpt, ...], confirmation: tuple[Excerpt, ...]) -> Evidence:
    """Write evidence with these clips."""
    request = replace(
        make_request(stills=(make_still(),)), entry_clip=entry, confirmation_clip=confirmation
    )
    return make_writer(root).write(request)


def clips(evidence: Evidence) -> dict[str, list[int]]:
    """Return the picture numbers that each clip shows; the first picture is a key picture."""
    found = {}
    for file in evidence.files:
        if file.kind is not FileKind.CLIP:
            continue
        numbers = []
        with av.open(str(file.path)) as container:
            for index, frame in enumerate(container.decode(video=0)):
                assert index or frame.key_frame
                number = read_counter(frame.to_ndarray(format="rgb24").astype(np.uint8))
                assert number is not None
                numbers.append(number)
        found[file.path.name] = numbers
    return found


def missing(evidence: Evidence) -> dict[str, str]:
    """Return what the manifest says is missing."""
    manifest = json.loads((evidence.folder / "manifest.json").read_bytes())
    said: dict[str, str] = manifest["missing"]
    return said


def test_both_ends_have_a_clip_of_their_own(tmp_path: Path) -> None:
    """How it came and how it stood: two files, each from a key picture on, with its own time."""
    whole = eight_seconds()
    evidence = written(tmp_path, (part(whole, 0, 3),), (part(whole, 5, 8),))
    shown = clips(evidence)
    assert set(shown) == {"clip.mp4", "clip-confirmation.mp4"}
    # A part may end between a B-frame and the picture it needs: then the last ones are not shown.
    assert shown["clip.mp4"][:70] == list(range(70))
    assert shown["clip-confirmation.mp4"][:70] == list(range(125, 195))
    times = [file.captured_at for file in evidence.files if file.kind is FileKind.CLIP]
    assert [time for time in times if time is None] == []
    first, second = (time for time in times if time is not None)
    assert (second - first).total_seconds() == pytest.approx(5.0, abs=0.1)
    assert missing(evidence) == {}


def test_overlapping_clips_become_one(tmp_path: Path) -> None:
    """A dwell shorter than the packet ring: every picture once, in order."""
    whole = eight_seconds()
    evidence = written(tmp_path, (part(whole, 0, 5),), (part(whole, 3, 8),))
    shown = clips(evidence)
    assert set(shown) == {"clip.mp4"}
    assert shown["clip.mp4"] == list(range(200))
    assert missing(evidence) == {}


def test_a_clip_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Each end on its own; one single picture is no clip."""
    whole = eight_seconds()
    one = replace(whole, packets=whole.packets[:1])
    evidence = written(tmp_path / "a", (one,), (part(whole, 5, 8),))
    assert set(clips(evidence)) == {"clip-confirmation.mp4"}
    assert missing(evidence) == {"clip": "no packets"}
    evidence = written(tmp_path / "b", (part(whole, 0, 3),), ())
    assert set(clips(evidence)) == {"clip.mp4"}
    assert missing(evidence) == {"clip-confirmation": "no packets"}


def test_one_clip_that_cannot_be_muxed_leaves_the_other(tmp_path: Path) -> None:
    """The broken one is named and leaves no file behind."""
    whole = eight_seconds()
    odd = replace(whole.parameters, codec="vp6")
    broken = replace(part(whole, 0, 3), parameters=odd)
    evidence = written(tmp_path, (broken,), (part(whole, 5, 8),))
    assert set(clips(evidence)) == {"clip-confirmation.mp4"}
    assert set(missing(evidence)) == {"clip"}
    assert [path.name for path in evidence.folder.glob(".*")] == []


def test_a_player_can_start_before_it_has_the_whole_file(tmp_path: Path) -> None:
    """The index stands before the pictures (faststart)."""
    evidence = written(tmp_path, (part(eight_seconds(), 0, 3),), ())
    data = (evidence.folder / "clip.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


PLAY = """
async (file) => {
    const video = document.createElement("video");
    if (!video.canPlayType('video/mp4; codecs="avc1.64001f"')) return "no H.264";
    video.muted = true;
    video.src = file;
    document.body.append(video);
    await video.play();
    await new Promise((resolve, reject) => {
        video.onended = resolve;
        video.onerror = () => reject(new Error(video.error.message));
        setTimeout(() => reject(new Error("did not end")), 20000);
    });
    return [video.videoWidth, video.videoHeight, video.duration];
}
"""


def test_clips_play_in_a_browser(tmp_path: Path) -> None:
    """Chromium plays a clip to its end, at the size and length that it has."""
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium")
    evidence = written(tmp_path, (part(eight_seconds(), 2, 4),), ())
    (evidence.folder / "index.html").write_text("<!doctype html><title>clip</title>")
    with served(evidence.folder) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(f"{url}/index.html")
        told = page.evaluate(PLAY, "clip.mp4")
        browser.close()
    if told == "no H.264":
        pytest.skip("this Chromium was built without H.264")
    assert told[:2] == [640, 360]
    assert told[2] == pytest.approx(2.0, abs=0.15)
