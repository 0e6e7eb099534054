"""Updates on their way: to the desk, to servers without the extension, to webhooks and eGova."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from cases import (
    Answer,
    CaseMedia,
    CaseSystem,
    Courier,
    DeliveryState,
    Incomplete,
    Message,
    NoPlace,
    Permanent,
    Review,
    Store,
    Unanswered,
    Update,
    UpdatePayload,
    update_payload,
)
from cases.desk import Desk
from cases.egova import Agreement, Egova
from cases.open311 import Open311
from cases.webhook import Webhook
from tests.case_payloads import make_case
from tests.case_server import CaseServer
from tests.egova_server import CLIENT_ID, CLIENT_SECRET, EgovaServer
from tests.test_cases_courier import FAST, confirm, wait_until
from tests.violations import NOON, make_violation
from tests.webhook_server import WebhookServer

KEY = b"k" * 32
DEADLINE_S = 2.0
PATIENT = replace(FAST, lease_s=6.0, settle_s=2.5)
SHANGHAI = ZoneInfo("Asia/Shanghai")
CLIP = b"\x00\x00\x00\x18ftypisom" + bytes(2000)
"""Its first bytes say MP4; nobody plays it here."""
AGREEMENT = Agreement(
    sender_code="sw", rec_type=(23, "城管案件"), event_src=(8, "物联感知"), timezone=SHANGHAI
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open a store on disk, as a site has it."""
    with Store.open(tmp_path / "store.sqlite3") as opened:
        yield opened


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """Make an evidence root with a clip in it."""
    root = tmp_path / "evidence"
    root.mkdir()
    (root / "clip.mp4").write_bytes(CLIP)
    return root


def payload(message: Message, number: int = 0, answer: Answer | None = None) -> UpdatePayload:
    """Word an update; a clip has its file."""
    clip = CaseMedia(path="clip.mp4", sha256=hashlib.sha256(CLIP).hexdigest())
    return update_payload(
        make_violation(number),
        message,
        at=NOON,
        language="zh-CN",
        timezone=SHANGHAI,
        answer=answer,
        media=(clip,) if message is Message.CLIP else (),
    )


def update(message: Message, remote_id: str | None = "1", number: int = 0) -> Update:
    """Return an update as a courier hands it over."""
    name = f"{make_violation(number).violation_id}-{message}"
    return Update(update_id=name, remote_id=remote_id, payload=payload(message, number))


def deliver(store: Store, system: CaseSystem, count: int) -> None:
    """Run a courier until so many messages are settled."""
    courier = Courier(store, system, settings=PATIENT)
    courier.start()
    settled = {DeliveryState.DELIVERED, DeliveryState.KEPT, DeliveryState.UNRESOLVED}
    wait_until(lambda: sum(row.state in settled for row in store.deliveries()) == count)
    courier.stop()


def tell(store: Store) -> str:
    """Confirm a case, add its clip and its clearing."""
    confirm(store, 1)
    violation = make_violation(0)
    store.add_update(violation.violation_id, Message.CLIP, payload(Message.CLIP).to_json())
    store.clear(violation, "gone", payload(Message.CLEARED).to_json())
    return violation.violation_id


def test_the_desk_shows_clip_and_clearing_below_the_case(store: Store, evidence: Path) -> None:
    """In order, once each, the clip byte for byte."""
    tell(store)
    with Desk(port=0) as desk:
        deliver(store, Open311(desk.open311_url, media_root=evidence, deadline_s=DEADLINE_S), 3)
        (row,) = httpx.get(f"{desk.open311_url}/requests.json").json()
        clip, cleared = row["updates"]
        assert clip["description"].startswith("现场视频片段")
        assert cleared["description"].startswith("现场已清除")
        assert cleared["status"] == "FIXED"
        (item,) = clip["media"]
        assert item["content_type"] == "video/mp4"
        assert httpx.get(desk.url + item["path"]).content == CLIP
    assert {row.state for row in store.deliveries()} == {DeliveryState.DELIVERED}


def test_the_desk_keeps_updates_in_its_folder(evidence: Path, tmp_path: Path) -> None:
    """Over a restart they stand below their case; a second post of one adds nothing."""
    folder = tmp_path / "desk"
    with Desk(port=0, folder=folder) as desk:
        system = Open311(desk.open311_url, media_root=evidence, deadline_s=DEADLINE_S)
        number = system.post(make_case()).remote_id
        first = system.post_update(update(Message.CLIP, number))
        assert system.post_update(update(Message.CLIP, number)) == first
        assert system.find_update(update(Message.CLIP, number), NOON)
        assert not system.find_update(update(Message.CLEARED, number), NOON)
    with Desk(port=0, folder=folder) as desk:
        (row,) = httpx.get(f"{desk.open311_url}/requests.json").json()
    assert [each["update_id"] for each in row["updates"]] == [first.remote_id]
    assert row["updates"][0]["media"][0]["content_type"] == "video/mp4"


def test_where_there_is_no_extension_updates_are_kept(store: Store, evidence: Path) -> None:
    """Both, with the server's words; the case itself is delivered."""
    violation_id = tell(store)
    with CaseServer() as server:
        deliver(store, Open311(server.url, media_root=evidence, deadline_s=DEADLINE_S), 3)
    rows = {row.message: row for row in store.deliveries()}
    assert rows[Message.REPORT].state is DeliveryState.DELIVERED
    for message in (Message.CLIP, Message.CLEARED):
        assert rows[message].state is DeliveryState.KEPT
        assert "takes no updates" in rows[message].last_error
    assert store.case(violation_id).case.review is Review.NONE


def test_a_webhook_hears_of_everything_in_order(store: Store, evidence: Path) -> None:
    """Each event once, by its own type; the clip inside as base64."""
    tell(store)
    with WebhookServer(KEY, ["503", "answer", "cut", "answer"]) as receiver:
        deliver(
            store,
            Webhook(receiver.url, KEY, site_id="s", media_root=evidence, deadline_s=DEADLINE_S),
            3,
        )
        events = [json.loads(body) for body in receiver.kept.values()]
    assert [event["type"].split(".")[-2] for event in events] == ["reported", "clip", "cleared"]
    assert [event["subject"] for event in events] == [make_case(0).case_key] * 3
    (clip,) = events[1]["data"]["pictures"]
    assert base64.b64decode(clip["content_base64"]) == CLIP


def test_a_webhook_hears_only_of_what_it_wants(evidence: Path) -> None:
    """The rest has no place there."""
    with WebhookServer(KEY) as receiver:
        system = Webhook(
            receiver.url, KEY, site_id="s", media_root=evidence, events=("confirmed", "cleared")
        )
        with pytest.raises(NoPlace, match="do not name clip"):
            system.post_update(update(Message.CLIP))
        system.post_update(update(Message.CLEARED))
        assert len(receiver.kept) == 1


def test_a_receiver_tells_how_cases_stand() -> None:
    """Asked with a signature, only about what it was sent; nonsense is asked again later."""
    with WebhookServer(KEY) as receiver:
        system = Webhook(receiver.url, KEY, site_id="s", states_url=receiver.states_url)
        number = system.post(make_case()).remote_id
        assert number is not None
        receiver.told = {number: ("dealt_with", "swept"), "other": ("closed", "")}
        (case,) = system.states([number]).values()
    assert (case.remote_id, case.status, case.notes) == (number, "dealt_with", "swept")


def test_a_pre_alarm_is_an_event_of_its_own() -> None:
    """Another type and another id than its case."""
    case = make_case(event="opened")
    assert case.title.startswith("预警：")
    assert "确认时间" not in case.description
    with WebhookServer(KEY) as receiver:
        Webhook(receiver.url, KEY, site_id="s").post(case)
        ((name, body),) = receiver.kept.items()
    assert name == f"{make_violation(0).violation_id}-opened"
    assert json.loads(body)["type"] == "org.streetwarden.case.opened.v1"


@pytest.mark.parametrize("known", [True, False])
def test_egova_takes_media_and_words(evidence: Path, known: bool) -> None:
    """UPLOAD_MEDIA and UPLOAD_CASE_INFO; a platform that knows only UPDATE_CASE_INFO gets that."""
    with EgovaServer() as platform:
        if not known:
            platform.unknown = {"UPLOAD_CASE_INFO"}
        with closing(
            Egova(platform.url, CLIENT_ID, CLIENT_SECRET, AGREEMENT, media_root=evidence)
        ) as system:
            number = system.post(make_case()).remote_id
            assert system.post_update(update(Message.CLIP, number)).remote_id == number
            system.post_update(update(Message.CLEARED, number))
        clip, cleared = platform.updates
    assert (clip["action"], clip["caseId"]) == ("UPLOAD_MEDIA", make_case().case_key)
    assert clip["medias"][0]["mediaTypeId"] == 2
    assert base64.b64decode(clip["medias"][0]["content"]) == CLIP
    assert cleared["action"] == ("UPLOAD_CASE_INFO" if known else "UPDATE_CASE_INFO")
    assert "现场已清除" in cleared["content"]


def test_egova_without_such_actions_keeps_updates(evidence: Path) -> None:
    """And one that cannot be asked about them leaves a doubtful one to a person."""
    with EgovaServer() as platform:
        platform.unknown = {"UPLOAD_MEDIA", "UPLOAD_CASE_INFO", "UPDATE_CASE_INFO"}
        system = Egova(platform.url, CLIENT_ID, CLIENT_SECRET, AGREEMENT, media_root=evidence)
        for message in (Message.CLIP, Message.CLEARED):
            with pytest.raises(NoPlace, match="takes no such updates"):
                system.post_update(update(message, "1/2"))
        with pytest.raises(Permanent, match="cannot be asked"):
            system.find_update(update(Message.CLIP, "1/2"), NOON)


def test_an_unanswered_update_is_looked_up_before_it_is_sent_again(
    store: Store, evidence: Path
) -> None:
    """A server with the extension that answers badly has each update once."""
    tell(store)
    with CaseServer() as server:
        server.takes_updates = True
        server.update_behaviours.extend(["500_stored", "answer", "500", "cut", "answer"])
        deliver(store, Open311(server.url, media_root=evidence, deadline_s=DEADLINE_S), 3)
        assert len(server.updates) == 2
    assert {row.state for row in store.deliveries()} == {DeliveryState.DELIVERED}


def test_required_attributes_hold_a_case_with_the_reason(store: Store) -> None:
    """Nothing is posted; with the attribute given an approved case goes out."""
    confirm(store, 1)
    asked = [
        {"variable": True, "code": "DEPTH", "required": True, "description": "how deep"},
        {"variable": False, "code": "NOTE", "required": True},
        {"variable": True, "code": "COLOUR", "required": False},
    ]
    with Desk(port=0, attributes=asked) as desk:
        system = Open311(desk.open311_url, deadline_s=DEADLINE_S)
        with pytest.raises(
            Incomplete, match=r"asks for DEPTH \(how deep\).*case_system.attributes"
        ):
            system.post(make_case())
        courier = Courier(store, system, settings=PATIENT)
        courier.start()
        wait_until(lambda: store.deliveries()[0].state is DeliveryState.HELD)
        courier.stop()
        (row,) = store.deliveries()
        assert "DEPTH" in row.last_error
        given = {"DEPTH": "{dwell}", "NOTE": "x"}
        store.approve(row.violation_id, by="li")
        deliver(store, Open311(desk.open311_url, attributes=given, deadline_s=DEADLINE_S), 1)
    assert store.deliveries()[0].state is DeliveryState.DELIVERED


def test_a_number_that_cannot_be_kept_is_refused_clearly(store: Store) -> None:
    """Cut, it would name another case: the delivery ends unresolved and says why."""
    confirm(store, 1)
    with CaseServer() as server:
        server.numbers = "9" * 129
        system = Open311(server.url, deadline_s=DEADLINE_S)
        with pytest.raises(Unanswered, match="129 characters"):
            system.post(make_case(1))
        deliver(store, system, 1)
    (row,) = store.deliveries()
    assert row.state is DeliveryState.UNRESOLVED
    assert "129 characters: at most 128" in row.last_error
