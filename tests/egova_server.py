"""A stand-in for an eGova V22 platform: what is documented of it, its inconsistencies included.

Real sockets on loopback; SM2 by gmssl. Every REPORT becomes a record of its own, whatever its
caseId: nothing is documented about doubles. `behaviours` says, report by report, what happens.
"""

import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gmssl import sm2  # type: ignore[import-untyped]  # the library has no types

from tests.loopback import LoopbackHandler, LoopbackServer

BASE = "/v22-api"
CLIENT_ID, CLIENT_SECRET = "1778685023958671360", "e65ee4f21c"
PRIVATE_KEY = "39c1f2a7b5d84e60917263fa4be85d0c1a2b3c4d5e6f708192a3b4c5d6e7f809"
LIFE_S = 7200
REQUIRED = {
    "caseId",
    "registerTime",
    "eventDesc",
    "recTypeId",
    "recTypeName",
    "eventSrcId",
    "eventSrcName",
    "address",
}

UPDATES = {"UPLOAD_MEDIA", "UPLOAD_CASE_INFO", "UPDATE_CASE_INFO"}
STORING = ("answer", "contradicting", "cut", "hang", "500_stored", "trouble_stored", "no_number")
"""The report becomes a record."""
LOSING = ("drop", "trouble", "expired", "503_wait", "429")
"""It does not, and a later one is welcome."""


def public_key() -> str:
    """Return the platform's key as BouncyCastle writes it: 04, x, y."""
    curve = sm2.CryptSM2(private_key="", public_key="")
    return f"04{curve._kg(int(PRIVATE_KEY, 16), curve.ecc_table['g'])}"


class EgovaServer(LoopbackServer):
    """Context manager; `url` is what a site file names."""

    def __init__(self, behaviours: Iterable[str] = (), *, hang_s: float = 1.5) -> None:
        super().__init__(hang_s=hang_s)
        self.behaviours = deque(behaviours)
        self.expires_in: Any = LIFE_S
        """What is told; tokens hold for LIFE_S, or until they are taken away."""
        self.lookups: str | None = None
        """How questions are answered: trouble, hang, html, other_uid, or None for properly."""
        self.absent_words = False
        """Unknown cases are answered with -500003 and words, else with an empty result."""
        self.on_report: Callable[[str], None] | None = None
        self.records: list[dict[str, Any]] = []
        self.tokens: dict[str, float] = {}
        """Token by the time at which it ends."""
        self.issued: list[str] = []
        self.lines: list[str] = []
        """Request lines, as an access log has them."""
        self.state = "派遣"
        self.unknown: set[str] = set()
        """Actions that this version does not have."""
        self.updates: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """Base address."""
        return f"{self.address}{BASE}"

    @property
    def keys(self) -> list[str]:
        """Case key of every record; one that was reported twice stands there twice."""
        with self.lock:
            return [record["caseId"] for record in self.records]

    def issue(self) -> str:
        """Make a token."""
        token = secrets.token_urlsafe(24)
        with self.lock:
            self.tokens[token] = time.monotonic() + LIFE_S
            self.issued.append(token)
        return token

    def keep(self, data: dict[str, Any]) -> dict[str, Any]:
        """Make a record of a report."""
        with self.lock:
            number = len(self.records) + 1
            record = data | {"recId": 880000 + number, "taskNum": f"2026{number:06d}"}
            self.records.append(record)
        return record

    def next_behaviour(self) -> str:
        """Choose what happens to the report that has just arrived."""
        with self.lock:
            return self.behaviours.popleft() if self.behaviours else "answer"


class _Handler(LoopbackHandler):
    @property
    def platform(self) -> EgovaServer:
        assert isinstance(self.server.owner, EgovaServer)
        return self.server.owner

    def send(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        """Send a reply."""
        self.reply(status, body.encode(), {"Content-Type": "application/json"} | (headers or {}))

    def say(
        self, code: int, message: str, result: Any = None, *, uid: str = "", lie: bool = False
    ) -> None:
        """Send an envelope; with `lie` its flags say the opposite of its code."""
        good = (code == 0) != lie
        envelope = {"success": good, "code": code, "message": message, "result": result}
        self.send(200, json.dumps(envelope | {"uid": uid, "hasError": not good}))

    # Requests

    def do_GET(self) -> None:  # noqa: N802  # the library's name
        self.platform.lines.append(self.requestline)
        if urlsplit(self.path).path == f"{BASE}/oauth/extras/openapi/pubkey":
            self.say(0, public_key(), lie=True)
        else:
            self.send(404, "{}")

    def do_POST(self) -> None:  # noqa: N802  # the library's name
        self.platform.lines.append(self.requestline)
        body = json.loads(self.content())
        match urlsplit(self.path).path.removeprefix(BASE):
            case "/oauth/extras/openapi/client":
                self.login(body)
            case "/openapi/v1/action":
                self.act(body)
            case _:
                self.send(404, "{}")

    def login(self, body: dict[str, str]) -> None:
        """Decrypt as BouncyCastle would: C1 is an uncompressed point, then C3, then C2."""
        sealed = body["client_secret"]
        curve = sm2.CryptSM2(private_key=PRIVATE_KEY, public_key="", mode=1)
        known = sealed.startswith("04") and body["grant_type"] == "client_credentials"
        secret = curve.decrypt(bytes.fromhex(sealed[2:])) if known else b""
        if (body["client_id"], secret) != (CLIENT_ID, CLIENT_SECRET.encode()):
            self.say(-400005, "客户端认证失败", uid=body["uid"])
            return
        token = {
            "access_token": self.platform.issue(),
            "refresh_token": "unused",
            "expires_in": self.platform.expires_in,
        }
        self.say(0, "", {"token": token}, uid=body["uid"], lie=True)

    def act(self, body: dict[str, Any]) -> None:
        query = parse_qs(urlsplit(self.path).query).get("egova_openapi_token", [""])[0]
        token = self.headers.get("X-EGOVA-Authorization", "").removeprefix("Bearer ") or query
        if self.platform.tokens.get(token, 0.0) <= time.monotonic():
            self.say(-400001, f"认证失败: {token}", uid=body["uid"])
        elif body["action"] == "REPORT":
            self.report(body["data"], body["uid"])
        elif body["action"] == "GET_REC_INFO":
            self.record(body["data"], body["uid"])
        elif body["action"] in UPDATES - self.platform.unknown:
            with self.platform.lock:
                self.platform.updates.append(body["data"] | {"action": body["action"]})
            self.say(0, "操作成功", uid=body["uid"], lie=True)
        else:
            self.say(-400004, "未知的操作", uid=body["uid"])

    def record(self, asked: dict[str, str], uid: str) -> None:
        how = self.platform.lookups
        if how == "trouble":
            self.say(-500001, "系统异常", uid=uid)
        elif how == "html":
            self.send(200, "<html>login</html>")
        elif how == "hang":
            self.hang()
            self.cut()
        else:
            with self.platform.lock:
                found = [each for each in self.platform.records if asked.items() <= each.items()]
            if not found and self.platform.absent_words:
                self.say(-500003, "案卷不存在", uid=uid)
                return
            shown = [
                {name: each[name] for name in ("caseId", "recId", "taskNum")}
                | {"actPropertyName": self.platform.state}
                for each in found[:1]
            ]
            uid = "another" if how == "other_uid" else uid
            self.say(0, "操作成功", shown[0] if shown else None, uid=uid, lie=True)

    def report(self, data: dict[str, Any], uid: str) -> None:
        platform = self.platform
        if platform.on_report is not None:
            platform.on_report(data.get("caseId", ""))
        missing = sorted(name for name in REQUIRED if data.get(name) in (None, ""))
        if missing:
            self.say(-400002, f"参数错误: {', '.join(missing)}", uid=uid)
            return
        behaviour = platform.next_behaviour()
        record = platform.keep(data) if behaviour in STORING else {}
        if behaviour in {"answer", "contradicting", "other_uid", "no_number"}:
            numbers = {name: record.get(name, 1) for name in ("recId", "taskNum")}
            uid = "another" if behaviour == "other_uid" else uid
            result = None if behaviour == "no_number" else numbers
            self.say(0, "操作成功", result, uid=uid, lie=behaviour == "contradicting")
        elif behaviour == "expired":
            platform.tokens.clear()
            self.say(-400001, "认证失败", uid=uid)
        elif behaviour.startswith(("trouble", "-")):
            code = -500001 if behaviour.startswith("trouble") else int(behaviour)
            self.say(code, f"不行 {CLIENT_SECRET}", uid=uid)
        else:
            self.fail(behaviour)

    def fail(self, behaviour: str) -> None:
        """Answer without an envelope, or not at all."""
        if behaviour in {"cut", "drop", "hang"}:
            if behaviour == "hang":
                self.hang()
            self.cut()
            return
        number = int(behaviour.partition("_")[0])
        self.send(number, "<html></html>", {"Retry-After": "1"} if number in {429, 503} else None)


EgovaServer.handler = _Handler
