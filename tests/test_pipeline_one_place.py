"""Two cameras that see one place: one case, two witnesses, in a real store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cases import WITNESS, WITNESS_OF, DeliveryState, Message, NotFound, Review, Store
from configs import Site
from detectors import Change, Violation
from models import Registry
from pipeline.check import check_site
from pipeline.events import Confirmed
from pipeline.one_place import OnePlace
from tests.site_text import ENVIRON, GOOD, site_of
from tests.test_cases_reserve import running
from tests.violations import SetClock, make_violation

KERB = "{id: kerb, kind: no_parking, polygon: [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.1, 0.9]]"
OTHERS = "".join(
    f"""\
  - id: {name}
    url: "rtsp://127.0.0.1:8554/{name}"
    place: {{address: "..."}}
    zones:
      - {KERB}{place_id}}}
    rules:
      - {{kind: illegal_parking, zones: [kerb], dwell_s: 300}}
"""
    for name, place_id in (("b", ", place_id: corner"), ("c", ", place_id: corner"), ("d", ""))
)
TEXT = GOOD.replace("yingkou-road-01", "a").replace(KERB, KERB + ", place_id: corner") + OTHERS

ALARMS = """\
alarms:
  kind: webhook
  url: "http://127.0.0.1:9/in"
  secret: "whsec_%s"
  events: [opened, confirmed, cleared]
""" % ("QUFB" * 10)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a site whose cameras a, b and c see one corner, and d another."""
    return site_of(TEXT, tmp_path, **ENVIRON)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open a new store."""
    with Store.open(tmp_path / "store.sqlite3", site_id="demo", clock=SetClock()) as opened:
        yield opened


def _confirm(store: Store, site: Site, violation: Violation) -> str:
    """Confirm as the pipeline does; returns the first witness."""
    first = OnePlace(site, store).first_witness(violation)
    store.confirm(violation, None, {"n": violation.violation_id}, witness_of=first)
    return first


def test_a_second_camera_is_a_witness_and_no_second_case(store: Store, site: Site) -> None:
    """Both are stored and linked; only the first is ever posted."""
    one, other = make_violation(0, camera="a"), make_violation(8, camera="b")
    assert _confirm(store, site, one) == ""
    assert _confirm(store, site, other) == one.violation_id
    (told,) = store.case(one.violation_id).deliveries
    (kept,) = store.case(other.violation_id).deliveries
    assert (told.state, kept.state) == (DeliveryState.PENDING, DeliveryState.KEPT)
    assert one.violation_id in kept.last_error
    links = [(e.what, e.by, e.reason) for e in store.case(one.violation_id).history[2:]]
    assert links == [(WITNESS, "b", other.violation_id)]
    back = [(e.what, e.reason) for e in store.case(other.violation_id).history[2:]]
    assert back == [(WITNESS_OF, one.violation_id)]


def test_a_third_camera_is_a_witness_of_the_first(store: Store, site: Site) -> None:
    """Never of a witness."""
    violations = [make_violation(n, camera=camera) for n, camera in enumerate("abc")]
    assert [_confirm(store, site, each) for each in violations] == [
        "",
        violations[0].violation_id,
        violations[0].violation_id,
    ]


def test_two_cars_at_one_place_are_two_cases(store: Store, site: Site) -> None:
    """Each camera confirms both: the n-th of the second camera is the n-th of the first."""
    mine = [make_violation(n, camera="a") for n in (0, 5)]
    theirs = [make_violation(n, camera="b") for n in (2, 7)]
    for each in mine:
        assert _confirm(store, site, each) == ""
    assert [_confirm(store, site, each) for each in theirs] == [v.violation_id for v in mine]
    third = make_violation(9, camera="b")
    assert _confirm(store, site, third) == ""


@pytest.mark.parametrize(
    "other",
    [
        make_violation(8, camera="d"),  # its zone names no place
        replace(make_violation(8, camera="b"), kind="street_stall"),
        replace(make_violation(8, camera="b"), zone_id=""),  # the whole picture
    ],
    ids=["elsewhere", "another kind", "no zone"],
)
def test_what_is_another_case(store: Store, site: Site, other: Violation) -> None:
    """Another place or kind is no witness."""
    _confirm(store, site, make_violation(0, camera="a"))
    assert _confirm(store, site, other) == ""


def test_what_is_over_has_no_new_witness(store: Store, site: Site) -> None:
    """Cleared before the second one came: another case. Cleared after: the same."""
    one = make_violation(0, camera="a")
    _confirm(store, site, one)
    later = make_violation(100, camera="a")
    store.clear(replace(one, last_at=later.opened_at), "left")
    assert OnePlace(site, store).first_witness(make_violation(101, camera="b")) == ""
    assert OnePlace(site, store).first_witness(make_violation(90, camera="b")) == one.violation_id


def test_a_rejected_case_takes_no_witness(store: Store, site: Site) -> None:
    """A person said that nothing is there; what another camera sees is for a person as well."""
    one = make_violation(0, camera="a")
    store.confirm(one, None, {}, review=Review.HELD, reason="asked for")
    store.reject(one.violation_id, by="li", reason="a police car")
    assert OnePlace(site, store).first_witness(make_violation(3, camera="b")) == ""


def test_a_crash_changes_no_link(store: Store, site: Site) -> None:
    """Both confirmed again after a restart: nothing is added, the links are as they were."""
    one, other = make_violation(0, camera="a"), make_violation(8, camera="b")
    for _ in range(2):
        assert _confirm(store, site, one) == ""
        assert _confirm(store, site, other) == one.violation_id
    assert len(store.case(one.violation_id).history) == 3
    assert len(store.deliveries()) == 2


def test_a_witness_of_nothing_is_refused(store: Store) -> None:
    """And then nothing is confirmed."""
    with pytest.raises(NotFound):
        store.confirm(make_violation(), None, {}, witness_of="0" * 20)
    assert store.cases() == ()


def test_the_recorder_tells_of_one_thing_once(tmp_path: Path) -> None:
    """As it runs: one pre-alarm and one report, whoever opens and confirms; then both are over."""
    one, other = make_violation(0, camera="a"), make_violation(8, camera="b")
    (tmp_path / "disk").mkdir()
    with running(tmp_path / "disk", TEXT + ALARMS) as parts:
        parts.record(one, Change.OPENED)
        parts.record(other, Change.OPENED)
        parts.record(one, Change.CONFIRMED)
        parts.record(other, Change.CONFIRMED)
        parts.record(other, Change.CLEARED)
        parts.recorder.stop(30)
        store = parts.store
        assert parts.told == [Confirmed(one)]
        first = {each.message: each.state for each in store.case(one.violation_id).deliveries}
        second = {each.message: each.state for each in store.case(other.violation_id).deliveries}
        assert first.keys() == {Message.OPENED, Message.REPORT}
        assert second == dict.fromkeys((Message.REPORT, Message.CLEARED), DeliveryState.KEPT)
        linked = [entry.what for entry in store.case(other.violation_id).history]
        assert linked == ["opened", "confirmed", WITNESS_OF, "cleared"]


def test_two_cars_at_one_place_are_two_pre_alarms(tmp_path: Path) -> None:
    """What stands there is counted; elsewhere, and what is over, is no reason to be silent."""
    (tmp_path / "disk").mkdir()
    with running(tmp_path / "disk", TEXT + ALARMS) as parts:
        opened = [
            (make_violation(0, camera="a"), True),
            (make_violation(2, camera="b"), False),
            (make_violation(4, camera="c"), False),
            (make_violation(6, camera="b"), True),  # the second car
            (make_violation(8, camera="a"), False),
            (make_violation(9, camera="d"), True),  # its zone names no place
            (replace(make_violation(10, camera="b"), kind="street_stall"), True),
        ]
        for violation, _ in opened:
            parts.record(violation, Change.OPENED)
        for violation, _ in opened[:5]:
            parts.record(violation, Change.DISCARDED)
        later = make_violation(40, camera="c")
        parts.record(later, Change.OPENED)
        parts.recorder.stop(30)
        for number, (violation, told) in enumerate([*opened, (later, True)]):
            deliveries = parts.store.case(violation.violation_id).deliveries
            expected = {Message.OPENED, Message.CLEARED} if number < 5 else {Message.OPENED}
            assert {each.message for each in deliveries} == (expected if told else set())


def test_what_was_opened_and_forgotten_silences_nobody(tmp_path: Path) -> None:
    """A rule that was taken out never says what became of it: after a day it does not count."""
    (tmp_path / "disk").mkdir()
    with running(tmp_path / "disk", TEXT + ALARMS) as parts:
        parts.record(make_violation(0, camera="a"), Change.OPENED)
        later = make_violation(90_000, camera="b")
        parts.record(later, Change.OPENED)
        parts.recorder.stop(30)
        assert len(parts.store.case(later.violation_id).deliveries) == 1


def test_a_rejected_case_silences_its_place_for_every_camera(tmp_path: Path) -> None:
    """As it runs: a person rejects camera a's case; b's of the same thing waits for a person too.

    Another kind, and a zone that shows another place, are not silenced.
    """
    (tmp_path / "disk").mkdir()
    rejected = replace(make_violation(0, camera="a"), box=(0.0, 0.0, 90.0, 60.0))
    same = make_violation(8, camera="b")
    others = (
        replace(same, kind="street_stall", violation_id="stall"),
        make_violation(9, camera="d"),
    )
    with running(tmp_path / "disk", TEXT) as parts:
        parts.record(rejected, Change.OPENED, Change.CONFIRMED)
        parts.count = 1
        parts.settle()
        parts.store.refute(rejected.violation_id, by="li", reason="a bus stop", silence_s=86400.0)
        for violation in (same, *others):
            parts.record(violation, Change.OPENED, Change.CONFIRMED)
        parts.recorder.stop(30)
        held = parts.store.case(same.violation_id).case
        assert held.review is Review.HELD
        assert held.reason.startswith("silenced until")
        assert held.reason.endswith(f"{rejected.violation_id} was rejected here, as a saw it")
        for violation in others:
            assert "silenced" not in parts.store.case(violation.violation_id).case.reason


def test_a_place_that_one_camera_names_is_told(tmp_path: Path) -> None:
    """A misspelt place_id joins nothing; check says so and guesses."""
    text = TEXT.replace("place_id: corner", "place_id: cornre", 1)
    site = site_of(text, tmp_path, **ENVIRON)
    found = [p for p in check_site(site, Registry(site.data / "models")) if "cornre" in p.problem]
    assert [problem.key for problem in found] == ["cameras"]
    assert "corner" in found[0].remedy
