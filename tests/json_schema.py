"""Checks documents against a JSON Schema: the words that our schemas use, and no others.

Small on purpose; a word that it does not know is an error, so that it cannot pass by ignorance.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
SILENT = frozenset(
    {
        "$schema",
        "$defs",
        "title",
        "description",
        "default",
        "examples",
        "format",
        "writeOnly",
        "discriminator",
    }
)


def violations(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a document breaks of a schema (draft 2020-12)."""
    for word, wanted in schema.items():
        if word in SILENT:
            continue
        yield from _CHECKS[word](value, wanted, schema, root)


def _reference(value: Any, wanted: str, _: Any, root: Mapping[str, Any]) -> Iterator[str]:
    yield from violations(value, root["$defs"][wanted.removeprefix("#/$defs/")], root)


def _type(value: Any, wanted: str, _: Any, __: Any) -> Iterator[str]:
    if not isinstance(value, TYPES[wanted]) or isinstance(value, bool):
        yield f"{value!r} is no {wanted}"


def _const(value: Any, wanted: Any, _: Any, __: Any) -> Iterator[str]:
    if value != wanted:
        yield f"{value!r} is not {wanted!r}"


def _enum(value: Any, wanted: list[Any], _: Any, __: Any) -> Iterator[str]:
    if value not in wanted:
        yield f"{value!r} is none of {wanted}"


def _any_of(value: Any, wanted: list[Any], _: Any, root: Mapping[str, Any]) -> Iterator[str]:
    if all(list(violations(value, each, root)) for each in wanted):
        yield f"{value!r} is none of the choices"


def _one_of(value: Any, wanted: list[Any], _: Any, root: Mapping[str, Any]) -> Iterator[str]:
    if sum(not list(violations(value, each, root)) for each in wanted) != 1:
        yield f"{value!r} is not exactly one of the choices"


def _properties(value: Any, wanted: Any, _: Any, root: Mapping[str, Any]) -> Iterator[str]:
    for name, item in value.items() if isinstance(value, dict) else ():
        if name in wanted:
            yield from violations(item, wanted[name], root)


def _additional(value: Any, wanted: Any, schema: Any, root: Mapping[str, Any]) -> Iterator[str]:
    for name, item in value.items() if isinstance(value, dict) else ():
        if name in schema.get("properties", {}):
            continue
        if wanted is False:
            yield f"unknown key {name!r}"
        elif wanted is not True:
            yield from violations(item, wanted, root)


def _required(value: Any, wanted: list[str], _: Any, __: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{name!r} is missing" for name in wanted if name not in value)


def _items(value: Any, wanted: Any, schema: Any, root: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value[len(schema.get("prefixItems", ())) :]:
            yield from violations(item, wanted, root)


def _prefix_items(value: Any, wanted: list[Any], _: Any, root: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(value, list):
        for item, each in zip(value, wanted, strict=False):
            yield from violations(item, each, root)


def _bound(value: Any, wanted: float, word: str) -> Iterator[str]:
    size = value if isinstance(value, int | float) else None
    if word.endswith(("Items", "Length")):
        size = len(value) if isinstance(value, list | str) else None
    if size is None or (size == wanted and not word.startswith("exclusive")):
        return
    if size == wanted or (size < wanted) == ("min" in word.lower()):
        yield f"{value!r}: {word} is {wanted}"


def _pattern(value: Any, wanted: str, _: Any, __: Any) -> Iterator[str]:
    if isinstance(value, str) and not re.search(wanted, value):
        yield f"{value!r} does not match {wanted}"


_CHECKS: Mapping[str, Any] = {
    "$ref": _reference,
    "type": _type,
    "const": _const,
    "enum": _enum,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "prefixItems": _prefix_items,
    "pattern": _pattern,
    **{
        word: lambda value, wanted, _, __, word=word: _bound(value, wanted, word)
        for word in (
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "minItems",
            "maxItems",
            "minLength",
            "maxLength",
        )
    },
}
