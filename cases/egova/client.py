"""eGova V22 as a `CaseSystem`: report a case, and look it up by the key that it was sent with.

The platform keeps every report that it receives and documents no rule about doubles, so an
unanswered report is looked up (GET_REC_INFO) before it is sent again. The token goes in a header:
addresses end up in logs.
"""

import json
import logging
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from cases.attachments import attachments
from cases.deadline import Deadline
from cases.egova import replies
from cases.egova.replies import Answer, Record, Sort
from cases.egova.report import Agreement, report_data
from cases.egova.tokens import Tokens
from cases.egova.update import INFO_ACTIONS, MEDIA_ACTION, info_data, media_data
from cases.payload import CasePayload
from cases.retry_after import retry_after_s
from cases.system import (
    DeliveryError,
    NoPlace,
    Permanent,
    Receipt,
    RemoteCase,
    Transient,
    Unanswered,
)
from cases.transport import Reply, Transport, checked_host
from cases.update import Update

logger = logging.getLogger(__name__)

DEADLINE_S: Final = 25.0
_REPLY_BYTES: Final = 1024 * 1024
_ACTION: Final = "openapi/v1/action"
_TOKEN_HEADER: Final = "X-EGOVA-Authorization"  # noqa: S105  # a header's name
UNKNOWN_ACTION: Final = -400004
_STATUS_KEYS: Final = ("actPropertyName", "statusName", "recStatusName", "status")
"""Where a record's state may stand; which one is not documented."""


_ROUND_PAUSE_S: Final = 600.0
_ROUND_QUESTIONS: Final = 20
"""The platform asks for 5 to 10 minutes between queries; 20 of them every 10 minutes are few."""


class Egova:
    """An eGova platform as a `CaseSystem`. Safe to call from several threads.

    `url` is the address above `openapi/v1/action`, often `http://host:port/v22-api`. `allow_hosts`
    as in the site file; empty allows exactly the address's own host. Pictures are read from below
    `media_root`, without it none are sent. Raises `AddressRefused`.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        agreement: Agreement,
        allow_hosts: Collection[str] = (),
        *,
        media_root: Path | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._host = checked_host(url, allow_hosts)
        parts = urlsplit(url)
        self._base = parts._replace(query="", fragment="").geturl().rstrip("/")
        self._agreement = agreement
        self._media_root = media_root
        self._deadline_s = deadline_s
        self._next_round_s = 0.0
        self._tokens = Tokens(client_id, client_secret)
        self._transport = Transport(secure=parts.scheme == "https")

    def __repr__(self) -> str:
        return f"Egova({self._base})"

    @property
    def deadline_s(self) -> float:
        """Seconds that a post or a look-up takes at most, tokens included."""
        return self._deadline_s

    @property
    def repeatable(self) -> bool:
        """Nothing is documented about doubles, so every report may become a record."""
        return False

    def close(self) -> None:
        """Nothing is kept open between requests."""

    # The seam

    def find(self, case_key: str, since: datetime) -> RemoteCase | None:
        """Look a case up by its key; `since` plays no part."""
        del since
        found = self._record({"caseId": case_key}, Deadline(self._deadline_s))
        return None if found is None else RemoteCase(found.number, found.status)

    def post(self, case: CasePayload, until: Deadline | None = None) -> Receipt:
        """Report a case, once. Taken is what the platform gives a record number."""
        deadline = Deadline(self._deadline_s, until)
        token = self._token(deadline)
        files = () if self._media_root is None else attachments(case.media, self._media_root)
        data = report_data(case, self._agreement, files)
        reply, uid = self._act("REPORT", data, token, deadline)
        if reply.status == 413 and self._media_root is not None:
            self._media_root = None
            logger.warning("%s takes no pictures of this size: reporting without", self._host)
            raise Transient("the platform takes no pictures of this size")
        said = self._understood(reply, token, uid)
        if said.sort is Sort.REFUSED:
            raise Permanent(self._tokens.hide(str(said)))
        try:
            found = replies.record(said.result, case.case_key, ()) if said.code == 0 else None
        except replies.NotUnderstood as error:
            raise Unanswered(f"{error} ({self._tokens.hide(str(said))})") from error
        if found is None or not found.number:
            raise Unanswered(f"no record number: {self._tokens.hide(str(said))}")
        return Receipt(found.number)

    def post_update(self, update: Update, until: Deadline | None = None) -> Receipt:
        """Add a clip to a case (UPLOAD_MEDIA), or a word with its picture (UPLOAD_CASE_INFO)."""
        if update.remote_id is None:
            raise NoPlace("the case has no number on this platform")
        deadline = Deadline(self._deadline_s, until)
        media = update.payload.media
        files = () if self._media_root is None else attachments(media, self._media_root)
        if update.payload.outcome == "clip":
            data = media_data(update, self._agreement, files)
            if not data["medias"]:
                raise NoPlace("the clip is gone, or larger than the platform takes")
            actions: tuple[str, ...] = (MEDIA_ACTION,)
        else:
            data, actions = info_data(update, self._agreement, files), INFO_ACTIONS
        for action in actions:
            token = self._token(deadline)
            reply, uid = self._act(action, data, token, deadline)
            said = self._understood(reply, token, uid)
            if said.code != UNKNOWN_ACTION:
                break
        text = self._tokens.hide(str(said))
        if said.code == UNKNOWN_ACTION:
            raise NoPlace(f"this platform takes no such updates ({text})")
        if said.sort is Sort.REFUSED:
            raise Permanent(text)
        if said.code != 0:
            raise Unanswered(text)
        return Receipt(update.remote_id)

    def find_update(self, update: Update, since: datetime) -> bool:
        """Raise `Permanent`: which updates a record has is not documented."""
        raise Permanent(f"the platform cannot be asked for {update.key}, sent since {since}")

    def number(self, token: str) -> str | None:
        """Return None: this platform gives numbers at once, and no tokens."""
        del token
        return None

    def states(self, remote_ids: Sequence[str]) -> Mapping[str, RemoteCase]:
        """Return how a few of these cases stand, one question each; none within ten minutes.

        A case is asked for by the task number in its remote id. Raises `Transient`, `Permanent`.
        """
        found: dict[str, RemoteCase] = {}
        if time.monotonic() < self._next_round_s:
            return found
        self._next_round_s = time.monotonic() + _ROUND_PAUSE_S
        deadline = Deadline(self._deadline_s)
        for remote_id in remote_ids[:_ROUND_QUESTIONS]:
            if deadline.left_s() < self._deadline_s / 2:
                break
            task = remote_id.rpartition("/")[2]
            record = self._record({"taskNum": task}, deadline)
            if record is not None and record.number == remote_id:
                found[remote_id] = RemoteCase(record.number, record.status)
        return found

    # Asking

    def _record(self, asked: Mapping[str, str], deadline: Deadline) -> Record | None:
        """Ask for a case. None: certainly not there. Raises `Transient` or `Permanent`."""
        token = self._token(deadline)
        try:
            reply, uid = self._act("GET_REC_INFO", asked, token, deadline)
            said = self._understood(reply, token, uid)
        except Unanswered as error:  # asking again harms nobody
            raise Transient(f"looking up: {error}") from error
        text = self._tokens.hide(f"looking up: {said}")
        if said.sort is Sort.REFUSED:
            raise Permanent(text)
        if said.sort is Sort.TROUBLE:
            if said.says_absent:
                return None
            raise Transient(text)
        try:
            return replies.record(said.result, asked.get("caseId"), _STATUS_KEYS)
        except replies.IdTooLong as error:
            raise Permanent(f"looking up: {error}") from error
        except replies.NotUnderstood as error:
            raise Transient(f"looking up: {error}") from error

    def _token(self, deadline: Deadline) -> str:
        uid = str(uuid.uuid4())

        def ask(path: str, body: dict[str, Any] | None) -> Answer:
            try:
                return self._understood(self._exchange(path, body, {}, deadline), None, uid)
            except DeliveryError as error:
                wait_s = error.retry_after_s if isinstance(error, Transient) else None
                raise Transient(f"no token: {error}", retry_after_s=wait_s) from error

        try:
            return self._tokens.token(ask, uid)
        except Transient as error:
            text = self._tokens.hide(str(error))
            raise Transient(text, retry_after_s=error.retry_after_s) from error

    def _act(
        self, action: str, data: Mapping[str, Any], token: str, deadline: Deadline
    ) -> tuple[Reply, str]:
        """Ask for something; returns the reply and the uid that an answer to it echoes."""
        uid = str(uuid.uuid4())
        body = {
            "uid": uid,
            "senderCode": self._agreement.sender_code,
            "action": action,
            "data": data,
        }
        headers = {_TOKEN_HEADER: f"Bearer {token}"}
        return self._exchange(_ACTION, body, headers, deadline), uid

    def _exchange(
        self,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        deadline: Deadline,
    ) -> Reply:
        request = httpx.Request(
            "GET" if body is None else "POST",
            f"{self._base}/{path}",
            headers={
                "accept": "application/json",
                "accept-encoding": "identity",
                "connection": "close",
                "content-type": "application/json; charset=utf-8",
                "user-agent": "streetwarden",
                **headers,
            },
            content=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
        )
        return self._transport.exchange(request, deadline, _REPLY_BYTES)

    def _understood(self, reply: Reply, token: str | None, uid: str) -> Answer:
        """Read an answer that is one; sorts HTTP's own, and what a new token may mend."""
        if reply.status in {401, 403}:
            raise self._login(f"HTTP {reply.status}", token)
        if not 200 <= reply.status < 300:
            raise self._refusal(reply)
        try:
            said = replies.answer(reply.body)
        except replies.NotUnderstood as error:
            raise Unanswered(f"HTTP {reply.status}, and the answer is {error}") from error
        if said.uid and token is not None and said.uid != uid:
            raise Unanswered("the answer is one to another question")
        if said.sort is Sort.LOGIN:
            raise self._login(self._tokens.hide(str(said)), token)
        return said

    def _login(self, text: str, token: str | None) -> Transient:
        if token is not None:
            self._tokens.forget(token)
        return Transient(f"not logged in: {text}")

    def _refusal(self, reply: Reply) -> DeliveryError:
        text = f"HTTP {reply.status}"
        wait_s = retry_after_s(reply.headers.get("retry-after"), datetime.now(UTC))
        if reply.status in {425, 429} or (reply.status == 503 and wait_s is not None):
            return Transient(text, retry_after_s=wait_s)
        if reply.status in {301, 307, 308}:
            return Permanent(f"{text}: redirects are not followed; write the final address")
        if reply.status == 408 or reply.status < 400 or reply.status >= 500:
            return Unanswered(text, retry_after_s=wait_s)
        return Permanent(text)
