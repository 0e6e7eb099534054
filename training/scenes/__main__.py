"""Render the pictures of a request, with their truth.

    .venv-scenes/bin/python -m training.scenes REQUEST.json --out DIR [--worker 0/2]

For every picture DIR gets SEED-VIEW.jpg and, written last, SEED-VIEW.json; a picture whose JSON
exists is not rendered again, so a broken run goes on where it stopped. Workers share the seeds.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from training.scenes.drawing import Drawing, set_camera, set_lamps, set_light
from training.scenes.lens import draw_lens, shoot
from training.scenes.rendering import Renderer, save_jpeg
from training.scenes.request import Request, RequestError, count_of, read_request, worker_of
from training.scenes.scene import make_scene, streams_of
from training.scenes.truth import truth_of


def main() -> int:
    """Render; 0 done, 1 the disk is full or the renderer failed, 2 the request is wrong."""
    parser = argparse.ArgumentParser(description="Render street scenes and their truth.")
    parser.add_argument("request", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--worker", type=worker_of, default="0/1", help="this worker and how many: 0/2"
    )
    parser.add_argument("--threads", type=count_of, default=2)
    options = parser.parse_args()
    try:
        request = read_request(options.request)
        options.out.mkdir(parents=True, exist_ok=True)
    except (RequestError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    worker, workers = options.worker
    seeds = [seed for i, seed in enumerate(request.seeds) if i % workers == worker]
    begun, made = time.monotonic(), 0
    for number, seed in enumerate(seeds, 1):
        try:
            made += _render_scene(request, seed, options.out, options.threads)
        except (OSError, RuntimeError) as error:
            # Blender says a full disk with a RuntimeError; what was finished before stays.
            print(f"seed {seed}: {error} (is the disk full?)", file=sys.stderr)
            return 1
        pace = (time.monotonic() - begun) / max(made, 1)
        print(
            f"scene {number}/{len(seeds)} seed {seed}: {made} pictures, {pace:.1f} s each",
            flush=True,
        )
    return 0


def _render_scene(request: Request, seed: int, out: Path, threads: int) -> int:
    """Render the missing views of a seed; return how many were made."""
    names = [f"{seed:06d}-{view}" for view in range(request.views)]
    missing = [i for i, name in enumerate(names) if not (out / f"{name}.json").exists()]
    if not missing:
        return 0
    scene = make_scene(seed, request.views, request.weather, request.mode)
    # Lamps are sampled one at a time: a lit street needs more rays for the same noise.
    samples = request.samples * (2 if scene.light.lamps else 1)
    renderer = Renderer(request.width, request.height, samples, threads)
    drawing = Drawing(scene.light)
    for thing in scene.things:
        drawing.add(thing)
    set_light(scene.light)
    set_lamps(scene.lamps)
    for view in missing:
        camera = scene.cameras[view]
        set_camera(camera)
        rendered = renderer.render(seed * 16 + view)
        numbers = streams_of(seed)(f"lens {view}")
        lens = draw_lens(numbers, scene.light)
        picture = shoot(rendered.picture, rendered.depth, scene.light, lens, numbers)
        save_jpeg(picture, out / f"{names[view]}.jpg", lens.quality)
        record = {
            "seed": seed,
            "view": view,
            "file": f"{names[view]}.jpg",
            "width": request.width,
            "height": request.height,
            "weather": scene.light.weather,
            "mode": scene.mode,
            "lens": asdict(lens),
            "camera": camera.as_dict(),
            "street": asdict(scene.street),
            "things": truth_of(scene.things, rendered.mask, camera),
        }
        partial = out / f"{names[view]}.json.part"
        partial.write_text(json.dumps(record), encoding="utf-8")
        partial.replace(out / f"{names[view]}.json")
    return len(missing)


if __name__ == "__main__":
    sys.exit(main())
