"""Single pictures of stories, to learn from: what a rule must see, at the size at which it sees it.

    .venv-scenes/bin/python -m training.scenes.stills STORY.json ... --out DIR --first-seed 600000
        --rounds 10 [--worker 0/2]

Every round plays every story with a seed of its own and takes VIEWS pictures at drawn moments: the
camera stands up to SPREAD times as far from the story's as a clip's does, the weather is the
story's or any, and each picture has a lens of its own. DIR gets what training.scenes writes there:
SEED-VIEW.jpg and, written last, SEED-VIEW.json; what exists is not rendered again.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from training.scenes.lens import draw_lens, shoot
from training.scenes.light import WEATHERS
from training.scenes.moments import draw_moments
from training.scenes.rendering import Renderer, save_jpeg
from training.scenes.request import count_of, worker_of
from training.scenes.scene import streams_of
from training.scenes.sequence import HEIGHT, WIDTH
from training.scenes.stage import Stage, set_stage
from training.scenes.staged import Staged
from training.scenes.story import Story, StoryError, read_story
from training.scenes.truth import truth_of

VIEWS = 2
SPREAD = 4.0
SAMPLES = 2
OWN_WEATHER = 0.6
"""Chance of the story's own weather; else any."""


def main() -> int:
    """Render; 0 done, 1 the disk is full or the renderer failed, 2 the input is wrong."""
    parser = argparse.ArgumentParser(description="Render single pictures of stories.")
    parser.add_argument("stories", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first-seed", type=int, required=True)
    parser.add_argument("--rounds", type=count_of, default=1)
    parser.add_argument("--worker", type=worker_of, default="0/1", help="0/2: first of two")
    parser.add_argument("--threads", type=count_of, default=2)
    options = parser.parse_args()
    try:
        stories = [read_story(path) for path in options.stories]
        options.out.mkdir(parents=True, exist_ok=True)
    except (StoryError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    worker, workers = options.worker
    seeds = [
        seed
        for seed in range(options.first_seed, options.first_seed + options.rounds * len(stories))
        if seed % workers == worker
    ]
    begun = time.monotonic()
    for number, seed in enumerate(seeds, 1):
        story = stories[(seed - options.first_seed) % len(stories)]
        try:
            shoot_story(story, seed, options.out, options.threads)
        except (OSError, RuntimeError) as error:
            # Blender says a full disk with a RuntimeError; what was finished before stays.
            print(f"seed {seed}: {error} (is the disk full?)", file=sys.stderr)
            return 1
        pace = (time.monotonic() - begun) / number
        print(
            f"story {number}/{len(seeds)} seed {seed} {story.name}: {pace:.1f} s each", flush=True
        )
    return 0


def shoot_story(story: Story, seed: int, out: Path, threads: int) -> None:
    """Render the missing pictures of a story and seed."""
    names = [f"{seed:06d}-{view}" for view in range(VIEWS)]
    missing = [view for view, name in enumerate(names) if not (out / f"{name}.json").exists()]
    if not missing:
        return
    sky = streams_of(seed)("weather of a still")
    weather = None if sky.uniform() < OWN_WEATHER else str(sky.choice(WEATHERS))
    stage = set_stage(story, seed, weather, spread=SPREAD)
    samples = SAMPLES * (2 if stage.light.lamps else 1)
    renderer, staged = Renderer(WIDTH, HEIGHT, samples, threads), Staged(stage)
    moments = draw_moments(story, seed, VIEWS)
    for view in missing:
        actors = staged.show(stage.at(moments[view]))
        rendered = renderer.render(seed * 16 + view)
        numbers = streams_of(seed)(f"lens {view}")
        lens = draw_lens(numbers, stage.light)
        picture = shoot(rendered.picture, rendered.depth, stage.light, lens, numbers)
        save_jpeg(picture, out / f"{names[view]}.jpg", lens.quality)
        record = {
            **_record(stage, moments[view]),
            "view": view,
            "file": f"{names[view]}.jpg",
            "lens": asdict(lens),
            "things": truth_of((*stage.still, *actors), rendered.mask, stage.camera),
        }
        partial = out / f"{names[view]}.json.part"
        partial.write_text(json.dumps(record), encoding="utf-8")
        partial.replace(out / f"{names[view]}.json")


def _record(stage: Stage, at_s: float) -> dict[str, object]:
    return {
        "seed": stage.seed,
        "width": WIDTH,
        "height": HEIGHT,
        "weather": stage.light.weather,
        "mode": "story",
        "story": stage.story.name,
        "at_s": at_s,
        "camera": stage.camera.as_dict(),
    }


if __name__ == "__main__":
    sys.exit(main())
