"""Requests to one GeoReport server: addresses, format, key, and texts without secrets."""

import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import httpx

from cases.attachments import Attachment
from cases.deadline import Deadline
from cases.open311 import replies
from cases.open311.services import Service, services, speaks_json
from cases.retry_after import retry_after_s
from cases.system import DeliveryError, Permanent, Transient, Unanswered
from cases.transport import Reply, ReplyTooLarge, Transport, checked_host

logger = logging.getLogger(__name__)

_RECEIPT_BYTES: Final = 1024 * 1024
_LIST_BYTES: Final = 8 * 1024 * 1024
"""A thousand requests with long texts; what is larger is asked for in halves."""

_ACCEPT: Final = {
    "json": "application/json, text/xml;q=0.5",
    "xml": "text/xml, application/xml",
}


class Connection:
    """Speaks JSON to a server until that is known to speak XML alone. Thread-safe."""

    def __init__(self, url: str, api_key: str | None, allow_hosts: Collection[str]) -> None:
        self.host = checked_host(url, allow_hosts)
        parts = urlsplit(url)
        self.base = parts._replace(query="", fragment="").geturl().rstrip("/")
        self._query = parse_qsl(parts.query)
        self._api_key = api_key
        self._secrets = [value for value in (api_key, *dict(self._query).values()) if value]
        self._transport = Transport(secure=parts.scheme == "https")
        self._format = "json"

    def post(
        self,
        fields: Mapping[str, str],
        files: Collection[Attachment],
        deadline: Deadline,
        *,
        resource: str = "requests",
    ) -> Reply:
        """Post a form, with the key. Raises `Transient`, `Permanent`, `Unanswered`."""
        keyed = dict(fields) if self._api_key is None else {"api_key": self._api_key, **fields}
        request = self._request("POST", f"{resource}.{self._format}", fields=keyed, files=files)
        try:
            return self._transport.exchange(request, deadline, _RECEIPT_BYTES)
        except DeliveryError as error:
            raise self._redacted(error) from error

    def ask(self, resource: str, query: Mapping[str, str], deadline: Deadline) -> Reply:
        """Get a resource in the server's format; a good answer is returned, in full.

        Raises `Transient`, `ReplyTooLarge`, and `Permanent` for what will not be answered.
        """
        reply = self._get(f"{resource}.{self._format}", query, deadline)
        if reply.status in {404, 406} and self.turn_to_xml(deadline):
            reply = self._get(f"{resource}.{self._format}", query, deadline)
        if 200 <= reply.status < 300:
            return reply
        said = replies.problems(reply.body).text
        text = self.redact(f"looking up: HTTP {reply.status}" + (f": {said}" if said else ""))
        if reply.status in {408, 425, 429} or (
            reply.status >= 500 and reply.status not in {501, 505}
        ):
            wait_s = retry_after_s(reply.headers.get("retry-after"), datetime.now(UTC))
            raise Transient(text, retry_after_s=wait_s)
        raise Permanent(text)

    def services(self, deadline: Deadline) -> tuple[Service, ...]:
        """Return what the server offers; nothing where it does not tell. Raises `Transient`."""
        return self._services(self._format, deadline)

    def turn_to_xml(self, deadline: Deadline) -> bool:
        """Find out that this server speaks XML alone. False: it speaks JSON, or nothing is known.

        Its discovery document says so, or it has a service list in XML and none in JSON. Raises
        `Transient` where it cannot be asked now.
        """
        if self._format == "xml":
            return False
        told = self._get("discovery.xml", {}, deadline)
        json_served = speaks_json(told.body) if told.status == 200 else None
        if json_served is None:
            json_served = bool(self._services("json", deadline)) or not self._services(
                "xml", deadline
            )
        if json_served:
            return False
        self._format = "xml"
        logger.info("%s speaks XML alone", self.host)
        return True

    def redact(self, text: str) -> str:
        """Take the key, and what stands in the address's query, out of a text."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _services(self, form: str, deadline: Deadline) -> tuple[Service, ...]:
        reply = self._get(f"services.{form}", {}, deadline)
        if reply.status != 200:
            return ()
        try:
            return services(reply.body)
        except replies.NotUnderstood:
            return ()

    def _get(self, path: str, query: Mapping[str, str], deadline: Deadline) -> Reply:
        request = self._request("GET", path, query=query)
        try:
            return self._transport.exchange(request, deadline, _LIST_BYTES)
        except ReplyTooLarge:
            raise
        except Unanswered as error:  # asking again harms nobody
            raise Transient(self.redact(f"looking up: {error}")) from error
        except DeliveryError as error:
            raise self._redacted(error) from error

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
            "accept": _ACCEPT[self._format],
            "accept-encoding": "identity",
            "connection": "close",
            "user-agent": "streetwarden",
        }
        if fields is not None and not files:
            headers["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
        return httpx.Request(
            method,
            f"{self.base}/{path}",
            params=[*self._query, *(query or {}).items()],
            headers=headers,
            data=fields,
            files=[("media", (file.name, file.content, file.content_type)) for file in files],
        )

    def _redacted(self, error: DeliveryError) -> DeliveryError:
        return type(error)(self.redact(str(error)))
