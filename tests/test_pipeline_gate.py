"""The motion gate saves looks at still streets, and opens for whatever appears."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from configs import load_site
from detectors import Attention, Level, Outcome
from models import Detections
from pipeline.gate import MotionGate, gate_of
from streams import Picture
from streams.gate import CLOCK_SHARE, Clock, watched_blocks
from tests.block_model import write_block_model
from tests.faults import frame_of, noisy, pictures, rain
from tests.site import camera, rows, streetwarden, write_site

DEMO = Path(__file__).parent.parent / "configs" / "demo" / "parked-car.mp4"
INTERVAL_S = 2.0
FOUND = Detections(
    np.array([[1, 2, 30, 40]], np.float32), np.array([0.9], np.float32), np.array([1], np.int32)
)


def street() -> Picture:
    """Take the rendered street before its car comes."""
    return pictures(DEMO)[0]


def gate(**more: object) -> MotionGate:
    """Make a gate over the whole picture."""
    given: dict[str, object] = {"interval_s": INTERVAL_S, "forced_s": 20.0, **more}
    return MotionGate(given.pop("polygons", None), **given)  # type: ignore[arg-type]


def opened(one: MotionGate, looks: Iterator[Picture], from_s: float = 0.0) -> list[bool]:
    """Show looks to a gate; says for each whether a model had to look."""
    result = []
    for number, picture in enumerate(looks):
        frame = frame_of(picture, from_s + number * INTERVAL_S)
        result.append(one.carry(frame) is None)
        if result[-1]:
            one.saw(frame, FOUND)
    return result


def still(
    count: int, change: Callable[[Picture, int], np.ndarray] | None = None, noise: float = 4.0
) -> Iterator[Picture]:
    """Show the empty street with a sensor's noise, coded anew each time."""
    random = np.random.default_rng(17)
    for number in range(count):
        shown = street().astype(np.float64)
        if change is not None:
            shown = np.asarray(change(shown.astype(np.uint8), number), np.float64)
        coded = cv2.imencode(".jpg", noisy(shown, random, noise), [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
        yield np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def test_a_still_street_is_looked_at_when_it_is_time() -> None:
    """In five minutes of noise only the first look and one every 20 s cost a model's look."""
    one = gate()
    looks = opened(one, still(150))
    assert [number for number, look in enumerate(looks) if look] == list(range(0, 150, 10))
    counts = one.counts
    assert (counts.network, counts.forced, counts.gated) == (1, 14, 135)


def test_cameras_are_not_forced_all_at_once(tmp_path: Path) -> None:
    """Started together, and opened together by a cloud: each has a turn of its own in 20 s."""
    model = write_block_model(tmp_path / "block.onnx")
    cameras = [camera(f"cam{number}", "file:clip.mp4") for number in range(40)]
    site = load_site(write_site(tmp_path, cameras, model, sampling={"gate": {}}))
    forced = np.zeros(40, int)
    dark = street() // 2
    for one in site.cameras:
        each = gate_of(site, one)
        assert each is not None
        looks = [dark if number == 15 else street() for number in range(40)]
        opened_at = opened(each, iter(looks))
        assert opened_at[0]
        assert all(any(opened_at[start : start + 11]) for start in range(30))  # none waits longer
        forced += np.array(opened_at)
    assert forced[0] == 40
    quiet = np.concatenate([forced[1:15], forced[22:]])
    assert 0 < quiet.max() <= 12  # of 40; 4 on average
    assert quiet.sum() <= 40 * 4


@pytest.mark.parametrize("noise", [1.0, 8.0])
def test_noise_and_slow_light_keep_it_closed(noise: float) -> None:
    """Evening falls by half over five minutes and the sensor grows noisy: nothing has changed."""
    one = gate()
    looks = opened(one, still(150, lambda p, n: p * (1 - n / 300), noise))
    assert sum(looks) == 15


def test_drizzle_and_the_glow_of_headlights_keep_it_closed() -> None:
    """Faint streaks all over and a wide glow that passes are no change."""
    random = np.random.default_rng(2)

    def wet(picture: Picture, number: int) -> np.ndarray:
        drizzle = rain(picture, random) * 0.06 + picture * 0.94
        glow = np.zeros(picture.shape[:2], np.float32)
        cv2.circle(glow, (200 + 10 * (number % 20), 250), 60, 40.0, -1)
        return drizzle + cv2.GaussianBlur(glow, (0, 0), 60)[:, :, None]

    looks = opened(gate(), still(60, wet))
    assert sum(looks) <= 8


def test_heavy_rain_opens_it() -> None:
    """Where rain could hide somebody who comes, a model looks at everything."""
    random = np.random.default_rng(2)
    looks = opened(gate(), still(20, lambda p, _: rain(p, random)))
    assert sum(looks) >= 18


@pytest.mark.parametrize(
    ("size", "level", "where"),
    [
        ((8, 20), 25, (200, 200)),  # somebody far away
        ((14, 30), 15, (420, 250)),  # grey on grey
        ((30, 20), -10, (100, 300)),  # a dark bag at dusk's contrast
        ((10, 10), 30, (600, 120)),  # a parcel at the edge
    ],
)
def test_what_appears_opens_it_at_once(
    size: tuple[int, int], level: int, where: tuple[int, int]
) -> None:
    """Small and faint things open the gate in the look in which they come."""

    def appear(picture: Picture, number: int) -> np.ndarray:
        shown = picture.astype(np.int16)
        if number >= 33:
            x, y = where
            shown[y : y + size[1], x : x + size[0]] += level
        return np.clip(shown, 0, 255)

    looks = opened(gate(), still(40, appear))
    assert looks[33]
    assert looks[34:37] == [True] * 3  # and it stays open, for a model that missed it


def test_what_fades_in_adds_up() -> None:
    """A thing that comes by two levels a look opens the gate long before it is there."""

    def fade(picture: Picture, number: int) -> np.ndarray:
        shown = picture.astype(np.int16)
        shown[200:240, 300:360] += 2 * max(0, number - 10)
        return np.clip(shown, 0, 255)

    looks = opened(gate(forced_s=300.0), still(30, fade))
    assert looks[0]
    assert not any(looks[1:11])
    assert any(looks[11:17])


def test_a_clock_is_learnt_but_not_a_road() -> None:
    """A running clock stops opening the gate; a lane with traffic in every look never does."""
    random = np.random.default_rng(5)

    def tick(picture: Picture, number: int) -> np.ndarray:
        clock = f"2026-01-05 12:{number // 60:02d}:{number % 60:02d}"
        text = f"{clock} {random.integers(1_000_000):06d}"
        shown = np.ascontiguousarray(picture[:, :, ::-1])
        cv2.putText(shown, text[-13:], (8, 18), cv2.FONT_HERSHEY_PLAIN, 1.0, (255, 255, 255), 1)
        return shown[:, :, ::-1]

    def drive(picture: Picture, number: int) -> np.ndarray:
        shown = picture.copy()
        left = 40 * (number % 14)
        shown[250:300, left : left + 60] = 230 - 10 * (number % 5)
        return shown

    looks = opened(gate(forced_s=40.0, turn=0.15), still(80, tick))  # at 46 s, 86 s
    assert all(looks[:20])
    assert sum(looks[30:]) <= 6
    assert all(opened(gate(), still(60, drive)))


def test_what_is_left_out_for_a_clock_is_bounded() -> None:
    """Blocks that always change are left out up to a share of those watched, else none are."""
    clock = Clock()
    watched = np.ones((20, 40), bool)
    few = np.zeros((20, 40), bool)
    few[0, : int(CLOCK_SHARE * 800)] = True
    for _ in range(30):
        clock.learn(few)
    assert (clock.blocks(watched) == few).all()
    zone = np.zeros((20, 40), bool)
    zone[0, :100] = True
    assert not clock.blocks(zone).any()  # all of a small zone: that is no clock


def test_only_zones_and_their_surroundings_count() -> None:
    """Trees beside the road do not open a gate that watches the road."""
    zone = [((0.0, 0.6), (1.0, 0.6), (1.0, 1.0), (0.0, 1.0))]

    def wind(picture: Picture, number: int) -> np.ndarray:
        shown = picture.copy()
        shown[:100, 300:500] = 60 + 40 * (number % 3)
        return shown

    assert sum(opened(gate(polygons=zone), still(30, wind))) == 3
    blocks = watched_blocks(zone, (22, 40))
    assert blocks[22 * 6 // 10 - 3 :].all()
    assert not blocks[: 22 * 6 // 10 - 4].any()


def test_while_something_dwells_every_second_look_is_a_models() -> None:
    """Then its dwell counts as observed, and it is complete no later than a look after."""
    one = gate()
    result = []
    for number, picture in enumerate(still(20)):
        frame = frame_of(picture, number * INTERVAL_S)
        result.append(one.carry(frame) is None)
        if result[-1]:
            one.saw(frame, FOUND)
        one.note(Outcome(attention=Attention(Level.WATCHING, frame.at_s + 30.0)))
    assert result == [True, False] * 10


def test_another_session_size_or_a_close_look_is_never_carried() -> None:
    """Nothing is compared that cannot be."""
    one = gate()
    picture = next(still(1))
    frame = frame_of(picture, 0.0)
    assert one.carry(frame) is None
    one.saw(frame, FOUND)
    later = frame_of(picture, 2.0)
    assert one.carry(later) is FOUND
    assert one.carry(replace(later, session=1)) is None
    assert one.carry(replace(later, width=1920, height=1080)) is None
    assert one.carry(replace(later, close=True)) is None
    assert one.carry(replace(later, at_s=-1.0)) is None
    assert one.carry(frame_of(picture[:300], 4.0)) is None


def test_the_site_file_says_which_cameras_have_one(tmp_path: Path) -> None:
    """Without the key none has; a camera can do without where the site has one, and other hours."""
    model = write_block_model(tmp_path / "block.onnx")
    cameras = [
        camera("a", "rtsp://127.0.0.1:9/a"),
        camera("b", "rtsp://127.0.0.1:9/b", sampling={"gate": {"off": True}}),
        camera("c", "rtsp://127.0.0.1:9/c", sampling={"interval_s": 4}),
    ]
    site = load_site(write_site(tmp_path, cameras, model))
    assert [gate_of(site, each) for each in site.cameras] == [None] * 3
    assert gate_of(site, site.cameras[0], asked=True) is not None
    site = load_site(write_site(tmp_path, cameras, model, sampling={"gate": {"forced_s": 30}}))
    assert [gate_of(site, each) is not None for each in site.cameras] == [True, False, True]


@pytest.mark.timeout(200)
def test_a_gated_replay_finds_the_same(tmp_path: Path) -> None:
    """Gated, the demo's parked car is confirmed once, at most a look later; twice the same."""
    model = Path(__file__).parent.parent / "models" / "weights" / "street.onnx"
    one = camera("cam", "rtsp://127.0.0.1:9/a", rule={"dwell_s": 20})
    site = write_site(tmp_path, [one], model, sampling={"interval_s": 2})
    plain, gated, again = (
        streetwarden("replay", site, "cam", DEMO, "--json", *more, timeout_s=90)
        for more in ([], ["--gate"], ["--gate"])
    )
    assert plain.returncode == gated.returncode == 0, gated.stderr
    assert gated.stdout == again.stdout
    times = [
        [row["time_s"] for row in rows(done.stdout) if row["event"] == "confirmed"]
        for done in (plain, gated)
    ]
    assert len(times[0]) == len(times[1]) > 0
    assert all(abs(a - b) <= 2 * INTERVAL_S for a, b in zip(*times, strict=True))
