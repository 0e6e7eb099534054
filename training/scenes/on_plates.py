"""Set rendered things on real pictures, with their shadows and their truth.

    .venv-scenes/bin/python -m training.scenes.on_plates --plates DIR --out DIR \
        --first-seed 1 --pictures 400 [--worker 0/2]

--plates is what `training.plates` wrote. Every seed takes one of the plates and gives
OUT/SEED-0.jpg and, written last, SEED-0.json, in the form of `training.scenes`; what the plate
itself shows stands in it as "source": "teacher". A picture whose JSON exists is not made again.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.scenes.compose import foreground_of, lay_over
from training.scenes.drawing import Drawing, add_shadow_catcher, set_camera, set_light
from training.scenes.light import Light
from training.scenes.plate import Plate, read_plate
from training.scenes.plated import set_things
from training.scenes.rendering import Renderer, read_picture, save_jpeg
from training.scenes.request import RequestError, count_of, worker_of
from training.scenes.scene import streams_of
from training.scenes.thing import Thing
from training.scenes.truth import truth_of

VIEWS = Path(__file__).with_name("plates")
SAMPLES = 4
FAR_M = 400.0


def main() -> int:
    """Make the pictures; 0 done, 1 the disk is full or the renderer failed, 2 wrong input."""
    parser = argparse.ArgumentParser(description="Set rendered things on real pictures.")
    parser.add_argument("--plates", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--views", type=Path, default=VIEWS, help="JSON of each camera's view")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--pictures", type=count_of, required=True)
    parser.add_argument(
        "--worker", type=worker_of, default="0/1", help="this worker and how many: 0/2"
    )
    parser.add_argument("--threads", type=count_of, default=1)
    options = parser.parse_args()
    worker, workers = options.worker
    try:
        plates = [read_plate(path, options.views) for path in sorted(options.plates.glob("*.json"))]
        options.out.mkdir(parents=True, exist_ok=True)
    except (RequestError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if not plates:
        print(f"{options.plates}: no plates (training.plates makes them)", file=sys.stderr)
        return 2
    seeds = range(options.first_seed, options.first_seed + options.pictures)[worker::workers]
    begun, made = time.monotonic(), 0
    for number, seed in enumerate(seeds, 1):
        try:
            made += _make(plates, seed, options.out, options.threads)
        except (OSError, RuntimeError) as error:
            print(f"seed {seed}: {error} (is the disk full?)", file=sys.stderr)
            return 1
        pace = (time.monotonic() - begun) / max(made, 1)
        print(f"picture {number}/{len(seeds)} seed {seed}: {made} made, {pace:.1f} s each")
        sys.stdout.flush()
    return 0


def draw_plate(plates: list[Plate], rng: np.random.Generator) -> Plate:
    """Draw a plate: every camera as often as another, however many frames it gave."""
    videos = sorted({plate.view.video for plate in plates})
    video = videos[int(rng.integers(len(videos)))]
    frames = [plate for plate in plates if plate.view.video == video]
    return frames[int(rng.integers(len(frames)))]


def vary(light: Light, rng: np.random.Generator) -> Light:
    """Draw a light about the plate's own, which was only judged by eye."""
    return replace(
        light,
        sun_bearing=light.sun_bearing + float(rng.normal(0, 0.15)),
        sun_strength=light.sun_strength * float(rng.uniform(0.7, 1.3)),
        sky_strength=light.sky_strength * float(rng.uniform(0.85, 1.15)),
        exposure=light.exposure + float(rng.normal(0, 0.25)),
    )


def _make(plates: list[Plate], seed: int, out: Path, threads: int) -> int:
    """Make the picture of a seed unless it is there; return how many were made."""
    name = f"{seed:06d}-0"
    if (out / f"{name}.json").exists():
        return 0
    streams = streams_of(seed)
    plate = draw_plate(plates, streams("plate"))
    mode, things = set_things(streams("set things"), plate)
    light = vary(plate.view.light, streams("light"))
    renderer = Renderer(plate.width, plate.height, SAMPLES, threads, clear=True)
    drawing = Drawing(light)
    for thing in things:
        drawing.add(thing)
    add_shadow_catcher(FAR_M)
    set_light(light)
    set_camera(plate.view.camera)
    rendered = renderer.render(seed)
    real = read_picture(plate.picture)
    numbers = streams("lens")
    picture = lay_over(plate, real, rendered.picture, rendered.alpha, numbers)
    save_jpeg(picture, out / f"{name}.jpg", int(numbers.integers(60, 93)))
    mask = np.where(foreground_of(plate), 0, rendered.mask)
    record = {
        "seed": seed,
        "view": 0,
        "file": f"{name}.jpg",
        "origin": "plates",
        "plate": plate.picture.name,
        "width": plate.width,
        "height": plate.height,
        "weather": light.weather,
        "mode": mode,
        "camera": plate.view.camera.as_dict(),
        "things": [*truth_of(things, mask, plate.view.camera), *_seen(plate, things, mask)],
    }
    partial = out / f"{name}.json.part"
    partial.write_text(json.dumps(record), encoding="utf-8")
    partial.replace(out / f"{name}.json")
    return 1


def _seen(
    plate: Plate, things: tuple[Thing, ...], mask: NDArray[np.int32]
) -> list[dict[str, object]]:
    """List the plate's own things as far as the set ones leave them in sight."""
    rows: list[dict[str, object]] = []
    drawn = (mask > 0) & (mask <= len(things))
    foreground = foreground_of(plate)
    for seen in plate.seen:
        x0, y0, x1, y1 = seen.xyxy
        place = slice(int(y0), int(np.ceil(y1))), slice(int(x0), int(np.ceil(x1)))
        part = drawn[place]
        # What a teacher sees in a post or a tree before the street is a mistake.
        if seen.label is None or not part.size or foreground[place].mean() > 0.5:
            continue
        rows.append(
            {
                "label": seen.label,
                "xyxy": [x0, y0, x1, y1],
                "visible_px": int((~part).sum()),
                "visible": round(float((~part).mean()), 3),
                "source": "teacher",
            }
        )
    return rows


if __name__ == "__main__":
    sys.exit(main())
