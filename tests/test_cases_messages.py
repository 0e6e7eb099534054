"""Several messages about one case, on both databases: their order, and who is told what."""

from datetime import timedelta

import pytest

from cases import (
    Channel,
    Delivery,
    DeliveryState,
    Message,
    NotFound,
    Review,
    Store,
    WrongState,
)
from tests.violations import SetClock, make_violation

LEASE_S = 30.0
HERE = make_violation()
ID = HERE.violation_id


def state_of(store: Store, name: str) -> DeliveryState:
    """Return where one message stands, by its name, such as cleared-2."""
    return store.delivery(f"{ID}-{name}").state


def take(store: Store, channel: Channel = Channel.CASE) -> Delivery:
    """Claim the one message that is due."""
    (row,) = store.claim("courier", lease_s=LEASE_S, limit=10, channel=channel)
    return row


def arrive(store: Store, row: Delivery, number: str | None = "7") -> None:
    """Deliver a claimed message."""
    store.sending(row)
    store.delivered(row, number)


def test_an_update_waits_for_its_case_and_for_the_update_before(store: Store) -> None:
    """Clip and clearing are let go one after the other, after the case has arrived."""
    store.confirm(HERE, None, {})
    store.add_update(ID, Message.CLIP, {"clip": 1})
    store.clear(HERE, "gone", {"text": "clear"})
    assert state_of(store, "clip") is state_of(store, "cleared") is DeliveryState.WAITING
    arrive(store, take(store))
    clip = take(store)
    assert clip.message is Message.CLIP
    assert state_of(store, "cleared") is DeliveryState.WAITING
    store.retry_later(clip, next_at=store.now(), error="503", maybe_sent=False)
    clip = take(store)
    assert clip.message is Message.CLIP, "the clearing must not overtake a clip that is tried again"
    arrive(store, clip)
    cleared = take(store)
    assert (cleared.message, cleared.payload) == (Message.CLEARED, {"text": "clear"})


def test_an_update_of_a_delivered_case_goes_at_once(store: Store) -> None:
    """Nothing has to happen first."""
    store.confirm(HERE, None, {})
    arrive(store, take(store))
    store.add_update(ID, Message.CLIP, {})
    assert take(store).message is Message.CLIP


def test_there_is_one_clip_and_every_clearing(store: Store) -> None:
    """A second clip changes nothing; a place that clears twice is told twice."""
    store.confirm(HERE, None, {})
    first = store.add_update(ID, Message.CLIP, {"n": 1})
    assert store.add_update(ID, Message.CLIP, {"n": 2}) == first
    assert store.delivery(first[0]).payload == {"n": 1}
    for _ in range(2):
        store.clear(HERE, "", {})
        store.update(HERE, "returned")
    names = {row.delivery_id for row in store.deliveries()}
    assert names == {f"{ID}-{name}" for name in ("report", "clip", "cleared", "cleared-2")}


def test_updates_of_a_dead_case_wait_with_the_reason_and_follow_its_retry(store: Store) -> None:
    """They are not lost and not sent; when a person posts the case again they come after it."""
    store.confirm(HERE, None, {})
    store.clear(HERE, "", {})
    store.dead(take(store), error="no such service")
    waiting = store.delivery(f"{ID}-cleared")
    assert (waiting.state, waiting.last_error) == (
        DeliveryState.WAITING,
        "waits: its report is dead",
    )
    assert store.claim("courier", lease_s=LEASE_S) == ()
    store.requeue(f"{ID}-report", by="li")
    arrive(store, take(store))
    assert take(store).message is Message.CLEARED


def test_updates_of_a_rejected_case_are_kept(store: Store) -> None:
    """What a person refuses is told to nobody, later words about it neither."""
    store.confirm(HERE, None, {}, review=Review.HELD, reason="the rule asks")
    store.add_update(ID, Message.CLIP, {})
    store.reject(ID, by="li", reason="a bus stop")
    clip = store.delivery(f"{ID}-clip")
    assert clip.state is DeliveryState.KEPT
    assert "rejected" in clip.last_error
    store.clear(HERE, "", {})
    assert state_of(store, "cleared") is DeliveryState.KEPT
    assert store.claim("courier", lease_s=LEASE_S, limit=10) == ()


def test_what_a_system_has_no_place_for_is_kept_and_holds_nothing_up(store: Store) -> None:
    """The next update goes on its way."""
    store.confirm(HERE, None, {})
    arrive(store, take(store))
    store.add_update(ID, Message.CLIP, {})
    store.clear(HERE, "", {})
    store.keep(take(store), reason="takes no clips")
    assert store.delivery(f"{ID}-clip").last_error == "takes no clips"
    assert take(store).message is Message.CLEARED


def test_nobody_is_updated_who_was_not_told(store: Store) -> None:
    """A violation that came to nothing without a pre-alarm leaves no message."""
    store.open_violation(HERE)
    store.discard(HERE, "left", {"text": "nothing"})
    assert store.deliveries() == ()
    with pytest.raises(WrongState, match="nobody was told"):
        store.add_update(ID, Message.CLIP, {})
    with pytest.raises(NotFound):
        store.add_update("unknown", Message.CLIP, {})


def test_a_pre_alarm_goes_before_its_case(store: Store) -> None:
    """Delivered first; what becomes of it is told to those who heard it."""
    store.open_violation(HERE, {"alarm": 1})
    opened = take(store)
    assert opened.message is Message.OPENED
    arrive(store, opened, None)
    store.discard(HERE, "driven away", {"text": "nothing"})
    assert take(store).message is Message.CLEARED


def test_a_pre_alarm_that_has_not_left_gives_way_to_its_case(store: Store) -> None:
    """The receiver was away: the case is enough."""
    store.open_violation(HERE, {})
    store.confirm(HERE, None, {})
    assert state_of(store, "opened") is DeliveryState.KEPT
    assert take(store).message is Message.REPORT


@pytest.mark.parametrize("answer", ["delivered", "later", "dead"])
def test_a_case_waits_for_a_pre_alarm_that_is_under_way(store: Store, answer: str) -> None:
    """Whatever becomes of it, the case comes after it, and comes."""
    store.open_violation(HERE, {})
    opened = take(store)
    store.sending(opened)
    store.confirm(HERE, None, {})
    assert state_of(store, "report") is DeliveryState.WAITING
    assert store.claim("courier", lease_s=LEASE_S) == ()
    if answer == "delivered":
        store.delivered(opened, None)
    elif answer == "later":
        store.retry_later(opened, next_at=store.now(), error="503", maybe_sent=True)
        assert state_of(store, "opened") is DeliveryState.KEPT
    else:
        store.dead(opened, error="400")
    assert take(store).message is Message.REPORT


def test_channels_have_couriers_of_their_own(store: Store) -> None:
    """A pre-alarm elsewhere does not hold up the city's case; both hear the end."""
    store.open_violation(HERE, {}, channel=Channel.ALARM)
    store.confirm(HERE, None, {})
    assert take(store).message is Message.REPORT
    alarm = take(store, Channel.ALARM)
    assert alarm.message is Message.OPENED
    arrive(store, alarm, None)
    ids = {"cleared", "cleared-2"}
    store.clear(HERE, "", {})
    rows = {row.delivery_id.removeprefix(f"{ID}-"): row for row in store.deliveries()}
    assert {rows[name].channel for name in ids} == set(Channel)
    assert take(store, Channel.ALARM).message is Message.CLEARED
    store.add_update(ID, Message.CLIP, {})
    clips = [row for row in store.deliveries() if row.message is Message.CLIP]
    assert [row.channel for row in clips] == [Channel.CASE], "a clip belongs to a case"


def test_a_kind_that_nobody_hears_of_is_kept_with_the_reason(store: Store) -> None:
    """It is listed, and nothing is ever claimed."""
    store.confirm(HERE, None, {}, keep="no code")
    row = store.delivery(f"{ID}-report")
    assert (row.state, row.last_error) == (DeliveryState.KEPT, "no code")
    assert store.claim("courier", lease_s=LEASE_S) == ()


def test_what_cannot_be_posted_as_it_is_waits_for_a_person(store: Store) -> None:
    """Held with the reason; approved it is tried again, by whoever has mended the site file."""
    store.confirm(HERE, None, {})
    store.hold(take(store), reason="the service asks for DEPTH")
    assert state_of(store, "report") is DeliveryState.HELD
    assert store.case(ID).case.review is Review.HELD
    assert store.claim("courier", lease_s=LEASE_S) == ()
    store.approve(ID, by="li")
    assert take(store).message is Message.REPORT


def test_counts_are_those_of_the_rows(store: Store, clock: SetClock) -> None:
    """Kept with every change, also when what has piled up is folded."""
    for number in range(12):
        violation = make_violation(number)
        store.open_violation(violation)
        store.confirm(violation, None, {})
        store.add_update(violation.violation_id, Message.CLIP, {})
        clock.pass_s(1)
    for row in store.claim("courier", lease_s=LEASE_S, limit=5):
        store.sending(row)
        store.delivered(row, "1")
    store.clear(make_violation(0), "", {})
    expected = store.counts()
    assert {state: n for state, n in expected.deliveries.items() if n} == {
        state: sum(row.state is state for row in store.deliveries())
        for state in {row.state for row in store.deliveries()}
    }
    assert {state: n for state, n in expected.violations.items() if n} == {
        state: sum(case.state is state for case in store.cases())
        for state in {case.state for case in store.cases()}
    }
    folded = store.fold_counts()
    assert folded > 12
    assert store.counts() == expected
    clock.pass_s(timedelta(days=1).total_seconds())
    assert store.fold_counts() == 0
