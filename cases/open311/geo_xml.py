"""GeoReport XML as the same lists and mappings that its JSON gives.

A document with a DOCTYPE is refused before anything of it is read: no entity of anybody's is ever
expanded or fetched.
"""

from typing import Any, Final
from xml.parsers import expat

_DEPTH_LIMIT: Final = 12
_ROOTS: Final = frozenset(
    {
        "service_requests",
        "services",
        "errors",
        "service_definition",
        "discovery",
        "requests",
        "service_request_updates",
    }
)
_LISTS: Final = _ROOTS - {"service_definition", "discovery"} | {
    "attributes",
    "values",
    "keywords",
    "endpoints",
    "formats",
}
"""Elements whose children are entries, though there be only one."""


class NotGeoReport(ValueError):  # noqa: N818  # named after what it is, as its neighbours are
    """No XML, XML with a DOCTYPE, too deep, or the root is none of GeoReport's."""


def parsed(body: bytes) -> Any:
    """Read a document: lists of mappings, leaves as texts, an empty leaf as None.

    Raises `NotGeoReport`.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError as error:
        raise NotGeoReport(f"no XML: {expat.errors.messages[error.code]}") from error
    except (ValueError, LookupError) as error:  # our own refusal, or an unknown encoding
        raise NotGeoReport(str(error)[:200]) from error
    return reader.result


class _Reader:
    """Builds the value bottom-up; `_open` holds (name, text pieces, children) of open elements."""

    def __init__(self) -> None:
        self.result: Any = None
        self._open: list[tuple[str, list[str], list[tuple[str, Any]]]] = []
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _doctype(self, *_args: object) -> None:
        raise ValueError("a document with a DOCTYPE is not read")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if not self._open and name not in _ROOTS:
            raise ValueError("no GeoReport document")
        if len(self._open) >= _DEPTH_LIMIT:
            raise ValueError("too deep")
        self._open.append((name, [], []))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][1].append(text)

    def _end(self, _name: str) -> None:
        name, pieces, children = self._open.pop()
        value: Any
        if name in _LISTS:
            value = [inner for _, inner in children]
        elif children:
            value = dict(children)
        else:
            value = "".join(pieces).strip() or None
        if self._open:
            self._open[-1][2].append((name, value))
        else:
            self.result = {"errors": value} if name == "errors" else value
