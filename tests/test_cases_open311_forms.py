"""What servers differ in: XML, service codes, attributes, tokens, lists by id."""

import time
from datetime import UTC, datetime

import pytest

from cases import Permanent, Transient, Unanswered
from cases.open311 import Open311, attribute_facts, replies, unknown_facts
from cases.open311.geo_xml import NotGeoReport, parsed
from cases.system import Followed, NumberedLater
from tests.case_payloads import make_case
from tests.case_server import BOMB, SERVICES, CaseServer

DEADLINE_S = 1.5


def client(server: CaseServer, **options: object) -> Open311:
    """Return a client with a short deadline."""
    return Open311(server.url, "s3cret-key", deadline_s=DEADLINE_S, **options)  # type: ignore[arg-type]  # passed on


# XML


def test_an_answer_in_xml_is_understood() -> None:
    """On the JSON address too, whatever its content type."""
    with CaseServer(["xml"]) as server:
        assert client(server).post(make_case()).remote_id == "1"


@pytest.mark.parametrize("discovery", [True, False])
def test_a_server_that_speaks_xml_alone_is_spoken_to_in_xml(discovery: bool) -> None:
    """Its 404 refuses the format, not the case: the next try, look-ups and states are XML."""
    case = make_case()
    with CaseServer() as server:
        server.xml_only = True
        if discovery:
            server.discovery = (
                "<discovery><endpoints><endpoint><url>u</url><formats><format>text/xml</format>"
                "</formats></endpoint></endpoints></discovery>"
            )
        else:
            server.services = [*SERVICES, {"service_code": case.code.code, "service_name": "x"}]
        system = client(server)
        with pytest.raises(Transient, match="XML alone"):
            system.post(case)
        assert system.post(case).remote_id == "1"
        found = system.find(case.case_key, datetime.now(UTC))
        assert found is not None
        assert (found.remote_id, found.status) == ("1", "open")
        assert system.find(make_case(1).case_key, datetime.now(UTC)) is None
        assert system.states(["1"])["1"].status == "open"
        server.behaviours.append("400_xml")
        with pytest.raises(Permanent, match="HTTP 400: lat is required"):
            system.post(case)
        assert len(server.stored) == 1


def test_a_look_up_finds_out_about_xml_too() -> None:
    """After a restart the first question may be a look-up."""
    case = make_case()
    with CaseServer() as server:
        server.discovery = "<discovery><formats><format>text/xml</format></formats></discovery>"
        client(server).post(case)
        server.xml_only = True
        found = client(server).find(case.case_key, datetime.now(UTC))
        assert found is not None
        assert found.remote_id == "1"


@pytest.mark.parametrize("behaviour", ["dtd", "bomb"])
def test_xml_with_a_doctype_is_no_answer(behaviour: str) -> None:
    """Nothing of it is expanded, and whether the case was taken is not known."""
    with CaseServer([behaviour]) as server:
        began_s = time.monotonic()
        with pytest.raises(Unanswered, match="DOCTYPE"):
            client(server).post(make_case())
        assert time.monotonic() - began_s < DEADLINE_S
        server.lists = "dtd"
        with pytest.raises(Transient, match="DOCTYPE"):
            client(server).find(make_case().case_key, datetime.now(UTC))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><services/>', "DOCTYPE"),
        ('<?xml version="1.0"?><!DOCTYPE services><services/>', "DOCTYPE"),
        ("<html>please log in</html>", "no GeoReport document"),
        ("<services><service>", "no XML"),
        ("<services></services><x/>", "no XML"),
        ("<services>&a;</services>", "no XML"),
        ('<?xml version="1.0" encoding="none-such"?><services/>', "unknown encoding|no XML"),
        ("<services>" + "<a>" * 50 + "</a>" * 50 + "</services>", "too deep"),
        ("", "no XML"),
    ],
)
def test_what_is_no_georeport_xml_is_refused(text: str, why: str) -> None:
    """A DOCTYPE of any kind, a page, half a document, or one that is too deep."""
    with pytest.raises(NotGeoReport, match=why):
        parsed(text.encode())


def test_xml_becomes_what_json_gives() -> None:
    """The specification's examples: requests, a token, errors; one entry is a list of one."""
    text = (
        '<?xml version="1.0" encoding="utf-8"?><service_requests><request>'
        "<service_request_id>638344</service_request_id><status>closed</status>"
        "<status_notes>Duplicate request.</status_notes><media_url/>"
        "<requested_datetime>2010-04-14T06:37:38-08:00</requested_datetime>"
        "</request></service_requests>"
    )
    (row,) = replies.rows(text.encode())
    assert row["media_url"] is None
    assert replies.request_id(row) == "638344"
    at = replies.requested_at(row)
    assert at is not None
    assert at.isoformat() == "2010-04-14T14:37:38+00:00"
    token = b"<service_requests><request><token>12345</token></request></service_requests>"
    assert replies.receipt(token).token == "12345"
    errors = (
        "<errors><error><code>403</code><description>api_key: 无效</description></error></errors>"
    )
    said = replies.problems(errors.encode())
    assert (said.code, said.text) == (403, "api_key: 无效")
    assert replies.rows(b"<service_requests/>") == []


# Services and attributes


def test_a_service_is_posted_under_the_servers_code() -> None:
    """By the site file's mapping, whose value may be the service's name."""
    case = make_case()
    with CaseServer() as server:
        client(server, services={case.kind: "31"}).post(case)
        server.services = SERVICES
        named = client(server, services={case.kind: "street vendor"})
        with pytest.raises(Transient, match="another code"):
            named.post(case)
        named.post(case)
        named.post(case)
    assert [request.fields["service_code"] for request in server.stored] == ["31", "31", "31"]


def test_a_service_is_found_by_its_name() -> None:
    """A server with codes of its own is asked for its list when it refuses ours."""
    case = make_case()
    with CaseServer() as server:
        server.services = [{"service_code": "77-a", "service_name": case.code.name}]
        system = client(server)
        with pytest.raises(Transient, match="another code"):
            system.post(case)
        assert system.post(case).remote_id == "1"
    assert server.stored[0].fields["service_code"] == "77-a"


def test_a_service_that_is_not_offered_is_refused() -> None:
    """Neither by code nor by one name alone."""
    case = make_case()
    with CaseServer() as server:
        server.services = [{"service_code": "1", "service_name": "potholes"}]
        with pytest.raises(Permanent, match="404: service_code not found"):
            client(server).post(case)
        server.services = [
            {"service_code": number, "service_name": case.code.name} for number in (1, 2)
        ]
        with pytest.raises(Permanent, match="service_code not found"):
            client(server).post(case)
        assert server.stored == []


def test_attributes_are_filled_from_the_case() -> None:
    """Facts in braces; what is empty is left out."""
    case = make_case()
    templates = {
        "EXTERNAL_ID": "{case_key}",
        "when": "{captured_at}",
        "source": "camera",
        "where": "{address} ({grid}, {department})",
        "lat": "{lat}",
        "evidence": "{manifest_sha256}",
    }
    with CaseServer() as server:
        client(server, attributes=templates).post(case)
    fields = server.stored[0].fields
    sent = {name: text for name, text in fields.items() if name.startswith("attribute")}
    assert sent == {
        "attribute[EXTERNAL_ID]": case.case_key,
        "attribute[when]": case.captured_at.isoformat(timespec="seconds"),
        "attribute[source]": "camera",
        "attribute[where]": f"{case.address} ({case.grid}, {case.department})",
        "attribute[lat]": "36.0986000",
    }


def test_facts_that_do_not_exist_are_named() -> None:
    """`check` refuses a template with such a name."""
    assert unknown_facts("{case_key} {nmae} {__class__} {lat.real}") == (
        "nmae",
        "__class__",
        "lat.real",
    )
    assert unknown_facts(" ".join("{" + name + "}" for name in attribute_facts())) == ()


# What becomes of a case


def test_a_token_is_asked_about_later() -> None:
    """None until the server has made a number; an unknown token is told apart."""
    with CaseServer() as server:
        system = client(server)
        assert isinstance(system, NumberedLater)
        assert isinstance(system, Followed)
        server.token_polls = 1
        assert system.number("t-1") is None
        assert system.number("t-1") == "after-t-1"
        server.xml_only = True
        with pytest.raises(Permanent):
            system.number("t-2")


def test_states_are_read_in_one_question() -> None:
    """By a list of ids; others and those that are not shown are left out."""
    with CaseServer() as server:
        system = client(server)
        for number in range(3):
            system.post(make_case(number))
        server.stored[1].status, server.stored[1].notes = "closed", "dealt with"
        before = len(server.hits)
        found = system.states(["1", "2", "99"])
        assert len(server.hits) == before + 1
    assert {number: (case.status, case.notes) for number, case in found.items()} == {
        "1": ("open", ""),
        "2": ("closed", "dealt with"),
    }
