"""What people decide over HTTP: a held case goes out or never does, and the evidence says who."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from api.server import ApiServer
from cases import DeliveryState, Review, Store
from configs import Site
from pipeline import Runner
from tests.case_payloads import make_case
from tests.site_text import GOOD, site_of
from tests.violations import make_violation

TOKEN = "the-token"
BY = {"by": "wang", "reason": "seen on the street"}


@dataclass
class Api:
    """A site's store behind its HTTP interface."""

    site: Site
    store: Store
    client: httpx.Client

    def hold(self, number: int) -> str:
        """Confirm a case that a person has to decide about."""
        violation = make_violation(number)
        self.store.confirm(violation, None, make_case(number).to_json(), review=Review.HELD)
        return violation.violation_id

    def post(self, path: str, word: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Say something about a case."""
        answer = self.client.post(f"/cases/{path}", json=word)
        found: dict[str, Any] = answer.json()
        return answer.status_code, found


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """Serve a site that is not running: deciding needs the store alone."""
    site = site_of(GOOD.replace("./demo-data", str(tmp_path / "data")), tmp_path)
    with (
        Store.open(site.data / "store.sqlite3", site_id=site.site.id) as store,
        serving(site, store) as client,
    ):
        yield Api(site, store, client)


@contextmanager
def serving(site: Site, store: Store) -> Iterator[httpx.Client]:
    """Serve a store on loopback; gives a client that has the token."""
    runner = cast("Runner", SimpleNamespace(site=site, store=store))
    server = ApiServer(runner, host="127.0.0.1", port=0, token=TOKEN)
    server.start()
    headers = {"authorization": f"Bearer {TOKEN}"}
    try:
        with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
            yield client
    finally:
        server.stop()


def test_a_held_case_goes_out_at_a_persons_word(api: Api) -> None:
    """Approved: pending, with the person in its history and beside the evidence."""
    held = api.hold(0)
    status, row = api.post(f"{held}/approve", BY)
    assert (status, row["review"]) == (200, "approved")
    assert api.store.delivery(f"{held}-report").state is DeliveryState.PENDING
    told = [(each["what"], each["by"], each["reason"]) for each in row["history"]]
    assert ("approved", *BY.values()) in told
    verdict = json.loads((api.site.data / "evidence" / "verdicts.jsonl").read_text())
    assert (verdict["by"], verdict["verdict"]) == ("wang", "approved")


def test_a_rejected_case_never_goes_out(api: Api) -> None:
    """And cannot be approved any more."""
    held = api.hold(0)
    status, row = api.post(f"{held}/reject", BY)
    assert (status, row["review"]) == (200, "rejected")
    assert api.store.delivery(f"{held}-report").state is DeliveryState.REJECTED
    status, row = api.post(f"{held}/approve", BY)
    assert status == 409
    assert "rejected" in row["detail"]


def test_a_dead_case_is_posted_again(api: Api) -> None:
    """Retry; a case that is still on its way has nothing to retry when it is held."""
    dead = make_violation(0).violation_id
    api.store.confirm(make_violation(0), None, {})
    (row,) = api.store.claim("courier", lease_s=30)
    api.store.dead(row, error="400 no such code")
    assert api.post(f"{dead}/retry", {"by": "wang"})[0] == 200
    assert api.store.delivery(f"{dead}-report").state is DeliveryState.PENDING
    assert api.post(f"{api.hold(1)}/retry", {"by": "wang"})[0] == 409


@pytest.mark.parametrize(
    ("path", "word", "status"),
    [
        ("{held}/approve", {}, 422),
        ("{held}/approve", {"by": " "}, 422),
        ("{held}/approve", {"by": "x" * 129}, 422),
        ("{held}/approve", {"by": "wang", "force": True}, 422),
        ("{held}/reject", {"by": "wang"}, 422),
        ("{held}/reject", {"by": "wang", "reason": ""}, 422),
        ("nothing/approve", BY, 404),
        ("nothing/reject", BY, 404),
        ("nothing/retry", {"by": "wang"}, 404),
        ("nothing/look", {"by": "wang"}, 404),
        ("{held}/refute", BY, 409),
    ],
)
def test_what_cannot_be_meant_changes_nothing(
    api: Api, path: str, word: dict[str, Any], status: int
) -> None:
    """No name, no reason, no such case: told, and the case is held as before."""
    held = api.hold(0)
    assert api.post(path.format(held=held), word)[0] == status
    assert api.store.case(held).case.review is Review.HELD


def test_without_the_token_nobody_decides(api: Api) -> None:
    """The same guard as before every other path."""
    held = api.hold(0)
    del api.client.headers["authorization"]
    assert api.post(f"{held}/approve", BY)[0] == 401
    assert api.store.case(held).case.review is Review.HELD


def test_a_store_that_is_busy_says_so(api: Api) -> None:
    """503: the same request may be made again."""
    held = api.hold(0)
    path, site_id = api.site.data / "store.sqlite3", api.site.site.id
    with (
        Store.open(path, site_id=site_id, busy_timeout_s=0.1) as store,
        serving(api.site, store) as client,
        api.store.transaction(),
    ):
        api.store.save_watch("camera", {})
        assert client.post(f"/cases/{held}/approve", json=BY).status_code == 503
