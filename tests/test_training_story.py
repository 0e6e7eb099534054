"""Stories: what stands where when, what changes in the picture, and truths that hold together."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from models import STREET_CLASSES
from tests.conftest import REPOSITORY
from tests.small_disk import small_disk
from training.annotations import read_scene
from training.assemble import Sources, assemble
from training.scenes.cast import CAST
from training.scenes.film import FilmError, encode
from training.scenes.moments import draw_moments
from training.scenes.stage import set_stage
from training.scenes.stalls import BARE, make_stall
from training.scenes.story import Story, StoryError, parse_story, read_story

SCENES = REPOSITORY / "training" / "scenes"
STORIES = sorted((SCENES / "stories").glob("*.json"))
LESSONS = sorted((SCENES / "lessons").glob("*.json"))
KINDS = {
    "illegal_parking",
    "street_stall",
    "beyond_storefront",
    "muck_spill",
    "muck_pile",
    "uncovered_muck_truck",
    "bike_disorder",
    "damaged_sign",
    "illegal_banner",
    "exposed_garbage",
    "crowd_density",
    "floating_debris",
}


def told(**changes: Any) -> dict[str, Any]:
    """Return the JSON of a small good story with some keys changed."""
    story: dict[str, Any] = {
        "name": "bag",
        "kind": "exposed_garbage",
        "about": "A bag is put down.",
        "length_s": 6,
        "dwell_s": 2,
        "camera": [0, -4, 5.6, 42, 17, 62],
        "actors": [{"name": "bag", "thing": "garbage", "way": [[0, 12, 8, 0]], "from_s": 2}],
        "zones": [{"name": "place", "kind": "any", "corners": [[8, 7, 0], [16, 7, 0], [16, 9, 0]]}],
        "wrong": [
            {
                "kind": "exposed_garbage",
                "zone": "place",
                "from_s": 2,
                "to_s": None,
                "actors": ["bag"],
            }
        ],
    }
    return story | changes


def test_there_are_violations_and_innocent_stories_of_every_kind() -> None:
    """Each of the twelve kinds has two of both, 20 to 52 looks long, with zones and a name."""
    stories = [read_story(path) for path in STORIES]
    assert [story.name for story in stories] == [path.stem for path in STORIES]
    for kind in KINDS:
        about = [bool(story.wrong) for story in stories if story.kind == kind]
        assert about.count(True) >= 2
        assert about.count(False) >= 2
    for story in stories:
        assert {wrong.kind for wrong in story.wrong} <= {story.kind}
        assert 20 <= len(story.moments) <= 52
        assert story.zones


def test_lessons_are_stories_of_violations_that_no_clip_tells() -> None:
    """Stills alone are made of them, so their names are nobody else's."""
    lessons = [read_story(path) for path in LESSONS]
    assert [lesson.name for lesson in lessons] == [path.stem for path in LESSONS]
    assert len(lessons) >= 3
    assert not {lesson.name for lesson in lessons} & {path.stem for path in STORIES}
    assert all(lesson.wrong for lesson in lessons)


@pytest.mark.parametrize("kind", ["table", "tricycle", "sheet"])
def test_a_bare_stall_never_has_a_parasol(kind: str) -> None:
    """Any of 30 seeds stays under a man's height; without the word some stand higher."""
    heights = {
        bare: [
            float(make_stall(np.random.default_rng(seed), bare + kind).vertices[:, 2].max())
            for seed in range(30)
        ]
        for bare in ("", BARE)
    }
    assert max(heights[BARE]) < 1.7
    assert max(heights[""]) > 2.0


@pytest.mark.parametrize("path", STORIES + LESSONS, ids=lambda path: path.stem)
def test_what_is_wrong_is_on_stage_and_in_sight(path: Path) -> None:
    """From its second on, somebody of every violation stands inside the picture."""
    stage = set_stage(read_story(path), 7)
    names = [actor.name for actor in stage.story.actors]
    for wrong in stage.story.wrong:
        end = stage.story.length_s if wrong.to_s is None else wrong.to_s
        assert wrong.from_s + stage.story.dwell_s <= end
        seen = 0
        for at_s in stage.story.moments:
            if not wrong.from_s <= at_s < end:
                continue
            standing = dict(zip(names, stage.at(at_s), strict=True))
            places = [standing[name] for name in wrong.actors]
            points = np.array([(t.x, t.y, t.z) for t in places if t is not None])
            pixels = stage.camera.project(points, 512, 288)
            inside = (pixels[:, 2] > 1) & (pixels[:, 0] > 0) & (pixels[:, 0] < 512)
            seen += bool((inside & (pixels[:, 1] > 0) & (pixels[:, 1] < 288)).any())
        moments = [at_s for at_s in stage.story.moments if wrong.from_s <= at_s < end]
        assert seen >= 0.6 * len(moments)


def test_every_thing_that_can_be_cast_is_made() -> None:
    """Each name of the cast gives a shape, and a class of the model's list or none."""
    for name, make in CAST.items():
        _, label, shape = make(np.random.default_rng(3), "", (3.5, 1.0))
        assert label is None or label in STREET_CLASSES, name
        assert len(shape.faces) == len(shape.paints) > 0


def test_an_actor_walks_straight_and_leaves() -> None:
    """Between two corners of its way an actor moves evenly; outside its time it is nowhere."""
    way = [[2, 0, 0, 90], [6, 4, 8, 90], [8, 4, 8, 0]]
    actor = {"name": "a", "thing": "walker", "way": way, "from_s": 2, "to_s": 10}
    story = parse_story(told(actors=[actor], wrong=[]))
    stands = story.actors[0].stands
    assert stands(1.9) is None
    assert stands(3) == (1.0, 2.0, 90)
    assert stands(9) == (4, 8, 0)
    assert stands(10) is None


def test_only_what_changed_is_rendered() -> None:
    """Nothing changes before the bag comes; then a part about the bag does, and nothing after."""
    stage = set_stage(parse_story(told()), 5, "cloud")
    before, comes, stays = stage.at(0.0), stage.at(2.0), stage.at(4.0)
    assert stage.changed(before, before, 512, 288) is None
    assert stage.changed(comes, stays, 512, 288) is None
    region = stage.changed(before, comes, 512, 288)
    assert region is not None
    bag = next(thing for thing in comes if thing is not None)
    pixels = stage.camera.project(bag.in_world().vertices, 512, 288)
    x0, y0, x1, y1 = region
    assert x0 < pixels[:, 0].min()
    assert y0 < pixels[:, 1].min()
    assert x1 > pixels[:, 0].max()
    assert y1 > pixels[:, 1].max()
    assert (x1 - x0) * (y1 - y0) < 512 * 288 / 4


def test_a_sign_keeps_its_colours_when_it_breaks() -> None:
    """Twins share their random numbers: the torn sign has a colour of the whole one."""
    path = next(path for path in STORIES if path.stem == "damaged_sign-torn")
    stage = set_stage(read_story(path), 9)
    whole, torn = stage.actors[0].shape, stage.actors[1].shape
    assert {p.colour for p in whole.paints} & {p.colour for p in torn.paints}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cammera": []}, "cammera"),
        ({"camera": [1, 2]}, "yaw"),
        ({"weathers": ["snow"]}, "snow"),
        ({"length_s": 2}, "no two steps"),
        ({"actors": [{"name": "a", "thing": "dragon", "way": [[0, 1, 1, 0]]}]}, "dragon"),
        ({"actors": [{"name": "a", "thing": "car", "way": [[0, 1, 1]]}]}, "rows of 4"),
        ({"actors": [{"name": "a", "thing": "car", "way": [[2, 1, 1, 0], [1, 1, 1, 0]]}]}, "rise"),
        ({"actors": [{"name": "a", "thing": "car"}]}, "way"),
        ({"zones": []}, "place"),
        ({"drops": [[1, 4]]}, "multiples of 2 s"),
        ({"shakes": [[2, 8]]}, "inside the story"),
    ],
)
def test_a_story_that_cannot_be_played_is_refused(changes: dict[str, Any], message: str) -> None:
    """The message names what is wrong."""
    with pytest.raises(StoryError, match=message):
        parse_story(told(**changes))


def test_a_story_that_is_no_json_names_its_file(tmp_path: Path) -> None:
    """A broken file is named."""
    path = tmp_path / "story.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(StoryError, match=r"story\.json"):
        read_story(path)


def test_a_video_that_is_cut_short_is_not_taken_for_one(tmp_path: Path) -> None:
    """On a full disk ffmpeg ends with 0; it is an error all the same, as a missing folder is."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg")
    rng, moments = np.random.default_rng(0), (0.0, 2.0, 4.0)
    pictures = [rng.integers(0, 255, (96, 160, 3)).astype(np.uint8) for _ in moments]
    with pytest.raises(FilmError, match=r"gone/a\.mp4: ffmpeg failed: .*No such file"):
        encode(pictures, moments, 2.0, tmp_path / "gone" / "a.mp4")
    encode(pictures, moments, 2.0, tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").stat().st_size > 16384
    with (
        small_disk(tmp_path / "small", "16k") as disk,
        pytest.raises(FilmError, match="No space left"),
    ):
        encode(pictures, moments, 2.0, disk / "a.mp4")


def test_a_story_becomes_a_video_with_its_truth(tmp_path: Path) -> None:
    """Played for real: a key frame a look, and the bag's box from the second when it comes."""
    python = REPOSITORY / ".venv-scenes" / "bin" / "python"
    if not python.exists() or shutil.which("ffmpeg") is None:
        pytest.skip("no .venv-scenes (training/scenes/requirements.txt) or no ffmpeg")
    path = tmp_path / "bag.json"
    path.write_text(json.dumps(told(weathers=["cloud"])), encoding="utf-8")
    command = [str(python), "-m", "training.scenes.sequence", str(path), "--out", str(tmp_path)]
    subprocess.run(
        [*command, "--seed", "5", "--threads", "1"],
        cwd=REPOSITORY,
        check=True,
        timeout=170,
        capture_output=True,
    )
    truth = json.loads((tmp_path / "bag-5.json").read_text(encoding="utf-8"))
    assert [look["at_s"] for look in truth["looks"]] == [0, 2, 4]
    bags = [[row for row in look["boxes"] if row["who"] == "bag"] for look in truth["looks"]]
    assert [len(found) for found in bags] == [0, 1, 1]
    story: Story = replace(parse_story(told()), weathers=("cloud",))
    stage = set_stage(story, 5)
    bag = next(thing for thing in stage.at(2.0) if thing is not None)
    pixels = stage.camera.project(bag.in_world().vertices, 512, 288)[:, :2]
    expected = (*pixels.min(0), *pixels.max(0))
    assert np.abs(np.array(bags[1][0]["xyxy"]) - expected).max() < 2.5
    with av.open(str(tmp_path / "bag-5.mp4")) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    times = [float(p.pts * p.time_base) for p in packets if p.is_keyframe and p.pts is not None]
    assert times == [0, 2, 4]


def test_a_story_becomes_pictures_to_learn_from(tmp_path: Path) -> None:
    """Two moments of it, read and assembled as rendered scenes are; a second run makes nothing."""
    python = REPOSITORY / ".venv-scenes" / "bin" / "python"
    if not python.exists():
        pytest.skip("no .venv-scenes (training/scenes/requirements.txt)")
    path, out = tmp_path / "bag.json", tmp_path / "stills"
    path.write_text(json.dumps(told(weathers=["cloud"])), encoding="utf-8")
    command = [str(python), "-m", "training.scenes.stills", str(path), "--out", str(out)]
    command += ["--first-seed", "8", "--threads", "1"]
    made = []
    for _ in range(2):
        subprocess.run(command, cwd=REPOSITORY, check=True, timeout=170, capture_output=True)
        made.append({file.name: file.stat().st_mtime_ns for file in out.iterdir()})
    assert set(made[0]) == {"000008-0.jpg", "000008-0.json", "000008-1.jpg", "000008-1.json"}
    assert made[1] == made[0]
    for name in ("000008-0.json", "000008-1.json"):
        at_s = json.loads((out / name).read_text(encoding="utf-8"))["at_s"]
        labels = [box.label for box in read_scene(out / name).boxes]
        assert ("garbage" in labels) is (at_s >= 2.0)
    counts = assemble(Sources((out,)), None, tmp_path / "dataset")
    assert counts["train"]["pictures"] == {"stories": 2}  # type: ignore[index]  # JSON


def test_the_cameras_of_pictures_to_learn_from_stand_farther_apart() -> None:
    """A spread widens what a seed draws about the story's camera, and draws nothing else anew."""
    story = parse_story(told())
    near, far = (set_stage(story, 3, spread=spread) for spread in (1.0, 4.0))
    x, y, z, yaw, *_ = story.camera
    assert (far.camera.x, far.camera.y) == (x, y)
    assert far.camera.z - z == pytest.approx(4.0 * (near.camera.z - z))
    assert far.camera.yaw - np.radians(yaw) == pytest.approx(
        4.0 * (near.camera.yaw - np.radians(yaw))
    )
    assert far.light == near.light


def test_moments_of_a_violation_are_drawn_more_often() -> None:
    """One bag all the time, wrong for the last quarter: half of what is drawn shows it wrong."""
    bag = {"name": "bag", "thing": "garbage", "way": [[0, 12, 8, 0]]}
    wrong = {"kind": "exposed_garbage", "zone": "place", "from_s": 6, "actors": ["bag"]}
    story = parse_story(told(length_s=8, actors=[bag], wrong=[wrong | {"to_s": None}]))
    drawn = [draw_moments(story, seed, 1)[0] for seed in range(400)]
    assert set(drawn) == set(story.moments)
    assert drawn.count(6.0) == pytest.approx(200, abs=40)
    assert draw_moments(story, 7, 3) == sorted(draw_moments(story, 7, 3))
