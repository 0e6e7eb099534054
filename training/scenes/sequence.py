"""Play stories before a camera: a small video and the truth of every picture.

    .venv-scenes/bin/python -m training.scenes.sequence STORY.json ... --out DIR [--seed 300001]

For every story DIR gets NAME-SEED.mp4 and, written last, NAME-SEED.json (the weather behind the
seed when it was asked for); what exists is not made again. Only what changed since the picture
before is rendered. H.264 by the system's ffmpeg at FPS, a key frame every KEY_S of media time, no
B-frames; between two rendered pictures the last one is shown, and none while the stream drops.
A camera that shakes moves every picture by up to SHAKE_PX; the boxes move with it.
"""

import argparse
import hashlib
import json
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.film import FPS, encode
from training.scenes.lens import Lens, draw_lens, shoot
from training.scenes.light import WEATHERS
from training.scenes.rendering import Rendered, Renderer
from training.scenes.request import count_of
from training.scenes.scene import streams_of
from training.scenes.stage import Stage, set_stage
from training.scenes.staged import Staged
from training.scenes.story import StoryError, read_story
from training.scenes.truth import truth_of

WIDTH, HEIGHT, SAMPLES = 512, 288, 4
SHAKE_PX = 4
"""As a pole in the wind: about half a degree."""
FIRST_SEED = 300_001
"""Far from the seeds of training and evaluation pictures."""


def main() -> int:
    """Play every story; 0 done, 1 the disk is full or a tool failed, 2 the input is wrong."""
    parser = argparse.ArgumentParser(description="Render stories into videos with their truth.")
    parser.add_argument("stories", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--threads", type=count_of, default=2)
    parser.add_argument("--weather", choices=WEATHERS, help="in place of the story's own")
    options = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        print("ffmpeg is missing, which writes the videos: apt-get install ffmpeg", file=sys.stderr)
        return 2
    try:
        stories = [read_story(path) for path in options.stories]
        options.out.mkdir(parents=True, exist_ok=True)
    except (StoryError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    for number, story in enumerate(stories, 1):
        weather = f"-{options.weather}" if options.weather else ""
        target = options.out / f"{story.name}-{options.seed}{weather}"
        begun = time.monotonic()
        try:
            if not target.with_suffix(".json").exists():
                play(set_stage(story, options.seed, options.weather), target, options.threads)
        except (OSError, RuntimeError) as error:
            # Of Blender or ffmpeg; what was finished before stays.
            print(f"{target.name}: {error} (is the disk full?)", file=sys.stderr)
            return 1
        print(
            f"story {number}/{len(stories)} {target.name}: {time.monotonic() - begun:.0f} s",
            flush=True,
        )
    return 0


def play(stage: Stage, target: Path, threads: int = 2) -> None:
    """Render a story and write its video, then its truth."""
    lens = _lens(stage)
    looks, pictures = [], []
    numbers, wind = (streams_of(stage.seed)(subject) for subject in ("sensor", "wind"))
    for at_s, rendered, things in _pictures(stage, threads):
        picture = shoot(rendered.picture, rendered.depth, stage.light, lens, numbers)
        shown = tuple(thing for thing, _ in things)
        rows = truth_of(shown, rendered.mask, stage.camera)
        for row in rows:
            row["who"] = things[row.pop("thing")][1]
        if stage.story.is_shaken(at_s):
            picture, rows = shaken(picture, rows, wind)
        pictures.append(picture)
        looks.append({"at_s": at_s, "boxes": rows})
    video = target.with_suffix(".mp4")
    encode(pictures, stage.story.moments, stage.story.step_s, video)
    truth = truth_of_story(stage, looks, video)
    partial = target.with_suffix(".json.part")
    partial.write_text(json.dumps(truth), encoding="utf-8")
    partial.replace(target.with_suffix(".json"))


def _lens(stage: Stage) -> Lens:
    """Draw a camera's faults, without a caption: its clock would have to run."""
    lens = draw_lens(streams_of(stage.seed)("lens"), stage.light)
    return Lens(lens.gain, lens.gamma, lens.grey, lens.lift, 0.0, lens.noise / 3, 90, "", 1)


def _pictures(stage: Stage, threads: int) -> Any:
    """Yield at_s, the rendered picture and (thing, actor's name or "") of every moment."""
    samples = SAMPLES * (2 if stage.light.lamps else 1)
    renderer, staged = Renderer(WIDTH, HEIGHT, samples, threads), Staged(stage)
    names = [actor.name for actor in stage.story.actors]
    before = stage.at(stage.story.moments[0])
    kept: Rendered | None = None
    for number, at_s in enumerate(stage.story.moments):
        now = stage.at(at_s)
        region = stage.changed(before, now, WIDTH, HEIGHT)
        actors = staged.show(now)
        if kept is None:
            kept = renderer.render(stage.seed)
        elif region is not None:
            kept = _patched(kept, renderer.render(stage.seed + number, region), region)
        before = now
        standing = zip(actors, names, strict=True)
        yield at_s, kept, [*((thing, "") for thing in stage.still), *standing]


def _patched(old: Rendered, new: Rendered, region: tuple[int, int, int, int]) -> Rendered:
    x0, y0, x1, y1 = region
    part = (slice(y0, y1), slice(x0, x1))
    picture, mask, depth = old.picture.copy(), old.mask.copy(), old.depth.copy()
    picture[part], mask[part], depth[part] = new.picture[part], new.mask[part], new.depth[part]
    return Rendered(picture, mask, depth, old.alpha)


def shaken(
    picture: NDArray[np.uint8], rows: list[dict[str, Any]], wind: np.random.Generator
) -> tuple[NDArray[np.uint8], list[dict[str, Any]]]:
    """Move a picture (H, W, 3) and its boxes a little; what comes in repeats the edge."""
    right, down = (int(n) for n in wind.integers(-SHAKE_PX, SHAKE_PX + 1, 2))
    height, width = picture.shape[:2]
    wide = np.pad(picture, ((SHAKE_PX,) * 2, (SHAKE_PX,) * 2, (0, 0)), mode="edge")
    top, left = SHAKE_PX - down, SHAKE_PX - right
    moved = []
    for row in rows:
        x0, y0, x1, y1 = row["xyxy"]
        xs = [min(max(x + right, 0), width) for x in (x0, x1)]
        ys = [min(max(y + down, 0), height) for y in (y0, y1)]
        if xs[0] < xs[1] and ys[0] < ys[1]:
            moved.append(row | {"xyxy": [xs[0], ys[0], xs[1], ys[1]]})
    return wide[top : top + height, left : left + width], moved


def truth_of_story(stage: Stage, looks: list[dict[str, Any]], video: Path) -> dict[str, Any]:
    """Put together what a video shows: zones, violations, boxes of every rendered picture."""
    story = stage.story
    zones = []
    for zone in story.zones:
        pixels = stage.camera.project(np.array(zone.corners), WIDTH, HEIGHT)
        shares = np.clip(pixels[:, :2] / (WIDTH, HEIGHT), 0.0, 1.0).round(4).tolist()
        zones.append({"name": zone.name, "kind": zone.kind, "polygon": shares})
    return {
        "file": video.name,
        "sha256": hashlib.sha256(video.read_bytes()).hexdigest(),
        "story": story.name,
        "kind": story.kind,
        "about": story.about,
        "scene_seed": stage.seed,
        "weather": stage.light.weather,
        "fps": FPS,
        "width": WIDTH,
        "height": HEIGHT,
        "length_s": story.length_s,
        "step_s": story.step_s,
        "dwell_s": story.dwell_s,
        "shakes": story.shakes,
        "drops": story.drops,
        "notes": story.notes,
        "camera": stage.camera.as_dict(),
        "zones": zones,
        "violations": [asdict(wrong) for wrong in story.wrong],
        "looks": looks,
    }


if __name__ == "__main__":
    sys.exit(main())
