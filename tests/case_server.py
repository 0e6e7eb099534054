"""A GeoReport server that stores every post as a new request, and answers badly on demand.

Real sockets on loopback. `behaviours` says, post by post, what happens; when it is used up, or
empty, posts are answered properly. What has been stored is in `stored`.
"""

import contextlib
import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.sax.saxutils import escape

from tests.loopback import LoopbackHandler, LoopbackServer

KEY = re.compile(r"SW-[0-9a-f]{20}")
BASE = "/open311/v2"

STORING = (
    "answer",
    "late",
    "cut",
    "cut_mid",
    "drip",
    "drip_headers",
    "html",
    "mislabelled",
    "huge",
    "500_stored",
    "502_stored",
    "303_stored",
    "numeric",
    "object",
    "blackbox",
    "gibberish",
    "maintenance",
    "xml",
    "dtd",
    "bomb",
    "token",
    "400_duplicate",
)
"""Behaviours under which the request is stored."""
LOSING = ("drop", "500", "503", "503_wait", "429", "408")
"""Behaviours under which it is not, and a later post is welcome."""
REFUSING = ("400", "400_detail", "400_errors", "400_texts", "200_error", "403", "307", "400_xml")
"""Behaviours that refuse it for good."""
API_KEY = "s3cret-key"
"""What its clients are to send; "403" says it back to them."""

SERVICES = [
    {"service_code": "09009", "service_name": "违法停车", "metadata": False, "type": "realtime"},
    {"service_code": 31, "service_name": "Street  vendor", "metadata": False, "type": "batch"},
]

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)).replace("&a0;", "&a;")
    + "]><service_requests><request><service_request_id>&a9;</service_request_id>"
    "</request></service_requests>"
)
"""A billion words, if anybody expands them."""


@dataclass
class StoredRequest:
    """A request as the server keeps it."""

    request_id: int
    received_at: datetime
    fields: dict[str, str]
    files: list[tuple[str, bytes]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    status: str = "open"
    notes: str = ""
    token: str = ""
    named: str | None = None
    """Instead of its number."""

    @property
    def key(self) -> str:
        """Case key in the description; empty where there is none."""
        found = KEY.search(self.fields.get("description", ""))
        return found[0] if found else ""

    def row(self) -> dict[str, Any]:
        """GeoReport row, with a numeric id as some servers have it."""
        return {
            "service_request_id": self.named or self.request_id,
            "status": self.status,
            "status_notes": self.notes,
            "description": self.fields.get("description"),
            "requested_datetime": self.received_at.isoformat(),
        }


class CaseServer(LoopbackServer):
    """Context manager; `url` is the base address for a client."""

    def __init__(self, behaviours: Iterable[str] = (), *, hang_s: float = 3.0) -> None:
        super().__init__(hang_s=hang_s)
        self.behaviours = deque(behaviours)
        self.choose: Callable[[], str] | None = None
        """Instead of `behaviours`, for as long as it stands."""
        self.store_delay_s: Callable[[], float] = lambda: 0.0
        """Between the arrival of a post and its storing, whether or not the client still waits."""
        self.lists: str | None = None
        """How lists are answered: 404, 500, html, huge, redirect, or None for properly."""
        self.cap: int | None = None
        self.newest_first = True
        self.hidden = False
        """Lists show nothing, as where a moderator comes first."""
        self.ignores_dates = False
        self.elsewhere = "http://127.0.0.1:9/"
        self.refuses_duplicates = False
        self.token_polls = 1
        self.services: list[dict[str, Any]] = []
        """What is offered; empty: no service list, and every code is taken."""
        self.xml_only = False
        self.discovery: str | None = None
        self.numbers: str | None = None
        """Instead of the number of a request."""
        self.takes_updates = False
        self.update_behaviours: deque[str] = deque()
        self.updates: list[dict[str, str]] = []
        self.on_post: Callable[[str], None] | None = None
        self.stored: list[StoredRequest] = []
        self.hits: list[str] = []
        """Request lines, also of what was neither understood nor stored."""

    @property
    def url(self) -> str:
        """Base address."""
        return f"{self.address}{BASE}"

    @property
    def keys(self) -> list[str]:
        """Case key of every stored request; a case that was posted twice stands there twice."""
        with self.lock:
            return [request.key for request in self.stored]

    def next_behaviour(self) -> str:
        """Choose what happens to the post that has just arrived."""
        with self.lock:
            if self.choose is not None:
                return self.choose()
            return self.behaviours.popleft() if self.behaviours else "answer"

    def keep(self, request: StoredRequest) -> StoredRequest:
        """Store a request, as new as ever."""
        with self.lock:
            request.request_id = len(self.stored) + 1
            request.received_at = datetime.now(UTC)
            request.named = self.numbers
            self.stored.append(request)
        return request

    def preload(self, count: int, at: Callable[[int], datetime]) -> None:
        """Store foreign requests, received at given times."""
        with self.lock:
            for number in range(count):
                fields = {"description": f"somebody's request {number}"}
                self.stored.append(StoredRequest(len(self.stored) + 1, at(number), fields))

    def listed(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        """Rows of a list, filtered and cut as this server does it."""
        start, end = (_time(query.get(name)) for name in ("start_date", "end_date"))
        if "service_request_id" in query:
            wanted = query["service_request_id"][0].split(",")
            with self.lock:
                rows = [row for row in self.stored if str(row.request_id) in wanted]
            return [row.row() for row in rows[: self.cap]]
        with self.lock:
            rows = [
                request
                for request in self.stored
                if self.ignores_dates
                or (
                    (start is None or request.received_at >= start)
                    and (end is None or request.received_at <= end)
                )
            ]
        if self.hidden:
            return []
        rows.sort(key=lambda request: request.received_at, reverse=self.newest_first)
        return [request.row() for request in rows[: self.cap]]


def preload_days(server: CaseServer) -> None:
    """Give a server the requests of its last days, as any real one has."""
    now = datetime.now(UTC)
    server.preload(200, lambda number: now - timedelta(hours=number + 2))


def _time(texts: list[str] | None) -> datetime | None:
    return None if not texts else datetime.fromisoformat(texts[0])


class _Handler(LoopbackHandler):
    @property
    def cases(self) -> CaseServer:
        assert isinstance(self.server.owner, CaseServer)
        return self.server.owner

    # Answers

    def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        """Send a reply; a text or bytes as it is, anything else as JSON."""
        if not isinstance(body, (str, bytes)):
            xml = self.cases.xml_only
            body = _xml(body) if xml else json.dumps(body, ensure_ascii=False)
            headers = (headers or {}) | ({"Content-Type": "text/xml"} if xml else {})
        content = body.encode() if isinstance(body, str) else body
        self.reply(status, content, {"Content-Type": "application/json"} | (headers or {}))

    def drip(self, text: bytes) -> None:
        """Send a byte at a time, each soon enough for a time-out of one read."""
        for byte in text:
            if self.cases.stopping.wait(0.05):
                return
            self.wfile.write(bytes([byte]))

    # GET

    def do_GET(self) -> None:  # noqa: N802  # the library's name
        self.cases.hits.append(self.requestline)
        parts = urlsplit(self.path)
        resource, _, form = parts.path.removeprefix(f"{BASE}/").rpartition(".")
        if resource == "discovery" and form == "xml" and self.cases.discovery is not None:
            self.answer(200, self.cases.discovery)
        elif self.cases.xml_only and form != "xml":
            self.answer(404, "<html>not found</html>")
        elif resource.startswith("tokens/"):
            self.token(resource.removeprefix("tokens/"))
        elif resource == "requests":
            self.list(parse_qs(parts.query))
        elif resource == "servicerequestupdates" and self.cases.takes_updates:
            self.answer(200, self.cases.updates)
        elif resource == "services" and self.cases.services:
            self.answer(200, self.cases.services)
        else:
            self.answer(404, [{"code": 404, "description": "not found"}])

    def list(self, query: dict[str, list[str]]) -> None:
        match self.cases.lists:
            case "404":
                self.answer(404, [{"code": 404, "description": "no such resource"}])
            case "500":
                self.answer(500, {"code": 500, "detail": "back office is down"})
            case "html":
                self.answer(200, "<html>please log in</html>", {"Content-Type": "text/html"})
            case "maintenance":
                self.answer(200, {"maintenance": True})
            case "dtd":
                self.answer(200, BOMB.replace("&a9;", "&a;"))
            case "huge":
                self.answer(200, b"[" + b" " * 10_000_000 + b"]")
            case "redirect":
                self.answer(302, "", {"Location": self.cases.elsewhere})
            case "hang":
                self.hang()
                self.cut()
            case _:
                self.answer(200, self.cases.listed(query))

    def token(self, token: str) -> None:
        self.cases.token_polls -= 1
        row: dict[str, Any] = {"token": token}
        if self.cases.token_polls < 0:
            row["service_request_id"] = f"after-{token}"
        self.answer(200, [row])

    # POST

    def do_POST(self) -> None:  # noqa: N802  # the library's name
        self.cases.hits.append(self.requestline)
        if "/servicerequestupdates." in self.path:
            self.update(_request(dict(self.headers.items()), self.content()).fields)
            return
        behaviour = self.cases.next_behaviour()
        if behaviour == "slow_read":
            self.hang()
            self.cut()
            return
        request = _request(dict(self.headers.items()), self.content())
        if self.cases.on_post is not None:
            self.cases.on_post(request.key)
        codes = {str(service["service_code"]) for service in self.cases.services}
        if self.cases.xml_only and not urlsplit(self.path).path.endswith(".xml"):
            self.answer(404, "<html>not found</html>")
            return
        if codes and request.fields.get("service_code") not in codes:
            self.answer(404, [{"code": 404, "description": "service_code not found"}])
            return
        if self.cases.refuses_duplicates and request.key in self.cases.keys:
            self.answer(400, [{"code": 400, "description": "base is a duplicate."}])
            return
        if behaviour in STORING:
            time.sleep(self.cases.store_delay_s())
            request = self.cases.keep(request)
        with contextlib.suppress(OSError):
            self.behave(behaviour, request)

    def update(self, fields: dict[str, str]) -> None:
        """Take an update, where this server has the extension; it keeps doubles too."""
        if not self.cases.takes_updates:
            self.answer(404, [{"code": 404, "description": "no such resource"}])
            return
        with self.cases.lock:
            waiting = self.cases.update_behaviours
            behaviour = waiting.popleft() if waiting else "answer"
            if behaviour in STORING:
                number = str(len(self.cases.updates) + 1)
                self.cases.updates.append(fields | {"update_id": number})
        if behaviour == "answer":
            self.answer(200, [{"update_id": len(self.cases.updates)}])
        elif behaviour == "cut":
            self.cut()
        else:
            self.answer(int(behaviour.partition("_")[0]), "")

    def behave(self, behaviour: str, request: StoredRequest) -> None:
        """Answer a post in one of the ways of this server."""
        number = request.request_id
        receipt = [{"service_request_id": self.cases.numbers or str(number)}]
        if behaviour in {"drop", "cut", "late", "cut_mid", "drip", "drip_headers", "huge"}:
            self.break_off(behaviour, json.dumps(receipt).encode())
            return
        html = {"Content-Type": "text/html"}
        status, body, headers = {
            "answer": (201, receipt, {}),
            "numeric": (200, [{"service_request_id": number}], {}),
            "object": (200, {"service_request_id": number, "service_notice": "danke"}, {}),
            "blackbox": (200, [{"service_notice": "thank you"}], {}),
            "token": (200, [{"token": f"t-{number or 17}"}], {}),
            "xml": (200, _xml(receipt), {"Content-Type": "text/xml"}),
            "dtd": (200, BOMB.replace("&a9;", str(number)), {"Content-Type": "text/xml"}),
            "bomb": (200, BOMB, {"Content-Type": "text/xml"}),
            "400_xml": (400, _xml([{"code": 400, "description": "lat is required"}]), {}),
            "html": (200, "<html>please log in</html>", html),
            "mislabelled": (200, receipt, html),
            "gibberish": (200, b"\xff\xfe\x00[[[", {}),
            "maintenance": (200, {"maintenance": True}, {}),
            "500_stored": (500, "Traceback (most recent call last)", html),
            "502_stored": (502, "<html>Bad Gateway</html>", html),
            "303_stored": (303, "", {"Location": self.cases.elsewhere}),
            "307": (307, "", {"Location": self.cases.elsewhere}),
            "500": (500, [{"code": 500, "description": "no"}], {}),
            "503": (503, "", {}),
            "503_wait": (503, "", {"Retry-After": "1"}),
            "429": (429, {"detail": "slow down"}, {"Retry-After": "1"}),
            "408": (408, "", {}),
            "400": (400, [{"code": 400, "description": "lat/long is outside the city"}], {}),
            "400_duplicate": (400, [{"code": 400, "description": "base is a duplicate."}], {}),
            "400_detail": (400, {"code": 400, "detail": "bad service_code"}, {}),
            "400_errors": (400, {"errors": [{"code": 400, "description": "bad"}]}, {}),
            "400_texts": (400, ["lat is required"], {}),
            "200_error": (200, [{"code": 403, "description": "bad api_key"}], {}),
            "403": (403, [{"code": 403, "description": f"api_key is invalid: {API_KEY}"}], {}),
            "415": (415, {"detail": "Unsupported media type"}, {}),
        }[behaviour]
        self.answer(status, body, headers)

    def break_off(self, behaviour: str, receipt: bytes) -> None:
        """Answer in a way that no client can use."""
        if behaviour == "late":
            self.hang()
        elif behaviour in {"drip", "drip_headers"}:
            head = f"HTTP/1.1 201 Created\r\nContent-Length: {len(receipt)}\r\n"
            if behaviour == "drip":
                self.wfile.write(f"{head}\r\n".encode())
                self.drip(receipt)
            else:
                self.drip((head + "X-Padding: " + "x" * 2000 + "\r\n\r\n").encode() + receipt)
        elif behaviour == "cut_mid":
            self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 4000\r\n\r\n[{")
            self.wfile.flush()
        elif behaviour == "huge":
            self.answer(201, receipt[:-1] + b" " * 10_000_000 + b"]")
            return
        self.cut()


def _xml(rows: list[dict[str, Any]]) -> str:
    """Write rows as GeoReport does in XML."""
    many, one = "service_requests", "request"
    if any("description" in row and "code" in row for row in rows):
        many, one = "errors", "error"
    elif any("service_code" in row for row in rows):
        many, one = "services", "service"
    inner = "".join(
        f"<{one}>"
        + "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in row.items())
        + f"</{one}>"
        for row in rows
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{many}>{inner}</{many}>'


def _request(headers: dict[str, str], content: bytes) -> StoredRequest:
    lowered = {name.lower(): value for name, value in headers.items()}
    kind = lowered.get("content-type", "")
    fields: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    if kind.startswith("multipart/form-data"):
        parsed = BytesParser(policy=HTTP).parsebytes(
            b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content
        )
        for part in parsed.iter_parts():
            name = part.get_param("name", header="content-disposition")
            body = part.get_payload(decode=True)
            assert isinstance(body, bytes)
            if part.get_filename() is None:
                fields[str(name)] = body.decode()
            else:
                files.append((str(part.get_content_type()), body))
    else:
        fields = dict(parse_qsl(content.decode()))
    return StoredRequest(0, datetime.now(UTC), fields, files, lowered)


CaseServer.handler = _Handler
