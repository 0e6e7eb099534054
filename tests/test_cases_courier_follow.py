"""What becomes of delivered cases: numbers behind tokens, and states read back."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cases import Courier, DeliveryState, HistoryEntry, Meaning, Review, Standing, Store
from cases.open311 import Open311
from configs import case_states
from tests.case_server import API_KEY, CaseServer
from tests.stores import Where
from tests.test_cases_courier import DEADLINE_S, FAST, confirm, courier, states, wait_until

FOLLOWING = replace(FAST, follow_s=0.05, states_s=0.1)


@pytest.fixture
def store(place: Where) -> Iterator[Store]:
    """Open a store, on each of the databases in turn."""
    with Store.open(place) as opened:
        yield opened


def said(store: Store, number: int = 0) -> list[HistoryEntry]:
    """Return what the case system has said of a case."""
    history = store.case(store.deliveries()[number].violation_id).history
    return [entry for entry in history if entry.what == "case system"]


def test_a_number_that_comes_late_is_stored(store: Store) -> None:
    """The token is kept; when the server has made a number it stands with the case."""
    confirm(store, 1)
    with CaseServer(["token"]) as server:
        server.token_polls = 1000
        with courier(store, server, settings=FOLLOWING):
            wait_until(lambda: states(store) == {DeliveryState.DELIVERED: 1})
            (row,) = store.deliveries()
            assert (row.remote_case_id, row.remote_token) == (None, "t-1")
            server.token_polls = 0
            wait_until(lambda: store.deliveries()[0].remote_case_id == "after-t-1")
    history = store.case(row.violation_id).history
    assert [entry.reason for entry in history if entry.what == "numbered"] == ["after-t-1"]
    assert store.numberless(row.created_at, limit=10) == ()


def test_states_are_read_back_once_each(store: Store) -> None:
    """Every change stands in the history once, with its notes; a closed case is not asked again."""
    confirm(store, 1)
    with CaseServer() as server, courier(store, server, settings=FOLLOWING):
        wait_until(lambda: len(said(store)) == 1)
        server.stored[0].notes = "sent out\n2 officers"
        wait_until(lambda: len(said(store)) == 2)
        server.stored[0].status = "closed"
        wait_until(lambda: len(said(store)) == 3)
        asked = len(server.hits)
        confirm(store, 1)
        wait_until(lambda: len(said(store, 0)) == 1)
        later = [hit for hit in server.hits[asked + 2 :] if "service_request_id" in hit]
        assert all("service_request_id=2 " in hit for hit in later)
    assert [entry.reason for entry in said(store, 1)] == [
        "open",
        "open: sent out 2 officers",
        "closed: sent out 2 officers",
    ]


def test_a_server_that_cannot_be_asked_is_left_alone(store: Store) -> None:
    """Following fails quietly and goes on; delivering is not disturbed."""
    confirm(store, 1)
    with CaseServer() as server, courier(store, server, settings=FOLLOWING):
        wait_until(lambda: states(store) == {DeliveryState.DELIVERED: 1})
        server.lists = "500"
        asked = len(server.hits)
        wait_until(lambda: len(server.hits) > asked + 3)
        confirm(store, 1)
        wait_until(lambda: states(store) == {DeliveryState.DELIVERED: 2})
        server.lists = None
        wait_until(lambda: len(said(store, 0)) == 1)


def test_what_a_state_means_is_done(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Dealt with asks for a second look, a false alarm is a verdict, a new word is named once."""
    confirm(store, 3)
    heard: list[str] = []
    with CaseServer() as server:
        running = Courier(
            store,
            Open311(server.url, api_key=API_KEY, deadline_s=DEADLINE_S),
            on_word=heard.append,
            meaning=Meaning(case_states("open311")),
            settings=replace(FOLLOWING, silence_s=60.0),
        )
        running.start()
        wait_until(lambda: states(store) == {DeliveryState.DELIVERED: 3})
        fixed, false, odd = server.stored
        fixed.status = "fixed"
        false.status, false.notes = "closed", "no issue found"
        odd.status = "pondering"
        wait_until(
            lambda: len(store.silences.listed()) == 1 and len(store.second_looks.open()) == 1
        )
        wait_until(lambda: running.counters()["unknown_states"] == 1)
        before = len(server.hits)
        wait_until(lambda: len(server.hits) > before + 3)
        running.stop()
    rows = {row.remote_case_id: row for row in store.deliveries()}
    assert rows["1"].standing is Standing.DEALT_WITH
    assert rows["2"].standing is Standing.FALSE_ALARM
    assert store.second_looks.open()[0].violation_id == rows["1"].violation_id
    refuted = store.case(rows["2"].violation_id)
    assert refuted.case.review is Review.REJECTED
    assert [(each.by, each.reason) for each in refuted.history if each.what == "rejected"] == [
        ("case system", "closed: no issue found")
    ]
    assert {rows["1"].violation_id, rows["2"].violation_id} <= set(heard)
    named = [each for each in caplog.records if "pondering" in each.getMessage()]
    assert len(named) == 1
    asked = [hit for hit in server.hits[before:] if "service_request_id" in hit]
    assert not any("2" in hit.partition("id=")[2].split(" ")[0].split("%2C") for hit in asked)


@pytest.mark.parametrize(
    ("kind", "state", "notes", "meaning"),
    [
        ("open311", "Open", "", "received"),
        ("open311", "IN_PROGRESS", "", "working"),
        ("open311", "closed", "all swept", "dealt_with"),
        ("open311", "closed", "经核实为误报", "false_alarm"),
        ("open311", "closed", "Duplicate of 17", "duplicate"),
        ("egova", "待核查", "", "dealt_with"),
        ("egova", "结案", "", "closed"),
        ("egova", "结案", "误报", "false_alarm"),
        ("webhook", "false_alarm", "", "false_alarm"),
        ("open311", "pondering", "", None),
    ],
)
def test_bundled_words(kind: str, state: str, notes: str, meaning: str | None) -> None:
    """Capitals, blanks and underscores make no difference; notes may say more."""
    assert case_states(kind).meaning(state, notes) == meaning
