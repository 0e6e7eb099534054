"""Open311 GeoReport v2 as a `CaseSystem`: post a case, and find it again by its key."""

import logging
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qsl, quote, urlsplit

import httpx

from cases.attachments import Attachment, attachments
from cases.open311 import replies
from cases.open311.search import Row, Search
from cases.payload import CasePayload
from cases.retry_after import retry_after_s
from cases.system import DeliveryError, Permanent, Receipt, RemoteCase, Transient, Unanswered
from cases.transport import Deadline, Reply, ReplyTooLarge, Transport, checked_host

logger = logging.getLogger(__name__)

DEADLINE_S: Final = 25.0
"""For everything that one post or one look-up takes; under half the courier's lease."""

_RECEIPT_BYTES: Final = 1024 * 1024
_LIST_BYTES: Final = 8 * 1024 * 1024
"""A thousand requests with long texts; what is larger is asked for in halves."""

_SKEW: Final = timedelta(hours=1)
"""How far the server's clock may be from ours."""

_TOKEN_WAITS_S: Final = (0.5, 1.0, 2.0)
"""Most servers that answer with a token have the number within seconds."""

_NOT_PROCESSED: Final = frozenset({301, 307, 308})
"""Redirects that ask for the same request elsewhere; others may follow upon a stored one."""


class Open311:
    """A GeoReport v2 server as a `CaseSystem`. Safe to call from several threads.

    `url` is the base address, such as `https://cases.example/open311/v2`; a query in it (for
    example `jurisdiction_id`) goes with every request and is shown nowhere. `allow_hosts` as in
    the site file; empty allows exactly the address's own host. Pictures are read from below
    `media_root`, without it none are sent. Raises `AddressRefused`.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        allow_hosts: Collection[str] = (),
        *,
        media: Literal["multipart", "none"] = "multipart",
        media_root: Path | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._host = checked_host(url, allow_hosts)
        parts = urlsplit(url)
        self._base = parts._replace(query="", fragment="").geturl().rstrip("/")
        self._query = parse_qsl(parts.query)
        self._api_key = api_key
        self._secrets = [value for value in (api_key, *dict(self._query).values()) if value]
        self._media_root = media_root if media == "multipart" else None
        self._deadline_s = deadline_s
        self._transport = Transport(secure=parts.scheme == "https")
        self._search = Search()

    def __repr__(self) -> str:
        return f"Open311({self._base})"

    @property
    def deadline_s(self) -> float:
        """Seconds that a post or a look-up takes at most."""
        return self._deadline_s

    @property
    def repeatable(self) -> bool:
        """GeoReport v2 makes a new request of every post."""
        return False

    def close(self) -> None:
        """Nothing is kept open between requests."""

    def find(self, case_key: str, since: datetime) -> RemoteCase | None:
        """Look a case up by its key among everything received since an hour before `since`."""
        return self._find(case_key, since, Deadline(self._deadline_s))

    def post(self, case: CasePayload) -> Receipt:
        """Post a case, once. What the server calls a duplicate is looked up and returned."""
        deadline = Deadline(self._deadline_s)
        reply = self._send_case(case, deadline)
        if 200 <= reply.status < 300:
            return self._numbered(self._receipt(reply), deadline)
        said = replies.problems(reply.body)
        if reply.status == 409 or (400 <= reply.status < 500 and said.duplicate):
            return self._duplicate(case, deadline)
        if reply.status == 415 and self._media_root is not None:
            self._media_root = None
            logger.warning("%s takes no pictures with a case: posting without", self._host)
            raise Transient("the server takes no pictures with a case")
        raise self._refusal(reply, said)

    # Posting

    def _send_case(self, case: CasePayload, deadline: Deadline) -> Reply:
        fields = _fields(case)
        if self._api_key is not None:
            fields["api_key"] = self._api_key
        found = () if self._media_root is None else attachments(case.media, self._media_root)
        request = self._request("POST", "requests.json", fields=fields, files=found)
        try:
            return self._transport.exchange(request, deadline, _RECEIPT_BYTES)
        except DeliveryError as error:
            raise self._redacted(error) from error

    def _receipt(self, reply: Reply) -> Receipt:
        try:
            return replies.receipt(reply.body)
        except replies.NotUnderstood as error:
            said = replies.problems(reply.body)
            if said.code is not None and said.code >= 400:
                raise self._refusal(Reply(said.code, reply.headers, b""), said) from error
            raise Unanswered(f"HTTP {reply.status}, and the answer is {error}") from error

    def _numbered(self, receipt: Receipt, deadline: Deadline) -> Receipt:
        """Ask for the number behind a token for a few seconds; the case is taken either way."""
        if receipt.remote_id is not None or receipt.token is None:
            return receipt
        for wait_s in _TOKEN_WAITS_S:
            time.sleep(min(wait_s, deadline.left_s()))
            try:
                reply = self._get(f"tokens/{quote(receipt.token, safe='')}.json", {}, deadline)
                polled = replies.receipt(reply.body) if reply.status == 200 else receipt
            except (DeliveryError, replies.NotUnderstood):
                continue
            if polled.remote_id is not None:
                return Receipt(polled.remote_id, receipt.token, receipt.notice)
        return receipt

    def _duplicate(self, case: CasePayload, deadline: Deadline) -> Receipt:
        try:
            found = self._find(case.case_key, case.confirmed_at, deadline)
        except DeliveryError as error:
            raise Unanswered(
                f"the server says duplicate, and the look-up failed: {error}"
            ) from error
        if found is None:
            raise Unanswered("the server says duplicate, but does not list the case")
        return Receipt(found.remote_id)

    def _refusal(self, reply: Reply, said: replies.Problems) -> DeliveryError:
        """Sort an answer to a post that is no receipt."""
        status = reply.status
        text = self._redact(f"HTTP {status}" + (f": {said.text}" if said.text else ""))
        wait_s = retry_after_s(reply.headers.get("retry-after"), datetime.now(UTC))
        if status in {425, 429} or (status == 503 and wait_s is not None):
            return Transient(text, retry_after_s=wait_s)
        if status in _NOT_PROCESSED:
            return Permanent(f"{text}: redirects are not followed; write the final address")
        if status == 408 or status < 400 or (status >= 500 and status not in {501, 505}):
            # A server may well have stored the case before it, or a gateway, gave up.
            return Unanswered(text, retry_after_s=wait_s)
        return Permanent(text)

    # Looking up

    def _find(self, case_key: str, since: datetime, deadline: Deadline) -> RemoteCase | None:
        def ask(start: datetime, end: datetime) -> list[Row]:
            return self._listed(start, end, deadline)

        start = (since.astimezone(UTC) - _SKEW).replace(microsecond=0)
        end = (datetime.now(UTC) + _SKEW).replace(microsecond=0)
        found = self._search.find(ask, case_key, start, end)
        if found is None:
            return None
        return RemoteCase(replies.request_id(found) or "", str(found.get("status") or ""))

    def _listed(self, start: datetime, end: datetime, deadline: Deadline) -> list[Row]:
        window = {"start_date": _w3c(start), "end_date": _w3c(end)}
        reply = self._get("requests.json", window, deadline)
        if 200 <= reply.status < 300:
            try:
                return replies.rows(reply.body)
            except replies.NotUnderstood as error:
                raise Transient(f"HTTP {reply.status}, and the list is {error}") from error
        said = replies.problems(reply.body).text
        text = self._redact(f"looking up: HTTP {reply.status}" + (f": {said}" if said else ""))
        if reply.status in {408, 425, 429} or (
            reply.status >= 500 and reply.status not in {501, 505}
        ):
            wait_s = retry_after_s(reply.headers.get("retry-after"), datetime.now(UTC))
            raise Transient(text, retry_after_s=wait_s)
        raise Permanent(text)

    def _get(self, path: str, query: Mapping[str, str], deadline: Deadline) -> Reply:
        request = self._request("GET", path, query=query)
        try:
            return self._transport.exchange(request, deadline, _LIST_BYTES)
        except ReplyTooLarge:
            raise
        except Unanswered as error:  # asking again harms nobody
            raise Transient(self._redact(f"looking up: {error}")) from error
        except DeliveryError as error:
            raise self._redacted(error) from error

    # Requests and secrets

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
        files: Collection[Attachment] = (),
    ) -> httpx.Request:
        headers = {
            "accept": "application/json",
            "accept-encoding": "identity",
            "connection": "close",
            "user-agent": "streetwarden",
        }
        if fields is not None and not files:
            headers["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
        return httpx.Request(
            method,
            f"{self._base}/{path}",
            params=[*self._query, *(query or {}).items()],
            headers=headers,
            data=fields,
            files=[("media", (file.name, file.content, file.content_type)) for file in files],
        )

    def _redacted(self, error: DeliveryError) -> DeliveryError:
        return type(error)(self._redact(str(error)))

    def _redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _fields(case: CasePayload) -> dict[str, str]:
    """Form fields of a post; an absent value and an empty one mean the same to GeoReport."""
    fields = {"service_code": case.code.code, "description": case.description}
    if case.lat is not None and case.lon is not None:
        fields |= {"lat": f"{case.lat:.7f}", "long": f"{case.lon:.7f}"}
    if case.address:
        fields["address_string"] = case.address
    return fields


def _w3c(at: datetime) -> str:
    """Write UTC with Z: a plus sign in a query is a blank to careless servers."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
