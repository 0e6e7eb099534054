"""All kinds at once against looks that no street shows: nothing raises, repeats or grows."""

import json
from datetime import timedelta

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.scenarios import SCENARIOS
from detectors import KINDS, Basis, Change, Look, PictureState, Rule, Watch, Zone
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
PICTURE = np.random.default_rng(5).integers(0, 255, (90, 160, 3), np.uint8)
MOST_JSON = 4_000_000
"""Bytes of a snapshot of twelve rules in a street that is full all the time."""


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
    for passed_s, found, basis, state, session, picture in steps:
        at_s += passed_s
        look = _look(at_s, found, picture=picture, session=session)
        plain = {name: getattr(look, name) for name in Look.__slots__}
        for event in watch.step(Look(**{**plain, "basis": basis, "state": state})).events:
            lives.setdefault(event.violation.violation_id, []).append(event.change)
            assert event.violation.dwell_s >= 0.0
            assert event.violation.unseen_s >= 0.0
            assert np.isfinite(event.violation.box).all()
    for changes in lives.values():
        assert changes.count(Change.CONFIRMED) <= 1
        assert changes.count(Change.OPENED) <= 1
        assert not {Change.CONFIRMED, Change.DISCARDED} <= set(changes)
    again = _watch()
    again.restore(json.loads(json.dumps(watch.snapshot(), allow_nan=False)))
    assert json.dumps(again.snapshot(), allow_nan=False)


def test_no_kind_confirms_twice_or_grows_without_bound() -> None:
    """600 looks over days, 12 things each of all classes, some standing: the state has a bound."""
    random = np.random.default_rng(11)
    watch, sizes = _watch(), []
    confirmed: list[str] = []
    standing = [(*_box(random), name) for name in LABELS]
    for index in range(600):
        found: Found = [(_box(random)[0], 0.8, str(name)) for name in random.choice(LABELS, 8)]
        kept = random.random(len(standing)) < 0.5
        found += [
            (box, 0.9, name) for (box, name), here in zip(standing, kept, strict=True) if here
        ]
        if index % 60 == 0:
            standing = [(*_box(random), name) for name in LABELS]
        # 20 minutes of looks every 2 s, then hours are skipped
        at_s = 2.0 * index + 20_000.0 * (index // 300)
        step = watch.step(_look(at_s, found, picture=index % 3 == 0))
        confirmed += [e.violation.violation_id for e in step.events if e.change is Change.CONFIRMED]
        if index % 60 == 59:
            sizes.append(len(json.dumps(watch.snapshot(), allow_nan=False)))
    assert confirmed, "nothing was confirmed at all"
    assert len(confirmed) == len(set(confirmed))
    assert max(sizes) < MOST_JSON
    assert max(sizes[5:]) < 1.5 * max(sizes[:5])


def _box(random: np.random.Generator) -> tuple[tuple[float, ...]]:
    x, y = random.uniform(0.0, 560.0), random.uniform(60.0, 300.0)
    width, height = random.uniform(15.0, 80.0, 2)
    return ((float(x), float(y), float(x + width), float(y + height)),)
