"""The demo clip's pictures: one car drives in and parks where it must not, others only pass.

    .venv-scenes/bin/python -m training.scenes.clip --out DIR [--worker 0/2]

Only moments in which something moves are rendered, at FPS; while all stand still one picture is
kept (`training.clip` lays fresh sensor noise over it). DIR gets TICK.jpg with TICK.json (written
last; what exists is not rendered again) and plan.json: which picture every tick of the clip shows.
"""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from training.scenes.cameras import Camera
from training.scenes.cars import make_car
from training.scenes.light import Light, draw_light
from training.scenes.people import make_person
from training.scenes.request import count_of, worker_of
from training.scenes.scene import streams_of
from training.scenes.stalls import make_stall
from training.scenes.street import KERB_M, Street, furnish
from training.scenes.thing import Thing
from training.scenes.truth import truth_of

SEED = 880_001
"""Far from every training seed."""
FPS = 5
LENGTH_S = 48.0
WIDTH, HEIGHT, SAMPLES = 640, 360, 4
JPEG_QUALITY = 92
STREET = Street(lanes=1, lane_m=3.5, kerb_lane_m=2.9, pavement_m=5.0)
CAMERA = Camera(
    x=0.0,
    y=-7.3,
    z=6.2,
    yaw=float(np.radians(36)),
    pitch=float(np.radians(15)),
    view=float(np.radians(62)),
)
FIRST_PASSES_S, PARKS_S = (0.6, 5.0), (3.0, 8.4)
WALKS_S, SECOND_PASSES_S = (20.0, 25.6), (20.6, 25.4)
"""When each of them moves, [start, stop)."""
WALK_M = (
    (18.0, STREET.shop_line + 0.5),
    (15.5, STREET.kerb_y + 2.6),
    (12.5, STREET.kerb_y + 2.6),
    (10.0, STREET.shop_line + 0.5),
)
"""Out of one shop and into the next: x and y of the corners of the way."""
STANDS_X, STANDS_Y = 14.0, STREET.parking_y(1.0)
ZONE_M = (5.0, 26.0, STREET.kerb_y - 3.5, STREET.kerb_y + 0.1)
"""The no-parking strip on the ground: x from, x to, y from, y to."""


def ease(share: float) -> float:
    """Brake evenly: the way done after a share of the time, from full speed to standing."""
    share = min(max(share, 0.0), 1.0)
    return 1.0 - (1.0 - share) ** 2


def moment_of(tick: int) -> int:
    """Return the tick whose picture is shown at a tick: itself when something moves."""
    return max(t for t in range(tick + 1) if t == 0 or moves(t) or moves(t - 1))


def moves(tick: int) -> bool:
    """Say whether anything moves between this tick and the next."""
    at_s = tick / FPS
    spans = (FIRST_PASSES_S, PARKS_S, WALKS_S, SECOND_PASSES_S)
    return any(start <= at_s < stop for start, stop in spans)


def still_things() -> list[Thing]:
    """Make the street, and a stall that may stand there."""
    streams = streams_of(SEED)
    things = [
        thing
        for thing in furnish(streams("furniture"), STREET)
        if not (thing.name in {"tree", "lamp"} and (thing.y < 0 or thing.x < 22))
    ]
    trade = streams("trade")
    y = STREET.kerb_y + 3.0
    things.append(Thing("stall", "stall", make_stall(trade, "table"), 21.0, y, KERB_M))
    things.append(
        Thing("person", "person", make_person(trade, 0.0), 21.3, y + 0.9, KERB_M, -np.pi / 2)
    )
    return things


def moving_things(tick: int) -> list[Thing]:
    """Make those who move, where they are at a tick; below the ground when not there."""
    at_s, numbers = tick / FPS, streams_of(SEED)
    first = Thing(
        "car", "car", make_car(numbers("first"), "suv", (0.34, 0.35, 0.36)), heading=np.pi
    )
    parked = Thing(
        "car", "car", make_car(numbers("parked"), "sedan", (0.36, 0.02, 0.02)), heading=np.pi
    )
    second = Thing("car", "car", make_car(numbers("second"), "hatchback", (0.70, 0.70, 0.69)))
    walker = Thing("person", "person", make_person(numbers("walker"), 0.8), z=KERB_M)
    lane = STREET.lane_y(0, 1.0)
    share = (at_s - PARKS_S[0]) / (PARKS_S[1] - PARKS_S[0])
    way = ease(share)
    shift = 0.5 - 0.5 * np.cos(np.pi * np.clip((way - 0.45) / 0.55, 0, 1))
    turn = 0.16 * np.sin(np.pi * np.clip((way - 0.45) / 0.55, 0, 1))
    stands = parked.at(
        62.0 + way * (STANDS_X - 62.0), lane + shift * (STANDS_Y - lane), np.pi - turn
    )
    return [
        _during(first.at(58.0 - (at_s - FIRST_PASSES_S[0]) * 15.0, lane), at_s, FIRST_PASSES_S),
        _during(stands, at_s, (PARKS_S[0], LENGTH_S)),
        _during(second.at(-4.0 + (at_s - SECOND_PASSES_S[0]) * 14.0, -lane), at_s, SECOND_PASSES_S),
        _during(_walk(walker, (at_s - WALKS_S[0]) / (WALKS_S[1] - WALKS_S[0])), at_s, WALKS_S),
    ]


def _walk(walker: Thing, share: float) -> Thing:
    """Put the walker where he is after a share of his way, facing along it."""
    corners = np.array(WALK_M)
    legs = np.diff(corners, axis=0)
    ends = np.cumsum(np.hypot(legs[:, 0], legs[:, 1]))
    done = float(np.clip(share, 0.0, 0.999)) * ends[-1]
    leg = int(np.searchsorted(ends, done, side="right"))
    start = ends[leg - 1] if leg else 0.0
    x, y = corners[leg] + legs[leg] * (done - start) / (ends[leg] - start)
    return walker.at(float(x), float(y), float(np.arctan2(legs[leg][1], legs[leg][0])))


def _during(thing: Thing, at_s: float, span: tuple[float, float]) -> Thing:
    if span[0] <= at_s < span[1]:
        return thing
    return Thing(thing.name, thing.label, thing.shape, thing.x, thing.y, -50.0, thing.heading)


def zone() -> list[list[float]]:
    """Return the no-parking zone as a polygon in fractions of the picture."""
    x0, x1, y0, y1 = ZONE_M
    ground = np.array([(x0, y0, 0.0), (x1, y0, 0.0), (x1, y1, 0.0), (x0, y1, 0.0)])
    pixels = CAMERA.project(ground, WIDTH, HEIGHT)
    fractions = np.clip(pixels[:, :2] / (WIDTH, HEIGHT), 0.0, 1.0)
    return [[round(float(x), 4), round(float(y), 4)] for x, y in fractions]


def light() -> Light:
    """Return a high sun behind the camera, so that no house shades the parking strip."""
    return replace(
        draw_light(streams_of(SEED)("light"), "sun"),
        sun_height=float(np.radians(60)),
        sun_bearing=0.45,
        sun_strength=4.0,
        sky_strength=1.0,
        exposure=0.25,
    )


def write_plan(out: Path) -> list[int]:
    """Write plan.json; return the ticks to render."""
    ticks = [moment_of(tick) for tick in range(int(LENGTH_S * FPS))]
    plan = {
        "seed": SEED,
        "fps": FPS,
        "width": WIDTH,
        "height": HEIGHT,
        "camera": asdict(CAMERA),
        "street": asdict(STREET),
        "zone": {"kind": "no_parking", "polygon": zone()},
        "parked": {"drives_in_s": PARKS_S[0], "stands_s": [PARKS_S[1], LENGTH_S]},
        "passes_s": [list(FIRST_PASSES_S), list(SECOND_PASSES_S)],
        "walks_s": list(WALKS_S),
        "shows": ticks,
    }
    (out / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    return sorted(set(ticks))


def _render(out: Path, ticks: list[int], threads: int) -> None:
    # Imported here: the plan alone needs no Blender.
    from training.scenes.drawing import Drawing, set_camera, set_light  # noqa: PLC0415
    from training.scenes.rendering import Renderer, save_jpeg  # noqa: PLC0415

    renderer, drawing = Renderer(WIDTH, HEIGHT, SAMPLES, threads), Drawing(light())
    still = still_things()
    for thing in still:
        drawing.add(thing)
    movers = [drawing.add(thing) for thing in moving_things(0)]
    set_light(light())
    set_camera(CAMERA)
    for number, tick in enumerate(ticks, 1):
        if (out / f"{tick:04d}.json").exists():
            continue
        moving = moving_things(tick)
        for item, thing in zip(movers, moving, strict=True):
            drawing.move(item, thing)
        rendered = renderer.render(SEED)
        shown = (np.clip(rendered.picture, 0, 1) * 255).round().astype(np.uint8)
        save_jpeg(shown, out / f"{tick:04d}.jpg", JPEG_QUALITY)
        truth = truth_of((*still, *moving), rendered.mask, CAMERA)
        for row in truth:
            mover = row["thing"] - len(still)
            row["who"] = ("first", "parked", "second", "walker")[mover] if mover >= 0 else ""
        partial = out / f"{tick:04d}.json.part"
        partial.write_text(json.dumps(truth), encoding="utf-8")
        partial.replace(out / f"{tick:04d}.json")
        print(f"picture {number}/{len(ticks)}", flush=True)


def main() -> int:
    """Render this worker's share; 0 done, 1 the disk is full or Blender failed, 2 wrong input."""
    parser = argparse.ArgumentParser(description="Render the pictures of the demo clip.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--worker", type=worker_of, default="0/1", help="this worker and how many: 0/2"
    )
    parser.add_argument("--threads", type=count_of, default=2)
    parser.add_argument("--only", type=int, nargs="*", help="render these ticks alone")
    options = parser.parse_args()
    worker, workers = options.worker
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        ticks = write_plan(options.out)
        mine = options.only or [t for i, t in enumerate(ticks) if i % workers == worker]
        _render(options.out, mine, options.threads)
    except (OSError, RuntimeError) as error:
        print(f"{error} (is the disk full?)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
