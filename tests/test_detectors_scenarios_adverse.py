"""All kinds at once against looks that no street shows: nothing raises, repeats or grows."""

import gc
import json
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.scenarios import SCENARIOS, overlap
from detectors import (
    KINDS,
    Basis,
    Box,
    Change,
    Identity,
    Look,
    PictureState,
    Rule,
    Violation,
    Watch,
    Zone,
)
from models import VOCABULARY, Detections
from tests.looks import NOON, SHANGHAI
from tests.stories import drawn

LABELS = sorted({name for spec in KINDS.values() for name in spec.classes} | {"person"})
NUMBERS = st.one_of(
    st.floats(-100.0, 800.0, width=32),
    st.sampled_from([0.0, 640.0, 360.0, 1e9, -1e9, float("nan"), float("inf")]),
)
BOXES = st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
THINGS = st.lists(
    st.tuples(BOXES, st.floats(0.0, 1.0, width=32), st.sampled_from(LABELS)), max_size=10
)
STATES = st.sampled_from([PictureState.OK] * 4 + list(PictureState))
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.2, 2.0, 2.0, 2.0, 7.5, 40.0, 4000.0, -3.0]),
        THINGS,
        st.sampled_from(Basis),
        STATES,
        st.integers(0, 2),
        st.booleans(),
    ),
    max_size=30,
)
Found = list[tuple[tuple[float, ...], float, str]]
Standing = tuple[Box, str]
"""Where something stands, and what it is."""
STANDING: tuple[Standing, ...] = (
    ((31.0, 187.0, 99.0, 241.0), "car"),
    ((171.0, 203.0, 217.0, 257.0), "stall"),
    ((263.0, 219.0, 303.0, 251.0), "garbage"),
    ((347.0, 111.0, 431.0, 143.0), "banner"),
    ((473.0, 247.0, 557.0, 283.0), "muck"),
)
"""Among whatever is drawn."""
SAME = 0.8
"""Overlap from which a violation's box is a standing thing."""
PICTURE = np.random.default_rng(5).integers(0, 255, (90, 160, 3), np.uint8)
MOST_JSON = 4_000_000
"""Bytes of a snapshot of twelve rules in a street that is full all the time."""
GROWTH = 1.01
"""What a watch may hold more after the third of three equal stretches than after the second."""
COMMON = {"illegal_parking", "illegal_banner", "exposed_garbage", "muck_pile", "street_stall"}
"""Kinds that accuse what stands, for no more than standing there."""
SEEN_LOOKS, AWAY_LOOKS, BACK_LOOKS, EMPTY_LOOKS = 16, 18, 12, 22
"""Each thing stands, is away long enough to be cleared, and is back; at last all are gone."""
APART_S = 100_000.0
"""From stretch to stretch: over midnight, and longer than any rule remembers."""


def _rules() -> tuple[Rule, ...]:
    """One rule of each kind, with short dwells, over most of the picture."""
    rules = []
    for kind, stories in SCENARIOS.items():
        (rule, *_) = drawn(stories[0], 0).rules
        dwell_s = None if kind == "uncovered_muck_truck" else 10.0
        n = None if rule.effective_n is None else 2
        zones = tuple(_large(zone) for zone in rule.zones[:1])
        fields = {"zones": zones, "dwell_s": dwell_s, "n": n, "context": rule.context}
        rules.append(Rule(kind, **fields))  # type: ignore[arg-type]  # fields of Rule by name
    return tuple(rules)


def _large(zone: Zone) -> Zone:
    corners = ((0.02, 0.1), (0.97, 0.12), (0.99, 0.98), (0.01, 0.99))
    return Zone(zone.zone_id, zone.kind, corners, sees_load=zone.sees_load)


def _watch() -> Watch:
    return Watch("site", "cam", _rules(), VOCABULARY.names, SHANGHAI, 2.0)


def _look(at_s: float, found: Found, *, picture: bool = False, session: int = 0) -> Look:
    detections = Detections(
        np.asarray([box for box, _, _ in found], np.float32).reshape(-1, 4),
        np.asarray([score for _, score, _ in found], np.float32),
        np.asarray([VOCABULARY.index(name) for _, _, name in found], np.int32),
    )
    at = NOON + timedelta(seconds=at_s)
    shown = PICTURE if picture else None
    return Look("cam", "default", session, at_s, at, 640, 360, detections, picture=shown)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_no_sequence_of_looks_breaks_any_kind(
    steps: list[tuple[float, Found, Basis, PictureState, int, bool]],
) -> None:
    """Boxes of any shape, clocks that step back, any order: no fault, each violation lives once."""
    watch, at_s = _watch(), 0.0
    lives: dict[str, list[Change]] = {}
    confirmed: list[Violation] = []
    for passed_s, found, basis, state, session, picture in steps:
        at_s += passed_s
        there: Found = [(box, 0.9, name) for box, name in STANDING]
        look = _look(at_s, found + there, picture=picture, session=session)
        plain = {name: getattr(look, name) for name in Look.__slots__}
        for event in watch.step(Look(**{**plain, "basis": basis, "state": state})).events:
            lives.setdefault(event.violation.violation_id, []).append(event.change)
            confirmed += [event.violation] * (event.change is Change.CONFIRMED)
            assert event.violation.dwell_s >= 0.0
            assert event.violation.unseen_s >= 0.0
            assert np.isfinite(event.violation.box).all()
    for changes in lives.values():
        assert changes.count(Change.CONFIRMED) <= 1
        assert changes.count(Change.OPENED) <= 1
        assert not {Change.CONFIRMED, Change.DISCARDED} <= set(changes)
    # hours may pass, after which a zone may be accused again, but not what has stood all along
    accused = _accused([one for one in confirmed if not _is_of_zone(one)], STANDING)
    assert max(accused.values(), default=1) == 1, accused
    again = _watch()
    again.restore(json.loads(json.dumps(watch.snapshot(), allow_nan=False)))
    assert json.dumps(again.snapshot(), allow_nan=False)


def _is_of_zone(one: Violation) -> bool:
    """Whether a zone, a shop or a sign is what is accused, whatever stands in it."""
    of_zone = {Identity.ZONE, Identity.SHOP}
    return KINDS[one.kind].identity in of_zone or one.kind == "damaged_sign"


def _accused(confirmed: Sequence[Violation], standing: Sequence[Standing]) -> Counter[str]:
    """Count the confirmations of every standing thing, zone and shop, by rule.

    What stood there is found again by class and place: a name would not tell, as it hashes the
    time of the opening. Strangers are left out, and so are passes: what stands does not pass.
    """
    found: Counter[str] = Counter()
    for one in confirmed:
        spec = KINDS[one.kind]
        if _is_of_zone(one):
            found[f"{one.kind} in {one.zone_id}"] += 1
        elif spec.identity is not Identity.PASS:
            classes = spec.classes | spec.same.keys()
            found.update(
                f"{one.kind} {name} at {box}"
                for box, name in standing
                if name in classes and overlap(box, one.box) >= SAME
            )
    return found


@dataclass(frozen=True)
class _Scene:
    """Looks at one set of standing things, strangers among them."""

    standing: tuple[Standing, ...]
    looks: tuple[Found, ...]


def _scene(random: np.random.Generator, *, empty: bool = False) -> _Scene:
    """One thing of each class, there in three looks of four while it is there at all."""
    standing = tuple((_box(random), name) for name in LABELS)
    shown = [not empty] * SEEN_LOOKS + [False] * AWAY_LOOKS + [not empty] * BACK_LOOKS
    looks = []
    for there in [False] * EMPTY_LOOKS if empty else shown:
        found: Found = [(_box(random), 0.8, str(name)) for name in random.choice(LABELS, 8)]
        kept = random.random(len(standing)) < 0.75
        found += [
            (box, 0.9, name)
            for (box, name), seen in zip(standing, kept, strict=True)
            if there and seen
        ]
        looks.append(found)
    return _Scene(standing, tuple(looks))


def test_no_kind_confirms_twice_or_grows_without_bound() -> None:
    """Three equal stretches over two midnights: each thing once a stretch; no memory is gathered.

    Things are away for half a minute in between: who comes back then is the same violation.
    """
    random = np.random.default_rng(13)
    stretch = [_scene(random), _scene(random, empty=True)]
    tracemalloc.start()
    watch, sizes, held = _watch(), [], []
    for day in range(3):
        at_s, accused = day * APART_S, Counter[str]()
        for scene in stretch:
            confirmed: list[Violation] = []
            for index, found in enumerate(scene.looks):
                step = watch.step(_look(at_s, found, picture=index % 3 == 0))
                at_s += 2.0
                confirmed += [e.violation for e in step.events if e.change is Change.CONFIRMED]
            accused += _accused(confirmed, scene.standing)
        assert {name.split()[0] for name in accused} >= COMMON
        assert accused.most_common(1)[0][1] == 1, accused
        sizes.append(len(json.dumps(watch.snapshot(), allow_nan=False)))
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(sizes) < MOST_JSON
    assert sizes[2] <= GROWTH * sizes[1]
    assert held[2] <= GROWTH * held[1]


def _box(random: np.random.Generator) -> Box:
    x, y = random.uniform(0.0, 560.0), random.uniform(60.0, 300.0)
    width, height = random.uniform(15.0, 80.0, 2)
    return (float(x), float(y), float(x + width), float(y + height))
