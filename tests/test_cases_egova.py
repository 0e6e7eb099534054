"""The eGova client against a stand-in for the platform, over real sockets."""

import base64
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

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
from cases.egova import AddressRefused, Agreement, Egova
from cases.system import Followed
from configs import Place
from tests.case_payloads import make_case, make_evidence
from tests.egova_server import BASE, CLIENT_ID, CLIENT_SECRET, LOSING, STORING, EgovaServer
from tests.violations import make_violation

DEADLINE_S = 1.0
AGREED = Agreement(
    sender_code="sw",
    rec_type=(23, "城管"),
    event_src=(8, "物联感知"),
    timezone=ZoneInfo("Asia/Shanghai"),
    fields={"districtId": "370203"},
)
SINCE = datetime(2026, 1, 5, tzinfo=UTC)
FAST = CourierSettings(
    lease_s=3.0,
    settle_s=1.1,
    poll_s=0.05,
    row=Backoff(base_s=0.05, cap_s=0.2),
    pause=Backoff(base_s=0.02, cap_s=0.1),
    threads=6,
)


def client(server: EgovaServer, secret: str = CLIENT_SECRET, root: Path | None = None) -> Egova:
    """Return a client with a short deadline."""
    return Egova(server.url, CLIENT_ID, secret, AGREED, media_root=root, deadline_s=DEADLINE_S)


@pytest.fixture
def server() -> Iterator[EgovaServer]:
    """Run a platform that answers properly."""
    with EgovaServer() as running:
        yield running


def test_a_case_is_reported_with_all_that_is_required(server: EgovaServer, tmp_path: Path) -> None:
    """Fields of the document, times of the city, pictures as base64; the number comes back."""
    evidence = make_evidence(tmp_path, stills=2)
    case = make_case(evidence=evidence, root=tmp_path)
    receipt = client(server, root=tmp_path).post(case)
    (record,) = server.records
    assert receipt.remote_id == "880001/2026000001"
    assert record["caseId"] == case.case_key
    assert record["registerTime"] == f"{case.confirmed_at.astimezone(AGREED.timezone):%F %T}"
    assert (record["recTypeId"], record["eventSrcName"]) == (23, "物联感知")
    assert (record["subTypeId"], record["subTypeName"]) == ("09009", "机动车乱停放")
    assert (record["coordinateX"], record["coordinateY"]) == (120.3719, 36.0986)
    assert (record["cellId"], record["districtId"]) == ("370203001001001", "370203")
    assert record["eventDesc"] == case.description
    assert "disposeDeadlineTime" not in record
    stills = [file.path.read_bytes() for file in evidence.files if file.kind == "annotated"]
    assert [base64.b64decode(media["content"]) for media in record["medias"]] == stills
    assert {media["mediaUsage"] for media in record["medias"]} == {"上报"}


def test_a_deadline_is_told_in_local_time(server: EgovaServer) -> None:
    """Times of the platform bear no offset."""
    due = datetime(2026, 1, 5, 7, 30, tzinfo=UTC)
    client(server).post(replace(make_case(), due_at=due))
    assert server.records[0]["disposeDeadlineTime"] == "2026-01-05 15:30:00"


def test_a_case_without_an_address_says_where_it_is(server: EgovaServer) -> None:
    """An address is required: coordinates stand in."""
    client(server).post(make_case(place=Place(lat=36.1, lon=120.4)))
    assert server.records[0]["address"] == "36.100000, 120.400000"


def test_pictures_are_bounded(
    server: EgovaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit stays behind; a platform that takes no pictures gets the bare case."""
    evidence = make_evidence(tmp_path, stills=3)
    case = make_case(evidence=evidence, root=tmp_path)
    size = max(file.path.stat().st_size for file in evidence.files)
    monkeypatch.setattr("cases.egova.report._PICTURES_BYTES", 2 * size)
    system = client(server, root=tmp_path)
    server.behaviours.extend(["answer", "413"])
    system.post(case)
    with pytest.raises(Transient):
        system.post(case)
    system.post(case)
    assert [len(record["medias"]) for record in server.records] == [2, 0]


def test_one_token_serves_many_requests(server: EgovaServer) -> None:
    """It is fetched once, sent in a header, and stands in no address."""
    system = client(server)
    system.post(make_case(0))
    system.post(make_case(1))
    assert system.find(make_case(1).case_key, SINCE) is not None
    assert len(server.issued) == 1
    assert not any(server.issued[0] in line or "token=" in line for line in server.lines)


@pytest.mark.parametrize("expires_in", [0.05, "soon", None, True, -1])
def test_a_token_is_renewed(server: EgovaServer, expires_in: object) -> None:
    """One that has ended on the platform costs one request, whatever its answer said."""
    server.expires_in = expires_in
    system = client(server)
    system.post(make_case(0))
    server.tokens.clear()
    server.expires_in = 7200
    with pytest.raises(Transient, match="not logged in"):
        system.post(make_case(1))
    system.post(make_case(1))
    assert server.keys == [make_case(0).case_key, make_case(1).case_key]
    assert len(server.issued) == 2


def test_a_wrong_secret_refuses_no_case(server: EgovaServer) -> None:
    """A password that has ended is mended by a person; the cases wait for that."""
    with pytest.raises(Transient, match="-400005") as raised:
        client(server, secret="s3cret-but-wrong").post(make_case())
    assert "s3cret" not in str(raised.value)
    assert server.records == []


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("-400002", Permanent),
        ("-400003", Permanent),
        ("-400004", Permanent),
        ("-400001", Transient),
        ("-400006", Transient),
        ("expired", Transient),
        ("429", Transient),
        ("503_wait", Transient),
        ("401", Transient),
        ("307", Permanent),
        ("404", Permanent),
        ("-500001", Unanswered),
        ("-500003", Unanswered),
        ("-1", Unanswered),
        ("-777777", Unanswered),
        ("500", Unanswered),
        ("200", Unanswered),  # HTML
        ("no_number", Unanswered),
        ("other_uid", Unanswered),
        ("drop", Unanswered),
        ("hang", Unanswered),
    ],
)
def test_answers_are_sorted(
    server: EgovaServer, behaviour: str, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    """By code, not by `success`; nothing that the platform echoes shows a secret."""
    server.behaviours.append(behaviour)
    with caplog.at_level(logging.DEBUG), pytest.raises(error) as raised:
        client(server).post(make_case())
    said = f"{raised.value} {caplog.text}"
    assert CLIENT_SECRET not in said
    assert not any(token in said for token in server.issued)


def test_flags_that_contradict_are_not_asked(server: EgovaServer) -> None:
    """`success: false` and `hasError: true` beside code 0 and a number: taken."""
    server.behaviours.append("contradicting")
    assert client(server).post(make_case()).remote_id == "880001/2026000001"


@pytest.mark.parametrize("words", [True, False])
def test_a_case_is_found_by_its_key(server: EgovaServer, words: bool) -> None:
    """Its number and state; None where the platform says that there is none, in either way."""
    server.absent_words = words
    system = client(server)
    system.post(make_case(0))
    found = system.find(make_case(0).case_key, SINCE)
    assert found is not None
    assert (found.remote_id, found.status) == ("880001/2026000001", "派遣")
    assert system.find(make_case(1).case_key, SINCE) is None
    assert system.states(["880001/2026000001", "880002/2026000002"]) == {found.remote_id: found}
    assert isinstance(system, Followed)
    asked = len(server.lines)
    assert system.states(["880001/2026000001"]) == {}
    assert len(server.lines) == asked, "the platform asks for pauses between queries"


@pytest.mark.parametrize("lookups", ["trouble", "html", "hang", "other_uid"])
def test_absence_is_concluded_from_clear_answers_only(server: EgovaServer, lookups: str) -> None:
    """Trouble, a login page, silence, somebody else's answer: ask again, never "not there"."""
    server.lookups = lookups
    with pytest.raises(Transient):
        client(server).find(make_case().case_key, SINCE)


def test_only_allowed_hosts_are_spoken_to() -> None:
    """A host outside the allow-list is refused before anything is sent."""
    with pytest.raises(AddressRefused):
        Egova(f"http://127.0.0.1:9{BASE}", CLIENT_ID, CLIENT_SECRET, AGREED, ["city.example"])


def test_every_case_becomes_one_record(tmp_path: Path) -> None:
    """Through every fault, on a platform that makes a record of each report: once, all of them.

    Some posts were marked by a courier that was killed, before or after the platform had them.
    """
    count = 24
    with (
        EgovaServer([*STORING, *LOSING] * 2) as server,
        Store.open(tmp_path / "store.sqlite3") as store,
    ):
        system = client(server)
        for number in range(count):
            store.confirm(make_violation(number), None, make_case(number).to_json())
        server.behaviours.appendleft("answer")
        for number, row in enumerate(store.claim("killed", lease_s=0.5, limit=4)):
            store.sending(row)  # and never heard of again
            if number % 2:
                server.keep({"caseId": row.case_key})
        courier = Courier(store, system, settings=FAST)
        courier.start()
        try:
            end_s = time.monotonic() + 60.0
            while store.counts().deliveries[DeliveryState.DELIVERED] < count:
                assert time.monotonic() < end_s, store.counts().deliveries
                time.sleep(0.02)
        finally:
            courier.stop(timeout_s=10.0)
        rows = store.deliveries()
    assert sorted(server.keys) == sorted(row.case_key for row in rows)
    numbers = {
        record["caseId"]: f"{record['recId']}/{record['taskNum']}" for record in server.records
    }
    assert {row.case_key: row.remote_case_id for row in rows} == numbers
    assert courier.counters()["looked_up"] >= 4
