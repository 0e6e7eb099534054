"""What becomes of delivered cases: numbers behind tokens, and states read back."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cases import DeliveryState, HistoryEntry, Store
from tests.case_server import CaseServer
from tests.stores import Where
from tests.test_cases_courier import FAST, confirm, courier, states, wait_until

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
