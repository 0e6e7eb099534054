"""Annotated stills: what is covered, what is drawn, what the caption says."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cases import EvidenceRequest, SeenThing, Still
from cases.evidence.annotation import ACCUSED as ACCUSED_COLOUR
from cases.evidence.annotation import ZONE as ZONE_COLOUR
from cases.evidence.annotation import annotate
from cases.evidence.caption import caption
from cases.evidence.cover import PixelRect, cover, iou, regions
from configs import Place
from detectors import Box, Role
from streams import Picture
from tests.evidence_requests import (
    ACCUSED,
    KERB,
    SHANGHAI,
    make_request,
    make_still,
    make_writer,
    noise,
)

LABELS = {"car": "car", "truck": "truck", "bus": "bus", "motorcycle": "two_wheeler"}
"""Classes of the annotated street pictures in our vocabulary."""
EDGES = ("xmin", "ymin", "xmax", "ymax")
OUTLINE_PX = 16
"""Beside a drawn line or the edge of a cover, JPEG blocks mix what is on both sides."""
FLAT = 16
"""Grey levels between neighbours that JPEG leaves in what was one colour."""


def annotated(path: Path, still: Still, request: EvidenceRequest) -> Picture:
    """Write evidence and read its one annotated still back, without the caption."""
    evidence = make_writer(path).write(replace(request, stills=(still,), entry_clip=()))
    stored = cv2.imread(str(evidence.folder / "1-confirmation-annotated.jpg"))
    assert stored is not None
    height = still.picture.shape[0]
    assert stored.shape[0] > height
    return np.asarray(stored[:height, :, ::-1], np.uint8)


def spread(picture: Picture) -> NDArray[np.uint8]:
    """Return, for every pixel, the largest difference between its neighbours in any channel."""
    kernel = np.ones((3, 3), np.uint8)
    different = cv2.subtract(cv2.dilate(picture, kernel), cv2.erode(picture, kernel))
    return np.asarray(different.max(axis=2), np.uint8)


def mask_of(rects: tuple[PixelRect, ...], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mark the pixels of rectangles."""
    mask = np.zeros(shape[:2], np.bool_)
    for x0, y0, x1, y1 in rects:
        mask[y0:y1, x0:x1] = True
    return mask


def edges_of(rects: tuple[PixelRect, ...], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mark what lies near an edge of a rectangle."""
    lines = np.zeros(shape[:2], np.uint8)
    for x0, y0, x1, y1 in rects:
        cv2.rectangle(lines, (x0, y0), (x1 - 1, y1 - 1), 1, thickness=2 * OUTLINE_PX)
    return lines > 0


def truth(path: Path) -> tuple[SeenThing, ...]:
    """Read the boxes that people drew (Pascal VOC: corners count from 1, both inside)."""
    things = []
    for node in ET.parse(path).iter("object"):  # noqa: S314 - a file of the test data
        edges = [float(node.findtext(f"bndbox/{edge}", "0")) for edge in EDGES]
        box = (edges[0] - 1, edges[1] - 1, edges[2], edges[3])
        things.append(SeenThing(LABELS[node.findtext("name", "")], box))
    return tuple(things)


def whole_box(thing: SeenThing) -> PixelRect:
    """Return a box in whole pixels."""
    x0, y0, x1, y1 = (round(edge) for edge in thing.box)
    return (x0, y0, x1, y1)


def lower_half(thing: SeenThing) -> PixelRect:
    """Return the part of a box that holds the plate."""
    x0, y0, x1, y1 = whole_box(thing)
    return (x0, (y0 + y1) // 2, x1, y1)


STREETS = range(8)
"""Every twelfth of the 96 street pictures."""


@pytest.mark.parametrize("index", STREETS)
def test_no_bystanders_lower_half_is_left_open_on_real_streets(
    shared_data: Path, tmp_path: Path, index: int
) -> None:
    """In the stored JPEG nothing of other vehicles' lower halves (people's boxes) can be seen."""
    path = sorted((shared_data / "images" / "vehicles").glob("*.jpg"))[index * 12]
    bgr = cv2.imread(str(path))
    assert bgr is not None
    original = np.ascontiguousarray(bgr[:, :, ::-1]).astype(np.uint8)
    seen = truth(path.with_suffix(".xml"))
    accused = next((thing for thing in seen if thing.label == "car"), seen[0])
    others = tuple(thing for thing in seen if thing is not accused)
    still = replace(make_still(picture=original, box=accused.box), seen=seen)
    shown = annotated(tmp_path, still, replace(make_request(stills=()), zone=None))

    rects = regions(seen, accused.box, original.shape[1::-1], (1.0, 1.0))
    covered = mask_of(rects, original.shape)
    must_be = mask_of(tuple(lower_half(thing) for thing in others), original.shape)
    assert others
    assert not (must_be & ~covered).any()

    near_lines = edges_of((*rects, whole_box(accused)), original.shape)
    inside = covered & ~near_lines
    assert inside.any()
    assert spread(shown)[inside].max() <= FLAT
    assert np.percentile(spread(original)[inside], 90) > FLAT  # there was something to see

    open_to_see = mask_of((whole_box(accused),), original.shape) & ~covered & ~near_lines
    assert np.abs(shown.astype(int) - original)[open_to_see].mean() < 6


def test_heads_are_covered_even_of_the_accused(tmp_path: Path) -> None:
    """The upper part of every person, with a margin; the rest of the picture is untouched."""
    person = SeenThing("person", (400.0, 100.0, 460.0, 280.0))
    still = make_still(picture=noise(), seen=(person,))
    shown = annotated(tmp_path, still, replace(make_request(stills=()), zone=None))
    rects = regions(still.seen, ACCUSED, (640, 360), (1.0, 1.0))
    head = mask_of(((400, 100, 460, 100 + 180 // 4),), (360, 640))
    covered = mask_of(rects, (360, 640))
    assert not (head & ~covered).any()
    assert not covered[200:].any()
    assert spread(shown)[covered & ~edges_of(rects, (360, 640))].max() <= FLAT
    far = ~covered & ~edges_of((*rects, (200, 150, 330, 240)), (360, 640))
    assert np.abs(shown.astype(int) - still.picture)[far].mean() < 25  # noise is hard on JPEG

    as_accused = regions((person,), person.box, (640, 360), (1.0, 1.0))
    assert not (head & ~mask_of(as_accused, (360, 640))).any()


def test_riders_are_covered_at_both_ends() -> None:
    """A two-wheeler's box holds the rider's head and the plate."""
    rider = SeenThing("two_wheeler", (100.0, 100.0, 160.0, 200.0))
    covered = mask_of(regions((rider,), ACCUSED, (640, 360), (1.0, 1.0)), (360, 640))
    assert covered[100:130, 100:160].all()
    assert covered[150:200, 100:160].all()
    assert not covered[135:145].any()


def test_things_that_are_no_people_and_no_vehicles_stay_open() -> None:
    """Stalls, goods, muck, signs are what cases are about."""
    seen = tuple(SeenThing(label, ACCUSED) for label in ("stall", "goods", "muck", "sign"))
    assert regions(seen, (0.0, 0.0, 1.0, 1.0), (640, 360), (1.0, 1.0)) == ()


def test_the_accused_is_the_vehicle_that_fits_its_box_best() -> None:
    """Its neighbour is covered; a second label on the same thing is not another thing."""
    accused = SeenThing("car", (200.0, 150.0, 330.0, 240.0))
    doubled = SeenThing("truck", (202.0, 150.0, 332.0, 241.0))
    neighbour = SeenThing("car", (300.0, 150.0, 430.0, 240.0))
    rects = regions((neighbour, accused, doubled), ACCUSED, (640, 360), (1.0, 1.0))
    assert len(rects) == 1
    assert rects[0][0] >= 287


def test_nothing_is_spared_where_the_accused_was_not_detected() -> None:
    """A vehicle that is only near the accused box is a bystander."""
    near = SeenThing("car", (290.0, 150.0, 420.0, 240.0))
    assert iou(near.box, ACCUSED) < 0.5
    assert len(regions((near,), ACCUSED, (640, 360), (1.0, 1.0))) == 1


def test_boxes_of_a_smaller_stream_are_scaled() -> None:
    """Detections of the sub-stream cover the right pixels of the full-size picture."""
    small = SeenThing("car", (50.0, 50.0, 100.0, 90.0))
    ((x0, y0, x1, y1),) = regions((small,), (0.0, 0.0, 1.0, 1.0), (1920, 1080), (3.0, 3.0))
    assert (x0, x1) == (135, 315)
    assert (y0, y1) == (204, 282)


@pytest.mark.parametrize(
    "box",
    [
        (-50.0, -50.0, 20.0, 20.0),  # over the corner
        (600.0, 300.0, 700.0, 400.0),  # over the other
        (100.0, 100.0, 100.0, 100.0),  # empty
        (900.0, 900.0, 950.0, 950.0),  # outside
        (-1e9, -1e9, 1e9, 1e9),  # everything
    ],
)
def test_boxes_over_the_edge_are_cut_to_the_picture(box: Box) -> None:
    """Covering never fails: a picture that could not be covered would not be sent."""
    rects = regions((SeenThing("person", box), SeenThing("car", box)), ACCUSED, (640, 360), (1, 1))
    picture = cover(noise(), rects)
    assert picture.shape == (360, 640, 3)


def test_covering_leaves_the_original_alone() -> None:
    """The original is evidence; only the copy is covered."""
    picture = noise()
    before = picture.copy()
    covered = cover(picture, ((10, 10, 50, 50),))
    np.testing.assert_array_equal(picture, before)
    assert len(np.unique(covered[10:50, 10:50].reshape(-1, 3), axis=0)) == 1


def test_zone_and_accused_are_drawn_where_they_are() -> None:
    """On a grey picture: the zone's polygon and the box, in their colours, and nothing else."""
    grey = np.full((360, 640, 3), 128, np.uint8)
    drawn = annotate(grey, ACCUSED, KERB, ())[:360]
    for x, y in ((200, 200), (330, 200), (260, 150), (260, 240)):
        assert tuple(drawn[y, x]) == ACCUSED_COLOUR
    for x, y in ((64, 250), (576, 250), (300, 144), (300, 324)):
        assert tuple(drawn[y, x]) == ZONE_COLOUR
    assert tuple(drawn[20, 20]) == tuple(drawn[200, 260]) == (128, 128, 128)
    without = annotate(grey, ACCUSED, None, ())[:360]
    assert tuple(without[250, 64]) == (128, 128, 128)


def ink(text: str) -> NDArray[np.bool_]:
    """Return the pixels that a caption of one line sets."""
    grey = np.full((360, 640, 3), 128, np.uint8)
    return np.asarray(annotate(grey, ACCUSED, None, (text,))[360:, :, 0] > 128)


def test_chinese_is_drawn_and_not_question_marks() -> None:
    """Every character of the captions has a shape of its own, unlike the replacement's."""
    letters = "机动车乱停放地点时间规则首次发现持续中确认已清除市北区营口路秒分小时至观察满"
    unknown = ink("?")
    shapes = {}
    for letter in letters:
        drawn = ink(letter)
        assert drawn.sum() > unknown.sum() / 2
        shapes[letter] = drawn.tobytes()
    assert len(set(shapes.values())) == len(set(letters))
    assert unknown.tobytes() not in shapes.values()


def test_long_lines_wrap_inside_the_picture() -> None:
    """Chinese breaks anywhere, Latin at blanks; nothing is cut off and nothing runs out."""
    chinese, latin = "市北区营口路" * 20, "word " * 60
    for text in (chinese, latin):
        picture = annotate(np.zeros((90, 160, 3), np.uint8), (0.0, 0.0, 9.0, 9.0), None, (text,))
        band = picture[90:] > 128
        assert band.any()
        assert not band[:, -4:].any()
        assert picture.shape[0] > 90 + 8 * 14
    assert annotate(noise(), ACCUSED, None, ("",)).shape[1] == 640


def test_the_caption_says_where_when_what_and_how_long() -> None:
    """Local time with its offset, place, rule and dwell, case key; in Chinese."""
    request = make_request(stills=())
    lines = caption(request, make_still(), "zh-CN", SHANGHAI)
    text = "\n".join(lines)
    assert lines[0].startswith("机动车乱停放  SW-")
    assert "2026-01-05 12:00:01 UTC+08:00 (确认)" in text
    assert "市北区营口路 (36.098600, 120.371900) [road-01]" in text
    assert "kerb 持续满 30秒" in text
    assert "至 2026-01-05 12:00:30 UTC+08:00 已观察 30秒" in text


def test_the_caption_in_english() -> None:
    """The same facts; a rule without dwell and a place without address leave their parts out."""
    request = replace(
        make_request(stills=()), title="Illegal parking", rule_dwell_s=0.0, zone=None, place=Place()
    )
    still = make_still(Role.ENTRY)
    assert caption(request, still, "en", SHANGHAI)[1:] == (
        "Time: 2026-01-05 12:00:01 UTC+08:00 (first seen)",
        "Place: [road-01]",
    )


def test_foreign_text_in_a_caption_is_harmless() -> None:
    """A place name cannot grow over the picture or smuggle in control characters."""
    place = Place(address="A\u202eB\n" + "路" * 5000)
    lines = caption(replace(make_request(stills=()), place=place), make_still(), "en", SHANGHAI)
    assert max(map(len, lines)) < 250
    assert not any(ord(char) < 32 or char == "\u202e" for line in lines for char in line)
