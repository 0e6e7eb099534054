"""No log line shows a key, a token or a password, however badly a case system answers."""

import base64
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cases import CaseSystem, Courier, DeliveryState, Message, Store
from cases.egova import Agreement, Egova
from cases.open311 import Open311
from cases.webhook import Webhook
from tests.case_server import LOSING, REFUSING, STORING, CaseServer
from tests.egova_server import CLIENT_ID, CLIENT_SECRET, EgovaServer
from tests.test_cases_courier import DEADLINE_S, FAST, confirm, wait_until
from tests.violations import make_violation
from tests.webhook_server import WebhookServer

API_KEY = "s3cret-key"
"""The server repeats it in an error."""
QUERY = "j8f2-jurisdiction-token"
KEY = b"signing-key-of-thirty-two-bytes!"
ENDED = {DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.UNRESOLVED, DeliveryState.KEPT}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open a store on disk, as a site has it."""
    with Store.open(tmp_path / "store.sqlite3") as opened:
        yield opened


def deliver(store: Store, system: CaseSystem, count: int) -> None:
    """Run a courier over cases and a clearing each, until all of it has ended."""
    first = len(store.deliveries())
    confirm(store, count)
    for number in range(first, first + count):
        store.add_update(make_violation(number).violation_id, Message.CLEARED, {"text": "x"})
    courier = Courier(store, system, settings=replace(FAST, threads=8, follow_s=0.05, states_s=0.1))
    courier.start()
    reports = (DeliveryState.PENDING, DeliveryState.CLAIMED)
    wait_until(lambda: not store.deliveries(states=reports), timeout_s=60.0)
    courier.stop()
    assert {row.state for row in store.deliveries()} <= ENDED | {DeliveryState.WAITING}


def shown(caplog: pytest.LogCaptureFixture, store: Store) -> str:
    """Return all that was logged, tracebacks too, and all that stands in the store as an error."""
    form = logging.Formatter("%(name)s %(message)s")
    errors = [row.last_error for row in store.deliveries()]
    return "\n".join([*(form.format(record) for record in caplog.records), *errors])


def test_open311_shows_neither_key_nor_query(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """Through every answer that the server knows."""
    caplog.set_level(logging.DEBUG)
    answers = [*STORING, *LOSING, *REFUSING]
    with CaseServer(answers, hang_s=0.8) as server:
        url = f"{server.url}?jurisdiction_id={QUERY}"
        deliver(store, Open311(url, API_KEY, deadline_s=DEADLINE_S), len(answers))
        assert any("api_key is invalid" in row.last_error for row in store.deliveries())
    said = shown(caplog, store)
    assert "is refused for good" in said
    assert API_KEY not in said
    assert QUERY not in said


def test_webhooks_show_no_key(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the bytes nor what a site file writes for them."""
    caplog.set_level(logging.DEBUG)
    answers = ["503", "cut", "400", "redirect", "huge", "drop", "500_stored"]
    with WebhookServer(KEY, answers, hang_s=0.8) as receiver:
        url = f"{receiver.url}?token={QUERY}"
        deliver(store, Webhook(url, KEY, site_id="s", deadline_s=DEADLINE_S), 7)
    said = shown(caplog, store)
    assert "again at" in said
    for secret in (KEY.decode(), base64.b64encode(KEY).decode(), QUERY):
        assert secret not in said


def test_egova_shows_neither_secret_nor_token(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """The platform repeats both in its answers."""
    caplog.set_level(logging.DEBUG)
    agreement = Agreement(
        sender_code="sw", rec_type=(1, "a"), event_src=(8, "b"), timezone=ZoneInfo("Asia/Shanghai")
    )
    answers = ["expired", "trouble", "-400002", "cut", "503_wait", "trouble_stored"]
    with EgovaServer(answers, hang_s=0.8) as platform:
        system = Egova(platform.url, CLIENT_ID, CLIENT_SECRET, agreement, deadline_s=DEADLINE_S)
        deliver(store, system, 6)
        tokens = list(platform.issued)
    said = shown(caplog, store)
    assert "***" in said, "nothing was repeated, so nothing was proved"
    for secret in (CLIENT_SECRET, *tokens):
        assert secret not in said
