"""The case desk over real sockets."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from cases.desk import Desk, DeskError
from cases.open311 import Open311
from tests.case_payloads import make_case, make_evidence
from tests.conftest import REPOSITORY

FORM = {"service_code": "09009", "lat": "36.1", "long": "120.4", "description": "机动车乱停放"}


def jpeg(seed: int = 0, width: int = 64) -> bytes:
    """Return a picture of noise."""
    noise = np.random.default_rng(seed).integers(0, 255, (48, width, 3), np.uint8)
    done, encoded = cv2.imencode(".jpg", noise)
    assert done
    return encoded.tobytes()


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Run a desk on a free port."""
    with Desk(port=0) as running:
        yield running


def client(desk: Desk) -> httpx.Client:
    """Return a plain HTTP client below the desk's base path."""
    return httpx.Client(base_url=desk.open311_url, trust_env=False, timeout=10.0)


def test_the_desk_says_what_it_is_and_takes(desk: Desk) -> None:
    """Discovery names this address; services are the bundled code tables, in both languages."""
    with client(desk) as http:
        (endpoint,) = http.get("/discovery.json").json()["endpoints"]
        services = {row["service_code"]: row for row in http.get("/services.json").json()}
        definition = http.get("/services/09009.json")
        missing = http.get("/services/99999.json")
    assert endpoint["url"] == desk.open311_url
    assert endpoint["formats"] == ["application/json"]
    assert services["09009"]["service_name"] == "机动车乱停放"
    assert services["09009"]["service_name_en"] == "Motor vehicle parked illegally"
    assert services["0505"]["group"] == "CJ/T 214-2007"
    assert definition.json() == {"service_code": "09009", "attributes": []}
    assert missing.status_code == 404
    assert missing.json()[0]["code"] == 404


def test_every_post_is_a_new_request(desk: Desk) -> None:
    """The desk does not tell duplicates: that is what its clients have to do."""
    with client(desk) as http:
        first, second = (http.post("/requests.json", data=FORM) for _ in range(2))
        listed = http.get("/requests.json").json()
    assert (first.status_code, second.status_code) == (201, 201)
    ids = [answer.json()[0]["service_request_id"] for answer in (first, second)]
    assert ids[0] != ids[1]
    assert [row["service_request_id"] for row in listed] == ids[::-1]
    assert listed[0]["description"] == FORM["description"]
    assert (listed[0]["lat"], listed[0]["long"]) == (36.1, 120.4)
    assert datetime.fromisoformat(listed[0]["requested_datetime"]).tzinfo is not None


def test_pictures_come_back_byte_for_byte(desk: Desk) -> None:
    """Multipart uploads, served as what they are and as nothing else."""
    pictures = [jpeg(1), jpeg(2)]
    files = [("media", (f"{n}.jpg", picture, "image/jpeg")) for n, picture in enumerate(pictures)]
    with client(desk) as http:
        (answer,) = http.post("/requests.json", data=FORM, files=files).json()
        (row,) = http.get(f"/requests/{answer['service_request_id']}.json").json()
        served = [http.get(desk.url + item["path"]) for item in row["media"]]
        assert http.get(row["media_url"]).content == pictures[0]
    assert [reply.content for reply in served] == pictures
    assert {reply.headers["content-type"] for reply in served} == {"image/jpeg"}
    assert "sandbox" in served[0].headers["content-security-policy"]
    assert served[0].headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"service_code": ""}, "service_code"),
        ({"service_code": "<b>"}, "service_code"),
        ({"lat": ""}, "go together"),
        ({"lat": "north"}, "numbers"),
        ({"lat": "91"}, "out of range"),
        ({"long": "nan"}, "out of range"),
        ({"lat": "", "long": ""}, "address_string"),
        ({"description": "字" * 4001}, "4000"),
        ({"media_url": "javascript:alert(1)"}, "media_url"),
    ],
)
def test_a_post_that_is_wrong_is_told_so(desk: Desk, change: dict[str, str], text: str) -> None:
    """400 in GeoReport's form, naming the parameter; nothing is kept."""
    with client(desk) as http:
        answer = http.post("/requests.json", data=FORM | change)
        assert http.get("/requests.json").json() == []
    assert answer.status_code == 400
    (problem,) = answer.json()
    assert problem["code"] == 400
    assert text in problem["description"]


def test_only_pictures_and_video_are_taken(desk: Desk) -> None:
    """What a file is, is told by its bytes: markup stays outside whatever it is called."""
    page = ("media", ("1.jpg", b"<html><script>alert(1)</script>", "image/jpeg"))
    with client(desk) as http:
        answer = http.post("/requests.json", data=FORM, files=[page])
        assert http.get("/requests.json").json() == []
    assert answer.status_code == 400
    assert "neither a picture nor a video" in answer.json()[0]["description"]


def test_a_key_is_asked_of_posts_alone() -> None:
    """403 without it and with a wrong one; lists stay open."""
    with Desk(port=0, api_key="k€y") as desk, client(desk) as http:
        for given in ({}, {"api_key": "kay"}):
            assert http.post("/requests.json", data=FORM | given).status_code == 403
        assert http.post("/requests.json", data=FORM | {"api_key": "k€y"}).status_code == 201
        assert len(http.get("/requests.json").json()) == 1


def test_lists_are_filtered_as_georeport_says(desk: Desk) -> None:
    """Ids override everything else; dates, states and codes narrow."""
    with client(desk) as http:
        ids = [
            http.post("/requests.json", data=FORM | {"service_code": code}).json()[0][
                "service_request_id"
            ]
            for code in ("09009", "09006", "my-own.code")
        ]
        now = datetime.now(UTC)

        def asked(**query: str) -> list[str]:
            rows = http.get("/requests.json", params=query).json()
            return [row["service_request_id"] for row in rows]

        assert asked(service_code="09006") == [ids[1]]
        assert asked(service_code="09006,09009") == [ids[1], ids[0]]
        assert asked(status="closed") == []
        assert asked(status="open") == ids[::-1]
        assert asked(start_date=(now + timedelta(hours=1)).isoformat()) == []
        assert asked(end_date=(now - timedelta(hours=1)).isoformat()) == []
        assert asked(service_request_id=f"{ids[0]},{ids[2]}", status="closed") == [ids[2], ids[0]]
        refused = http.get("/requests.json", params={"start_date": "yesterday"})
        assert (refused.status_code, "start_date" in refused.text) == (400, True)
        year = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-12-01T00:00:00Z"}
        assert "90 days" in http.get("/requests.json", params=year).text


def test_an_unchanged_list_is_not_sent_again(desk: Desk) -> None:
    """The page asks every two seconds; 304 until something arrives."""
    with client(desk) as http:
        tag = {"if-none-match": http.get("/requests.json").headers["etag"]}
        assert http.get("/requests.json", headers=tag).status_code == 304
        http.post("/requests.json", data=FORM)
        assert http.get("/requests.json", headers=tag).status_code == 200


def test_a_post_that_is_too_large_is_refused() -> None:
    """By its declared length, and by what really comes where none is declared."""
    with Desk(port=0, max_body=100_000) as desk, client(desk) as http:
        grown = FORM | {"padding": "x" * 200_000}
        assert http.post("/requests.json", data=grown).status_code == 413

        def dripped() -> Iterator[bytes]:
            yield b"service_code=09009&lat=1&long=1&padding="
            for _ in range(20):
                yield b"x" * 10_000

        kind = {"content-type": "application/x-www-form-urlencoded"}
        assert http.post("/requests.json", content=dripped(), headers=kind).status_code == 413
        assert http.get("/requests.json").json() == []


def test_the_oldest_leave_when_there_is_no_more_room() -> None:
    """Number and bytes are bounded; the newest always stay."""
    picture = [("media", ("1.jpg", jpeg(width=512), "image/jpeg"))]
    with (
        Desk(port=0, max_requests=3, max_bytes=2 * len(jpeg(width=512))) as desk,
        client(desk) as http,
    ):
        for number in range(5):
            http.post("/requests.json", data=FORM | {"description": str(number)})
        texts = [row["description"] for row in http.get("/requests.json").json()]
        assert texts == ["4", "3", "2"]
        for number in range(3):
            http.post("/requests.json", data=FORM | {"description": f"p{number}"}, files=picture)
        texts = [row["description"] for row in http.get("/requests.json").json()]
        assert texts == ["p2", "p1"]


def test_a_folder_keeps_requests_over_a_restart(tmp_path: Path) -> None:
    """Texts and pictures are there again; what is damaged is left out and what is foreign stays."""
    files = [("media", ("1.jpg", jpeg(3), "image/jpeg"))]
    with Desk(port=0, folder=tmp_path) as desk, client(desk) as http:
        for number in range(3):
            http.post("/requests.json", data=FORM | {"description": str(number)}, files=files)
        before = http.get("/requests.json").json()
    damaged = tmp_path / before[1]["service_request_id"] / "request.json"
    damaged.write_text("{", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with Desk(port=0, folder=tmp_path, max_requests=2) as desk, client(desk) as http:
        after = http.get("/requests.json").json()
        assert [row["description"] for row in after] == ["2", "0"]
        assert http.get(desk.url + after[0]["media"][0]["path"]).content == jpeg(3)
        http.post("/requests.json", data=FORM | {"description": "3"})
        assert not (tmp_path / before[2]["service_request_id"]).exists()
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_foreign_page_can_neither_read_nor_post(desk: Desk) -> None:
    """A name that was pointed at this machine, and a form on another site, are both refused."""
    with client(desk) as http:
        assert http.get("/requests.json", headers={"host": "evil.example"}).status_code == 403
        for headers in (
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
        ):
            answer = http.post("/requests.json", data=FORM, headers=headers)
            assert answer.status_code == 403
        assert http.post("/requests.json", data=FORM, headers={"origin": desk.url}).is_success


def test_no_path_leads_out_of_the_desk(tmp_path: Path) -> None:
    """Names that are not its own are not there, however they are written."""
    (tmp_path / "secret.jpg").write_bytes(jpeg())
    with Desk(port=0, folder=tmp_path / "desk") as kept, client(kept) as http:
        (answer,) = http.post("/requests.json", data=FORM).json()
        number = answer["service_request_id"]
        for path in (
            f"/media/{number}/..%2f..%2fsecret.jpg",
            f"/media/{number}/request.json",
            "/media/..%2f..%2fsecret.jpg",
            "/page.css/..%2fapp.py",
            "/docs",
            "/openapi.json",
        ):
            with socket.create_connection(("127.0.0.1", int(kept.url.rsplit(":", 1)[1]))) as raw:
                raw.sendall(
                    f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
                )
                assert raw.recv(4096).startswith(b"HTTP/1.1 404"), path


def test_every_answer_carries_the_policy(desk: Desk) -> None:
    """The page, its parts, data and refusals: nothing is loaded from elsewhere, nothing inline."""
    with httpx.Client(base_url=desk.url, trust_env=False) as http:
        answers = [
            http.get(path)
            for path in ("/", "/page.js", "/page.css", "/open311/v2/requests.json", "/nothing")
        ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
    page = answers[0].text
    assert not re.search(r"https?://|//[a-z]|<style|\son[a-z]+=|<script>", page)


def test_a_port_in_use_is_one_clear_error(desk: Desk) -> None:
    """It says which port, and what to do."""
    port = int(desk.url.rsplit(":", 1)[1])
    with pytest.raises(DeskError, match=rf"port {port} on 127.0.0.1 is in use: stop what uses it"):
        Desk(port=port).start()


def test_an_address_or_folder_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    """No traceback of a library, and nothing keeps running."""
    with pytest.raises(DeskError, match=r"cannot listen on 203\.0\.113\.7"):
        Desk(host="203.0.113.7", port=0).start()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DeskError, match=r"folder .* cannot be used"):
        Desk(port=0, folder=tmp_path / "file").start()


def test_the_desk_ends_when_told() -> None:
    """SIGTERM: it stops, and the process ends well."""
    program = (
        "from cases.desk import Desk, serve\n"
        "serve(Desk(port=0), on_ready=lambda desk: print(desk.url, flush=True))\n"
        "print('ended', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    with httpx.Client(trust_env=False) as http:
        assert http.get(url).status_code == 200
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=20.0)
    assert (process.returncode, rest) == (0, "ended\n")


def test_our_client_and_the_desk_understand_each_other(desk: Desk, tmp_path: Path) -> None:
    """Post with pictures, find again by key, and a key that is not there is absent."""
    evidence = make_evidence(tmp_path, stills=3)
    case = make_case(evidence=evidence, root=tmp_path)
    system = Open311(desk.open311_url, media_root=tmp_path)
    receipt = system.post(case)
    found = system.find(case.case_key, datetime.now(UTC))
    assert found is not None
    assert found.remote_id == receipt.remote_id
    assert system.find(make_case(1).case_key, datetime.now(UTC)) is None
    with client(desk) as http:
        (row,) = http.get("/requests.json").json()
    assert row["description"] == case.description
    assert row["address"] == "市北区营口路"
    assert len(row["media"]) == 3
    assert json.dumps(row)
