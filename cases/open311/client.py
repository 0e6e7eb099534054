"""Open311 GeoReport v2 as a `CaseSystem`: post a case, find it by its key, follow it."""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from cases.attachments import attachments
from cases.deadline import Deadline
from cases.media_links import MediaLinks
from cases.open311 import replies, updates
from cases.open311.connection import Connection
from cases.open311.definition import Attribute, Definitions, missing
from cases.open311.facts import filled
from cases.open311.search import Row, Search
from cases.open311.services import code_of
from cases.payload import CasePayload
from cases.retry_after import retry_after_s
from cases.system import (
    DeliveryError,
    Incomplete,
    NoPlace,
    Permanent,
    Receipt,
    RemoteCase,
    Transient,
    Unanswered,
)
from cases.transport import Reply
from cases.update import Update
from cases.wording import plain

logger = logging.getLogger(__name__)

DEADLINE_S: Final = 25.0
"""For everything that one post or one look-up takes; under half the courier's lease."""

_SKEW: Final = timedelta(hours=1)
"""How far the server's clock may be from ours."""

_TOKEN_WAITS_S: Final = (0.5, 1.0, 2.0)
"""Most servers that answer with a token have the number within seconds; `number` asks later."""

_NOT_PROCESSED: Final = frozenset({301, 307, 308})
"""Redirects that ask for the same request elsewhere; others may follow upon a stored one."""

_NO_SUCH_FORMAT: Final = frozenset({404, 405, 406})
_NO_SUCH_SERVICE: Final = frozenset({400, 404})


class Open311:
    """A GeoReport v2 server as a `CaseSystem`. Safe to call from several threads.

    `url` is the base address, such as `https://cases.example/open311/v2`; a query in it (for
    example `jurisdiction_id`) goes with every request and is shown nowhere. `allow_hosts` as in
    the site file; empty allows exactly the address's own host. Pictures are read from below
    `media_root`, without it none are sent; with `media_links` the address of one is. `services`
    gives the server's service code or name for a kind of violation, `attributes` the texts of its
    attributes, with case facts in braces (`attribute_facts`). Raises `AddressRefused`.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        allow_hosts: Collection[str] = (),
        *,
        media: Literal["multipart", "none"] = "multipart",
        media_root: Path | None = None,
        media_links: MediaLinks | None = None,
        services: Mapping[str, str] | None = None,
        attributes: Mapping[str, str] | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._connection = Connection(url, api_key, allow_hosts)
        self._media_root = media_root if media == "multipart" else None
        self._media_links = media_links
        self._services = dict(services or {})
        self._attributes = dict(attributes or {})
        self._learned: dict[str, str] = {}
        self._deadline_s = deadline_s
        self._search = Search()
        self._definitions = Definitions(self._connection)

    def __repr__(self) -> str:
        return f"Open311({self._connection.base})"

    @property
    def deadline_s(self) -> float:
        """Seconds that a post or a look-up takes at most."""
        return self._deadline_s

    @property
    def repeatable(self) -> bool:
        """GeoReport has no way to recognise a second post of a case."""
        return False

    def close(self) -> None:
        """Nothing is kept open between requests."""

    def find(self, case_key: str, since: datetime) -> RemoteCase | None:
        """Look a case up by its key among everything received since an hour before `since`."""
        return self._find(case_key, since, Deadline(self._deadline_s))

    def post(self, case: CasePayload, until: Deadline | None = None) -> Receipt:
        """Post a case, once. What the server calls a duplicate is looked up and returned.

        `Incomplete` where its service asks for an attribute that the site file does not give.
        """
        deadline = Deadline(self._deadline_s, until)
        fields = self._fields(case)
        lacking = self._lacking(fields["service_code"], filled(self._attributes, case), deadline)
        if lacking:
            raise Incomplete(_lacks(fields["service_code"], lacking))
        found = () if self._media_root is None else attachments(case.media, self._media_root)
        reply = self._connection.post(fields, found, deadline)
        if 200 <= reply.status < 300:
            return self._numbered(self._receipt(reply), deadline)
        said = replies.problems(reply.body)
        if reply.status == 409 or (400 <= reply.status < 500 and said.duplicate):
            return self._duplicate(case, deadline)
        self._adapt(reply, case, deadline)
        raise self._refusal(reply, said)

    def lacking(self, service_code: str, name: str = "") -> str:
        """Say what a service asks for and the site file does not give; empty: nothing.

        The service is found by its code or name, as for a post. Raises `Transient`, `Permanent`.
        """
        deadline = Deadline(self._deadline_s)
        offered = self._connection.services(deadline)
        code = code_of(service_code, offered) or code_of(name, offered) or service_code
        lacking = self._lacking(code, self._attributes, deadline)
        return _lacks(code, lacking) if lacking else ""

    def _lacking(
        self, service_code: str, given: Collection[str], deadline: Deadline
    ) -> tuple[Attribute, ...]:
        return missing(self._definitions.required(service_code, deadline), given)

    def post_update(self, update: Update, until: Deadline | None = None) -> Receipt:
        """Post an update, where the server has the extension for it; else `NoPlace`."""
        media = update.payload.media
        files = () if self._media_root is None else attachments(media, self._media_root)
        if update.payload.outcome == "clip" and not files:
            raise NoPlace("the clip is gone, or no pictures are sent to this server")
        return updates.post(self._connection, update, files, Deadline(self._deadline_s, until))

    def find_update(self, update: Update, since: datetime) -> bool:
        """Look an update up in the server's list of updates."""
        return updates.there(self._connection, update, since, Deadline(self._deadline_s))

    def number(self, token: str) -> str | None:
        """Return the number that a token has become; None as long as it has not."""
        return self._number(token, Deadline(self._deadline_s))

    def states(self, remote_ids: Sequence[str]) -> Mapping[str, RemoteCase]:
        """Return how these requests stand, asked for in one list."""
        wanted = set(remote_ids)
        query = {"service_request_id": ",".join(remote_ids)}
        found: dict[str, RemoteCase] = {}
        for row in self._rows(query, Deadline(self._deadline_s)):
            number = replies.known_id(row, wanted)
            if number is not None:
                status, notes = (replies.text_of(row, key) for key in ("status", "status_notes"))
                found[number] = RemoteCase(number, status, notes)
        return found

    # Posting

    def _fields(self, case: CasePayload) -> dict[str, str]:
        """Form fields of a post; an absent value and an empty one mean the same to GeoReport."""
        wanted = self._services.get(case.kind, case.code.code)
        fields = {
            "service_code": self._learned.get(wanted, wanted),
            "description": case.description,
        }
        if case.lat is not None and case.lon is not None:
            fields |= {"lat": f"{case.lat:.7f}", "long": f"{case.lon:.7f}"}
        if case.address:
            fields["address_string"] = case.address
        if link := self._media_url(case):
            fields["media_url"] = link
        found = filled(self._attributes, case)
        return fields | {f"attribute[{code}]": text for code, text in found.items()}

    def _media_url(self, case: CasePayload) -> str:
        """Return the address of the newest still: GeoReport has room for one."""
        if self._media_links is None or not case.media:
            return ""
        try:
            return self._media_links.url(case.media[-1].path)
        except OSError as error:
            logger.error("a case goes out without the address of a picture: %s", error)  # noqa: TRY400  # the message says it
            return ""

    def _adapt(self, reply: Reply, case: CasePayload, deadline: Deadline) -> None:
        """Find out whether a refusal is about the form. Raises `Transient`: post in another."""
        if reply.status == 415 and self._media_root is not None:
            self._media_root = None
            logger.warning("%s takes no pictures with a case", self._connection.host)
            raise Transient("the server takes no pictures with a case")
        if reply.status in _NO_SUCH_FORMAT and self._connection.turn_to_xml(deadline):
            raise Transient("the server speaks XML alone")
        if reply.status not in _NO_SUCH_SERVICE:
            return
        try:
            learned = self._learn_service(case, deadline)
        except DeliveryError:
            return  # without its list the refusal stands as it is
        if learned:
            raise Transient("the server has another code for this service")

    def _learn_service(self, case: CasePayload, deadline: Deadline) -> bool:
        """Look for the service in the server's list. True: it has another code than was sent."""
        wanted = self._services.get(case.kind, case.code.code)
        offered = self._connection.services(deadline)
        code = code_of(wanted, offered) or code_of(case.code.name, offered)
        if code is None or code == self._learned.get(wanted, wanted):
            return False
        self._learned[wanted] = code
        logger.info("%s: service %s is called %s", self._connection.host, wanted, code)
        return True

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
                number = self._number(receipt.token, deadline)
            except DeliveryError:
                continue
            if number is not None:
                return Receipt(number, receipt.token, receipt.notice)
        return receipt

    def _number(self, token: str, deadline: Deadline) -> str | None:
        reply = self._connection.ask(f"tokens/{quote(token, safe='')}", {}, deadline)
        try:
            return replies.receipt(reply.body).remote_id
        except replies.NotUnderstood as error:
            raise Transient(f"HTTP {reply.status}, and the answer is {error}") from error

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
        text = self._connection.redact(f"HTTP {status}" + (f": {said.text}" if said.text else ""))
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
        try:
            number = replies.request_id(found)
        except replies.IdTooLong as error:
            raise Permanent(f"the case is there under {error}") from error
        return RemoteCase(number or "", str(found.get("status") or ""))

    def _listed(self, start: datetime, end: datetime, deadline: Deadline) -> list[Row]:
        return self._rows({"start_date": _w3c(start), "end_date": _w3c(end)}, deadline)

    def _rows(self, query: Mapping[str, str], deadline: Deadline) -> list[Row]:
        reply = self._connection.ask("requests", query, deadline)
        try:
            return replies.rows(reply.body)
        except replies.NotUnderstood as error:
            raise Transient(f"HTTP {reply.status}, and the list is {error}") from error


def _lacks(service_code: str, lacking: Collection[Attribute]) -> str:
    codes = ", ".join(
        each.code + (f" ({plain(each.description, 100)})" if each.description else "")
        for each in lacking
    )
    first = next(iter(lacking)).code
    return (
        f"the service {service_code} asks for {codes}: "
        f'write case_system.attributes: {{{first}: "..."}}'
    )


def _w3c(at: datetime) -> str:
    """Write UTC with Z: a plus sign in a query is a blank to careless servers."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
