"""What GeoReport servers answer, in the forms that real ones use.

JSON or XML, whatever the content type says. Ids are strings here, though many servers send numbers.
Errors come as `[{"code": 403, "description": ".."}]` (the specification), `{"errors": [..]}`,
`{"code": .., "detail": ".."}`, a list of plain texts, or `<errors>`.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cases.open311 import geo_xml
from cases.system import Receipt
from cases.wording import plain

TEXT_LIMIT: Final = 300
ID_LIMIT: Final = 128
"""As many as the store keeps."""
_DEPTH_LIMIT: Final = 6

_WRAPPERS: Final = ("service_requests", "requests", "data", "results")
_RECEIPT_KEYS: Final = ("service_request_id", "id", "token", "service_notice", "account_id")
_TEXT_KEYS: Final = ("description", "detail", "message", "error", "title")
_DUPLICATE: Final = re.compile(
    r"duplicat|already (?:exists|reported|submitted)|重复|已存在", re.IGNORECASE
)


class NotUnderstood(ValueError):  # noqa: N818  # named after what it is, as its neighbours are
    """The body is not what this question is answered with."""


class IdTooLong(NotUnderstood):
    """A number that cannot be kept whole: cut, it would name something else."""


@dataclass(frozen=True, slots=True)
class Problems:
    """What a server says is wrong."""

    text: str
    """One line; empty where the server says nothing readable."""
    code: int | None
    """The first code of the body; servers do not always send the same as HTTP's."""

    @property
    def duplicate(self) -> bool:
        """True when the server says that it has this request already."""
        return _DUPLICATE.search(self.text) is not None


def rows(body: bytes) -> list[Mapping[str, Any]]:
    """Read a list of service requests; an empty one is a list too.

    Raises `NotUnderstood` where anything else may be meant: absence is concluded from this list.
    """
    parsed = _parsed(body)
    if isinstance(parsed, dict):
        parsed = next((parsed[key] for key in _WRAPPERS if key in parsed), None)
    if not isinstance(parsed, list):
        raise NotUnderstood("no list of requests")
    for row in parsed:
        if not isinstance(row, dict) or not _has_id(row):
            raise NotUnderstood("a list of something other than requests")
    return parsed


def receipt(body: bytes) -> Receipt:
    """Read the answer to a post. Raises `NotUnderstood` where nothing says that it was taken.

    A row that holds neither number nor token, but has their places, is a server that never tells
    one (type blackbox).
    """
    for row in _objects(_parsed(body)):
        if not _is_error(row) and any(key in row for key in _RECEIPT_KEYS):
            return Receipt(
                remote_id=request_id(row),
                token=identifier(row.get("token")),
                notice=plain(str(row.get("service_notice") or ""), TEXT_LIMIT),
            )
    raise NotUnderstood("no receipt")


def request_id(row: Mapping[str, Any]) -> str | None:
    """Return the number of a service request; None where the row has none."""
    return identifier(row.get("service_request_id")) or identifier(row.get("id"))


def known_id(row: Mapping[str, Any], wanted: Collection[str]) -> str | None:
    """Return a request's number where it is one of those wanted."""
    try:
        number = request_id(row)
    except IdTooLong:
        return None
    return number if number in wanted else None


def text_of(row: Mapping[str, Any], key: str) -> str:
    """Return one line of text of a request; empty where it has none."""
    value = row.get(key)
    return plain(value, TEXT_LIMIT) if isinstance(value, str) else ""


def requested_at(row: Mapping[str, Any]) -> datetime | None:
    """When the server says that it received a request; a time without offset is taken as UTC."""
    text = row.get("requested_datetime")
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def mentions(row: Mapping[str, Any], key: str) -> bool:
    """Tell whether any text of a request holds the key as a word of its own."""
    pattern = re.compile(rf"(?<![0-9A-Za-z]){re.escape(key)}(?![0-9A-Za-z])", re.IGNORECASE)
    return any(pattern.search(text) for text in _texts(row, _DEPTH_LIMIT))


def problems(body: bytes) -> Problems:
    """Read an error answer; never raises."""
    try:
        found = [row for row in _objects(_parsed(body), texts=True) if _is_error(row)]
    except NotUnderstood:
        return Problems("", None)
    texts = [str(row[key]) for row in found for key in _TEXT_KEYS if row.get(key)]
    codes = [code for row in found if (code := _code(row.get("code"))) is not None]
    return Problems(plain("; ".join(texts), TEXT_LIMIT), codes[0] if codes else None)


def entries(
    body: bytes, wrappers: Iterable[str], *, single: bool = False
) -> list[Mapping[str, Any]]:
    """Read a list of mappings, bare or wrapped; `single` takes one mapping for a list of one.

    Raises `NotUnderstood`.
    """
    parsed = _parsed(body)
    if isinstance(parsed, dict):
        wrapped = next((parsed[key] for key in wrappers if key in parsed), None)
        parsed = [parsed] if wrapped is None and single else wrapped
    if isinstance(parsed, dict) and single:
        parsed = [parsed]
    if not isinstance(parsed, list) or not all(isinstance(row, dict) for row in parsed):
        raise NotUnderstood("not the list that was asked for")
    return parsed


def _parsed(body: bytes) -> Any:
    if body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        try:
            return geo_xml.parsed(body.removeprefix(b"\xef\xbb\xbf").lstrip())
        except geo_xml.NotGeoReport as error:
            raise NotUnderstood(f"no JSON and no GeoReport XML: {error}") from error
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("no JSON") from error


def _objects(parsed: Any, *, texts: bool = False) -> list[Mapping[str, Any]]:
    """Objects of a bare list, a wrapped list, or a single object."""
    if isinstance(parsed, dict):
        wrapped = next((parsed[key] for key in (*_WRAPPERS, "errors") if key in parsed), None)
        parsed = wrapped if isinstance(wrapped, list) else [parsed]
    if not isinstance(parsed, list):
        raise NotUnderstood("neither a list nor an object")
    found: list[Mapping[str, Any]] = [row for row in parsed if isinstance(row, dict)]
    if texts:
        found += [{"error": row} for row in parsed if isinstance(row, str)]
    return found


def _is_error(row: Mapping[str, Any]) -> bool:
    if request_id(row) is not None or identifier(row.get("token")) is not None:
        return False
    return any(key in row for key in ("code", "error", "detail", "errors", "message"))


def identifier(value: Any) -> str | None:
    """Read an id, which many servers write as a number; None where it is none.

    Raises `IdTooLong`.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value)
    if len(text) > ID_LIMIT:
        raise IdTooLong(f"a number of {len(text)} characters: at most {ID_LIMIT} are kept")
    return plain(text, ID_LIMIT) or None


def _has_id(row: Mapping[str, Any]) -> bool:
    try:
        return request_id(row) is not None
    except IdTooLong:
        return True


def _code(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    text = str(value)
    return int(text) if re.fullmatch(r"[0-9]{3}", text) else None


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth > 0 and isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner, depth - 1)
    elif depth > 0 and isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth - 1)
