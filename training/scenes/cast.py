"""Everything that a story can put on stage, by the name that its JSON uses."""

from collections.abc import Callable

import numpy as np

from training.scenes import lookalikes
from training.scenes.cars import make_car
from training.scenes.damage import make_damaged, make_fallen
from training.scenes.garbage import make_garbage
from training.scenes.goods import make_goods
from training.scenes.heavies import make_bus, make_muck_truck, make_truck
from training.scenes.lookalikes import Drawn
from training.scenes.muck import make_muck
from training.scenes.paint import STEEL, Paint
from training.scenes.people import make_person
from training.scenes.river import make_debris, make_floating_lookalike
from training.scenes.shape import Shape, box, join
from training.scenes.shopfronts import make_banner, make_sign
from training.scenes.stalls import make_stall
from training.scenes.two_wheelers import make_two_wheeler

Rng = np.random.Generator
Size = tuple[float, float]
"""Length and height in metres, for signs and banners."""


def _floats(wanted: str) -> Callable[[Rng, str, Size], Drawn]:
    def make(rng: Rng, _kind: str, _size: Size) -> Drawn:
        name, shape = make_floating_lookalike(rng, wanted)
        return name, None, shape

    return make


def _look_alike(draw: Callable[[Rng], Drawn]) -> Callable[[Rng, str, Size], Drawn]:
    return lambda rng, _kind, _size: draw(rng)


def _roof(_rng: Rng, _kind: str, size: Size) -> Drawn:
    """Make a slab high above the picture, only to cast its shadow."""
    slab = box((-size[0] / 2, -size[1] / 2, 0), (size[0] / 2, size[1] / 2, 0.3), STEEL)
    return "roof", None, slab


def _rack(_rng: Rng, _kind: str, size: Size) -> Drawn:
    """Make a bicycle rack: hoops in a row along x and a painted frame on the ground."""
    hoops = [
        box((float(x) - 0.03, y - 0.03, 0), (float(x) + 0.03, y + 0.03, 0.75), STEEL)
        for x in np.arange(-size[0] / 2, size[0] / 2 + 0.1, 0.8)
        for y in (-0.3, 0.3)
    ]
    hoops += [
        box((float(x) - 0.03, -0.3, 0.7), (float(x) + 0.03, 0.3, 0.76), STEEL)
        for x in np.arange(-size[0] / 2, size[0] / 2 + 0.1, 0.8)
    ]
    white = Paint((0.7, 0.7, 0.7), 0.8)
    for y in (-1.0, 1.0):
        hoops.append(box((-size[0] / 2, y - 0.05, 0), (size[0] / 2, y + 0.05, 0.01), white))
    return "rack", None, join(*hoops)


def _labelled(label: str, make: Callable[[Rng, str, Size], Shape]) -> Callable[..., Drawn]:
    return lambda rng, kind, size: (label, label, make(rng, kind, size))


CAST: dict[str, Callable[[Rng, str, Size], Drawn]] = {
    "car": _labelled("car", lambda rng, kind, _: make_car(rng, kind or None)),
    "bus": _labelled("bus", lambda rng, _k, _s: make_bus(rng)),
    "truck": _labelled("truck", lambda rng, _k, _s: make_truck(rng)),
    "empty_muck_truck": _labelled("truck", lambda rng, _k, _s: make_muck_truck(rng, "empty")),
    "muck_truck": _labelled("muck_truck", lambda rng, _k, _s: make_muck_truck(rng, "covered")),
    "muck_truck_open": _labelled(
        "muck_truck_open", lambda rng, _k, _s: make_muck_truck(rng, "open")
    ),
    "raised_tipper": _labelled(
        "muck_truck_open", lambda rng, _k, _s: make_muck_truck(rng, "raised")
    ),
    "rider": _labelled("two_wheeler", lambda rng, _k, _s: make_two_wheeler(rng, ridden=True)),
    "two_wheeler": _labelled(
        "two_wheeler", lambda rng, _k, _s: make_two_wheeler(rng, ridden=False)
    ),
    "walker": _labelled("person", lambda rng, _k, _s: make_person(rng, 0.8)),
    "person": _labelled("person", lambda rng, _k, _s: make_person(rng, 0.0)),
    "stall": _labelled("stall", lambda rng, kind, _s: make_stall(rng, kind or None)),
    "goods": _labelled("goods", lambda rng, kind, _s: make_goods(rng, kind or None)),
    "muck": _labelled("muck", lambda rng, kind, _s: make_muck(rng, kind or None)),
    "garbage": _labelled("garbage", lambda rng, kind, _s: make_garbage(rng, kind or None)),
    "sign": _labelled("sign", lambda rng, _k, size: make_sign(rng, *size)),
    "sign_damaged": _labelled(
        "sign_damaged", lambda rng, kind, size: make_damaged(rng, *size, kind or None)
    ),
    "fallen_sign": _labelled("sign_damaged", lambda rng, _k, _s: make_fallen(rng)),
    "banner": _labelled("banner", lambda rng, _k, size: make_banner(rng, size[0])),
    "floating_debris": _labelled(
        "floating_debris", lambda rng, kind, _s: make_debris(rng, kind or None)
    ),
    "duck": _floats("duck"),
    "boat": _floats("boat"),
    "glints": _floats("glints"),
    "roof": _roof,
    "rack": _rack,
    "wrap": lambda rng, _kind, size: lookalikes.wrap(rng, *size),
    **{
        draw.__name__: _look_alike(draw)
        for draw in (
            lookalikes.road_works,
            lookalikes.wet_patch,
            lookalikes.manhole,
            lookalikes.leaves,
            lookalikes.planter,
            lookalikes.litter_bin,
            lookalikes.courier_tricycle,
            lookalikes.shaded_ebike,
            lookalikes.parcel_carrier,
            lookalikes.umbrella_walker,
            lookalikes.lying_person,
            lookalikes.empty_parasol,
            lookalikes.netted_heap,
            lookalikes.open_door,
            lookalikes.awning,
        )
    },
}
"""What a story may call a thing; each is made from random numbers, a kind ("" for any), a size."""
