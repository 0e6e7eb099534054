"""Signed webhooks over real sockets, and what a receiver is told to do in the guide."""

import base64
import json
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cases import (
    Backoff,
    Courier,
    CourierSettings,
    DeliveryState,
    Permanent,
    Store,
    Transient,
    Unanswered,
)
from cases.webhook import AddressRefused, BadSignature, Webhook, sign, verify_signature
from tests.case_payloads import make_case, make_evidence
from tests.conftest import REPOSITORY
from tests.violations import make_violation
from tests.webhook_server import LOSING, STORING, WebhookServer

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
DEADLINE_S = 0.6
FAST = CourierSettings(
    lease_s=2.0,
    settle_s=0.7,
    poll_s=0.05,
    row=Backoff(base_s=0.05, cap_s=0.2),
    pause=Backoff(base_s=0.02, cap_s=0.1),
    threads=6,
)


def webhook(server: WebhookServer, **options: object) -> Webhook:
    """Return a client with a short deadline."""
    settings = {"site_id": "demo", "deadline_s": DEADLINE_S} | options
    return Webhook(server.url, KEY, **settings)  # type: ignore[arg-type]  # passed on


def guide_example() -> Callable[[str, dict[str, str], bytes], str | None]:
    """Run the receiver of docs/webhook.md and return it."""
    guide = (REPOSITORY / "docs" / "webhook.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    names: dict[str, Callable[[str, dict[str, str], bytes], str | None]] = {}
    exec(compile(code, "docs/webhook.md", "exec"), names)  # noqa: S102  # our own guide
    return names["accept"]


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The test vector of the Standard Webhooks reference libraries comes out."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    name = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    headers = sign(key, name, 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_case_arrives_as_a_cloud_event(tmp_path: Path) -> None:
    """Every attribute that CloudEvents asks for, the case as data, the pictures inside."""
    evidence = make_evidence(tmp_path, stills=2)
    case = make_case(evidence=evidence, root=tmp_path)
    with WebhookServer(KEY) as server:
        receipt = webhook(server, media_root=tmp_path).post(case)
    ((name, body),) = server.kept.items()
    event = json.loads(body)
    violation_id = make_violation(0).violation_id
    assert receipt.remote_id == name == event["id"] == f"{violation_id}-report"
    assert (event["specversion"], event["datacontenttype"]) == ("1.0", "application/json")
    assert (event["source"], event["type"]) == (
        "/streetwarden/demo",
        "org.streetwarden.case.reported.v1",
    )
    assert (event["subject"], event["time"]) == (case.case_key, case.confirmed_at.isoformat())
    assert event["data"]["description"] == case.description
    assert event["data"]["code"]["code"] == "09009"
    stills = [file.path.read_bytes() for file in evidence.files if file.kind == "annotated"]
    sent = [base64.b64decode(each["content_base64"]) for each in event["data"]["pictures"]]
    assert sent == stills
    assert str(tmp_path) not in body.decode()
    assert server.headers[0]["content-type"].startswith("application/cloudevents+json")


def test_pictures_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit any more stays behind, and the case goes."""
    evidence = make_evidence(tmp_path, stills=3)
    size = max(file.path.stat().st_size for file in evidence.files)
    monkeypatch.setattr("cases.webhook.client._PICTURES_BYTES", 2 * size)
    with WebhookServer(KEY) as server:
        webhook(server, media_root=tmp_path).post(make_case(evidence=evidence, root=tmp_path))
    (body,) = server.kept.values()
    assert len(json.loads(body)["data"]["pictures"]) == 2


def test_the_receiver_of_the_guide_takes_what_we_send() -> None:
    """The example in docs/webhook.md accepts a real request, and nothing that was changed."""
    accept = guide_example()
    body, at = b'{"specversion":"1.0"}', int(time.time())
    good = sign(KEY, "a-report", at, body)
    assert accept(SECRET, good, body) == "a-report"
    assert accept(SECRET, good, body + b" ") is None
    assert accept(SECRET, good | {"webhook-id": "b-report"}, body) is None
    assert accept(SECRET, good | {"webhook-timestamp": str(at + 1)}, body) is None
    assert accept(SECRET, sign(KEY, "a-report", at - 400, body), body) is None
    assert accept("whsec_" + base64.b64encode(b"x" * 32).decode(), good, body) is None


@pytest.mark.parametrize(
    ("change", "now_s", "body"),
    [
        ({"webhook-id": "other"}, 1000.0, b"{}"),
        ({"webhook-timestamp": "1001"}, 1000.0, b"{}"),
        ({"webhook-timestamp": "١٠٠٠"}, 1000.0, b"{}"),  # digits, but not ASCII
        ({"webhook-signature": "v1,AAAA"}, 1000.0, b"{}"),
        ({"webhook-signature": ""}, 1000.0, b"{}"),
        ({}, 1301.0, b"{}"),  # replayed too late
        ({}, 699.0, b"{}"),  # from the future
        ({}, 1000.0, b"{ }"),
    ],
)
def test_what_is_not_signed_so_is_refused(
    change: dict[str, str], now_s: float, body: bytes
) -> None:
    """Another id, time, signature or body is refused, and so is what is too old."""
    headers = sign(KEY, "name", 1000, b"{}")
    assert verify_signature(KEY, headers, b"{}", now_s=1300.0) == "name"
    with pytest.raises(BadSignature):
        verify_signature(KEY, headers | change, body, now_s=now_s)


def test_a_new_key_can_stand_beside_the_old_one() -> None:
    """Of several signatures one that fits is enough: keys are changed without a gap."""
    old, new = sign(KEY, "n", 1000, b"{}"), sign(b"x" * 32, "n", 1000, b"{}")
    both = f"{old['webhook-signature']} {new['webhook-signature']}"
    headers = old | {"webhook-signature": both}
    assert verify_signature(b"x" * 32, headers, b"{}", now_s=1000.0) == "n"


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("400", Permanent),
        ("410", Permanent),
        ("redirect", Permanent),
        ("429", Transient),
        ("503", Transient),
        ("drop", Unanswered),
        ("hang", Unanswered),
        ("huge", Unanswered),
    ],
)
def test_answers_are_sorted(
    behaviour: str, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    """By what can be done next; no error or log shows the key or the address's query."""
    with WebhookServer(KEY, [behaviour]) as server, caplog.at_level(logging.DEBUG):
        client = Webhook(f"{server.url}?key=s3cret", KEY, site_id="demo", deadline_s=DEADLINE_S)
        with pytest.raises(error) as raised:
            client.post(make_case())
    said = f"{raised.value} {client!r} {caplog.text}"
    assert "s3cret" not in said
    assert SECRET[6:] not in said


def test_only_allowed_hosts_are_spoken_to() -> None:
    """A host outside the allow-list, another scheme, a user in the address: refused."""
    for url in ("http://127.0.0.1/", "ftp://hooks.example/", "https://me:pw@hooks.example/"):
        with pytest.raises(AddressRefused):
            Webhook(url, KEY, ["hooks.example"], site_id="demo")


def test_every_event_is_kept_once_and_none_is_unresolved(tmp_path: Path) -> None:
    """Through every fault, and through marks that a killed courier left behind.

    Nothing is looked up; second posts carry the same id and the same body.
    """
    count = 30
    faults = [*STORING, *LOSING] * 2
    with (
        WebhookServer(KEY, faults) as server,
        Store.open(tmp_path / "store.sqlite3") as store,
    ):
        for number in range(count):
            store.confirm(make_violation(number), None, make_case(number).to_json())
        for row in store.claim("killed", lease_s=0.5, limit=5):
            store.sending(row)  # and never heard of again
        courier = Courier(store, webhook(server), settings=FAST)
        courier.start()
        try:
            end_s = time.monotonic() + 60.0
            while store.counts().deliveries[DeliveryState.DELIVERED] < count:
                assert time.monotonic() < end_s, store.counts().deliveries
                time.sleep(0.02)
        finally:
            courier.stop(timeout_s=10.0)
        rows = store.deliveries()
    assert sorted(server.kept) == sorted(row.delivery_id for row in rows)
    assert len(server.arrived) > count, "nothing was posted twice: the test proves nothing"
    assert courier.counters().get("looked_up", 0) == 0
