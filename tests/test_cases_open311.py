"""The Open311 client against a server that answers as real ones do, over real sockets."""

import hashlib
import logging
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore
import pytest

from cases import Permanent, Transient, Unanswered
from cases.open311 import AddressRefused, Open311
from cases.system import DeliveryError
from cases.transport import _TRANSLATED
from tests.case_payloads import make_case, make_evidence
from tests.case_server import CaseServer

KEY = "s3cret-key"
DEADLINE_S = 1.0


def client(server: CaseServer, **options: object) -> Open311:
    """Return a client with a short deadline."""
    return Open311(server.url, KEY, deadline_s=DEADLINE_S, **options)  # type: ignore[arg-type]  # passed on


def test_a_case_is_posted_as_a_form() -> None:
    """Form-encoded UTF-8 with every GeoReport parameter, and the number comes back."""
    case = make_case()
    with CaseServer() as server:
        receipt = client(server).post(case)
    (request,) = server.stored
    assert receipt.remote_id == "1"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert request.fields == {
        "api_key": KEY,
        "service_code": "09009",
        "lat": "36.0986000",
        "long": "120.3719000",
        "address_string": "市北区营口路",
        "description": case.description,
    }


def test_pictures_go_with_the_case(tmp_path: Path) -> None:
    """Annotated stills are uploaded as they lie on disk; originals stay."""
    evidence = make_evidence(tmp_path, stills=2)
    with CaseServer() as server:
        client(server, media_root=tmp_path).post(make_case(evidence=evidence, root=tmp_path))
    (request,) = server.stored
    annotated = [file.path.read_bytes() for file in evidence.files if file.kind == "annotated"]
    assert request.files == [("image/jpeg", content) for content in annotated]
    assert request.fields["api_key"] == KEY


def test_a_picture_that_is_not_the_one_stays_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Changed, missing, foreign or outside files are left out, named in the log; the case goes."""
    root = tmp_path / "evidence"
    evidence = make_evidence(root, stills=5)
    case = make_case(evidence=evidence, root=root)
    paths = [root / item.path for item in case.media]
    paths[0].write_bytes(paths[0].read_bytes() + b"x")
    paths[1].unlink()
    outside = tmp_path / "secret.jpg"
    paths[2].rename(outside)
    paths[2].symlink_to(outside)
    with CaseServer() as server, caplog.at_level(logging.ERROR):
        client(server, media_root=root).post(case)
    (request,) = server.stored
    assert [content for _, content in request.files] == [path.read_bytes() for path in paths[3:]]
    assert [record.message.split(": ", 2)[2] for record in caplog.records] == [
        "has changed since it was written",
        f"[Errno 2] No such file or directory: '{paths[1]}'",
        "lies outside the evidence folder",
    ]


def test_a_server_without_uploads_gets_the_case_without_pictures(tmp_path: Path) -> None:
    """415 is not the end of the case: the next try comes as a plain form."""
    case = make_case(evidence=make_evidence(tmp_path), root=tmp_path)
    with CaseServer(["415"]) as server:
        system = client(server, media_root=tmp_path)
        with pytest.raises(Transient):
            system.post(case)
        system.post(case)
    assert [request.files for request in server.stored] == [[]]


@pytest.mark.parametrize(
    ("behaviour", "remote_id"),
    [
        ("answer", "1"),  # 201 with a list
        ("numeric", "1"),  # an id that is a number
        ("object", "1"),  # no list around it
        ("mislabelled", "1"),  # JSON that says it is HTML
        ("blackbox", None),  # never tells a number
    ],
)
def test_receipts_of_real_servers_are_understood(behaviour: str, remote_id: str | None) -> None:
    """Every form of a good answer is one."""
    with CaseServer([behaviour]) as server:
        assert client(server).post(make_case()).remote_id == remote_id


@pytest.mark.parametrize(
    ("behaviour", "branch", "text"),
    [
        ("late", Unanswered, "ReadTimeout"),
        ("cut", Unanswered, "ReadError|RemoteProtocolError"),
        ("cut_mid", Unanswered, "ReadError|RemoteProtocolError"),
        ("drop", Unanswered, "ReadError|RemoteProtocolError"),
        ("drip", Unanswered, "ReadTimeout"),  # every byte is in time, the reply is not
        ("drip_headers", Unanswered, "ReadTimeout"),
        ("slow_read", Unanswered, "ReadTimeout"),
        ("huge", Unanswered, "larger than"),
        ("html", Unanswered, "no JSON"),
        ("gibberish", Unanswered, "no JSON"),
        ("maintenance", Unanswered, "no receipt"),  # JSON, but nothing was taken for all we know
        ("500_stored", Unanswered, "HTTP 500"),
        ("502_stored", Unanswered, "HTTP 502"),
        ("500", Unanswered, "HTTP 500: no"),
        ("503", Unanswered, "HTTP 503"),
        ("408", Unanswered, "HTTP 408"),
        ("303_stored", Unanswered, "HTTP 303"),  # what forms answer after storing
        ("503_wait", Transient, "HTTP 503"),
        ("429", Transient, "HTTP 429: slow down"),
        ("307", Permanent, "redirects are not followed"),
        ("400", Permanent, "HTTP 400: lat/long is outside the city"),
        ("400_detail", Permanent, "HTTP 400: bad service_code"),
        ("400_errors", Permanent, "HTTP 400: bad"),
        ("400_texts", Permanent, "HTTP 400: lat is required"),
        ("200_error", Permanent, "HTTP 403: bad api_key"),
        ("403", Permanent, r"api_key is invalid: \*\*\*"),  # it sends the key back
    ],
)
def test_failures_are_told_apart_by_what_can_be_done(
    behaviour: str, branch: type[DeliveryError], text: str
) -> None:
    """Try later, give up, or look it up first: and all of it within the deadline."""
    case = make_case()
    with CaseServer([behaviour]) as server:
        system = client(server)
        began_s = time.monotonic()
        with pytest.raises(branch, match=text) as raised:
            system.post(case)
    assert time.monotonic() - began_s < DEADLINE_S + 1.0
    assert KEY not in str(raised.value)


def test_a_server_that_does_not_read_ends_at_the_deadline(tmp_path: Path) -> None:
    """An upload larger than every buffer, and a server that takes none of it."""
    evidence = make_evidence(tmp_path, stills=2)
    case = make_case(evidence=evidence, root=tmp_path)
    with CaseServer(["slow_read"], hang_s=20.0) as server:
        system = client(server, media_root=tmp_path)
        grown = case.to_json()
        padded = b"\xff\xd8\xff" + b"\0" * (9 * 1024 * 1024)
        for item in grown["media"]:
            (tmp_path / item["path"]).write_bytes(padded)
            item["sha256"] = hashlib.sha256(padded).hexdigest()
        began_s = time.monotonic()
        with pytest.raises(Unanswered, match=r"WriteTimeout|ReadTimeout"):
            system.post(type(case).from_json(grown))
    assert time.monotonic() - began_s < DEADLINE_S + 1.0


def test_what_the_server_asks_to_wait_is_passed_on() -> None:
    """Retry-After of a 429 reaches the courier."""
    with CaseServer(["429"]) as server, pytest.raises(Transient) as raised:
        client(server).post(make_case())
    assert raised.value.retry_after_s == 1.0


def test_a_server_that_is_down_was_never_reached() -> None:
    """A refused connection is no unanswered post: nothing has to be looked up."""
    with CaseServer() as server:
        pass
    with pytest.raises(Transient, match="ConnectError"):
        client(server).post(make_case())
    with pytest.raises(Transient, match="ConnectError"):
        client(server).find("SW-x", datetime.now(UTC))


@pytest.mark.parametrize("behaviour", ["303_stored", "307"])
def test_no_redirect_is_followed(behaviour: str) -> None:
    """The place that a redirect names is never spoken to, neither by a post nor by a look-up."""
    with CaseServer() as trap, CaseServer([behaviour]) as server:
        server.elsewhere = f"{trap.url}/requests.json"
        server.lists = "redirect"
        with pytest.raises(DeliveryError):
            client(server).post(make_case())
        with pytest.raises(Permanent):
            client(server).find("SW-x", datetime.now(UTC))
        assert len(server.hits) == 3  # the services, the post, the list: one each
        assert trap.hits == []


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that somebody sets cannot send cases through a foreign machine."""
    with CaseServer() as trap, CaseServer() as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, trap.url)
        client(server).post(make_case())
        assert trap.hits == []
        assert len(server.stored) == 1


def test_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the key nor what stands in the address's query, at any level of any logger."""
    with caplog.at_level(logging.DEBUG), CaseServer(["403"]) as server:
        system = Open311(f"{server.url}?jurisdiction_id=jx&token=qu3ry-secret", KEY)
        with pytest.raises(Permanent):
            system.post(make_case())
        system.post(make_case())
        system.find(make_case().case_key, datetime.now(UTC))
    assert all("jurisdiction_id=jx&token=qu3ry-secret" in hit for hit in server.hits)
    told = caplog.text + repr(system)
    assert KEY not in told
    assert "qu3ry-secret" not in told
    assert "Open311(http://127.0.0.1:" in told


@pytest.mark.parametrize(
    ("url", "allow", "text"),
    [
        ("http://cases.example/open311/v2", ["other.example"], "cases.example is not in allow"),
        ("http://10.2.0.9/v2", ["10.1.0.0/16"], "10.2.0.9 is not in allow"),
        ("http://user:pa55word@cases.example/", [], "holds a user or a password"),
        ("ftp://cases.example/", [], "http:// or https://"),
        ("http:///open311", [], "http:// or https://"),
        ("http://[::1/", [], "cannot be read"),
        ("http://cases.example:99999/", [], "cannot be read"),
        ("http://" + "a" * 70 + ".example/", [], "cannot be read"),
    ],
)
def test_only_allowed_addresses_are_called(url: str, allow: list[str], text: str) -> None:
    """An address outside the list, or one that carries a password, is refused at once."""
    with pytest.raises(AddressRefused, match=re.escape(text)) as raised:
        Open311(url, KEY, allow)
    assert "pa55word" not in str(raised.value)
    assert KEY not in str(raised.value)


def test_every_error_of_the_http_library_is_translated() -> None:
    """A release that grows a new error makes this fail, before it ends a courier."""
    theirs = {
        error
        for name in dir(httpcore)
        if isinstance(error := getattr(httpcore, name), type) and issubclass(error, Exception)
    }
    bases = {httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError}
    assert theirs - bases == set(_TRANSLATED)


def test_a_token_becomes_a_number() -> None:
    """A batch server's token is asked about for a few seconds."""
    with CaseServer(["token"]) as server:
        server.token_polls = 1
        receipt = Open311(server.url, deadline_s=5.0).post(make_case())
    assert receipt.remote_id == "after-t-1"


def test_a_token_without_a_number_yet_is_a_receipt() -> None:
    """The case is taken, whenever its number comes."""
    with CaseServer(["token"]) as server:
        server.token_polls = 100
        receipt = client(server).post(make_case())
    assert (receipt.remote_id, receipt.token) == (None, "t-1")


def test_a_duplicate_is_looked_up() -> None:
    """400 "duplicate" means that the case is there: its number is found, nothing is lost."""
    case = make_case()
    with CaseServer() as server:
        server.refuses_duplicates = True
        first = client(server).post(case)
        assert client(server).post(case) == first
        server.hidden = True
        with pytest.raises(Unanswered, match="does not list"):
            client(server).post(case)
        assert len(server.stored) == 1


# Looking up


def test_a_case_is_found_by_its_key_among_others() -> None:
    """Only the request whose text has the key as a whole word is the case."""
    with CaseServer() as server:
        system = client(server)
        for number in range(3):
            system.post(make_case(number))
        since = datetime.now(UTC)
        found = system.find(make_case(1).case_key, since)
        assert found is not None
        assert (found.remote_id, found.status) == ("2", "open")
        assert system.find(make_case(1).case_key[:-1], since) is None
        assert system.find(make_case(1).case_key.upper(), since) is not None
        assert system.find(make_case(7).case_key, since) is None


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("cap", [10, 25, 100])
def test_a_case_is_found_although_the_server_lists_few(cap: int, newest_first: bool) -> None:
    """Whatever end of the list is cut off: the case is found, and an absent one is known absent."""
    with CaseServer() as server:
        now = datetime.now(UTC)
        server.preload(150, lambda number: now - timedelta(seconds=20 * number))
        ours = client(server).post(make_case())
        server.preload(150, lambda number: now + timedelta(seconds=20 * number))
        server.cap, server.newest_first = cap, newest_first
        system = Open311(server.url)
        found = system.find(make_case().case_key, now)
        assert found is not None
        assert found.remote_id == ours.remote_id
        assert system.find(make_case(1).case_key, now) is None


def test_a_server_that_cannot_be_asked_says_neither_yes_nor_no() -> None:
    """Absence is only ever concluded from a list that is one."""
    now = datetime.now(UTC)
    for lists, branch in [
        ("404", Permanent),
        ("redirect", Permanent),
        ("500", Transient),
        ("html", Transient),
        ("maintenance", Transient),  # JSON, but no list
        ("huge", Transient),
        ("hang", Transient),
    ]:
        with CaseServer() as server:
            client(server).post(make_case())
            server.lists = lists
            with pytest.raises(DeliveryError) as raised:
                client(server).find(make_case(1).case_key, now)
            assert type(raised.value) is branch, lists


def test_a_server_that_ignores_dates_and_cuts_cannot_be_asked() -> None:
    """The newest 50 of a year say nothing about an hour."""
    with CaseServer() as server:
        now = datetime.now(UTC)
        server.preload(200, lambda number: now - timedelta(days=number))
        server.ignores_dates, server.cap = True, 50
        with pytest.raises(Permanent, match="by time"):
            client(server).find(make_case().case_key, now)
