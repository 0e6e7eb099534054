"""Pydantic's errors, said once in our own words: what is wrong, and what to write instead."""

import types
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from configs.document import Document, join
from configs.errors import ConfigError

_WANTED: Mapping[str, tuple[str, str]] = {
    # pydantic's error type: (what was wanted, an example)
    "string_type": ("text", '"..." (text goes in quotes)'),
    "int_type": ("a whole number", "a number such as 1"),
    "int_from_float": ("a whole number", "a number such as 1"),
    "float_type": ("a number", "a number such as 0.5, without quotes"),
    "finite_number": ("a finite number", "a number such as 0.5"),
    "bool_type": ("true or false", "true or false, without quotes"),
    "tuple_type": ("a list", "[...]"),
    "list_type": ("a list", "[...]"),
    "model_type": ("a mapping", "{name: value}"),
    "dict_type": ("a mapping", "{name: value}"),
    "path_type": ("a path", '"folder/file"'),
}

_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def config_errors(
    error: ValidationError,
    model: type[BaseModel],
    document: Document,
    expanded: frozenset[str] = frozenset(),
) -> ConfigError:
    """Translate; the first error in the file carries the others.

    `expanded` names the keys whose values came from the environment: they are never shown.
    """
    found = [
        _translate(detail, model, document, expanded) for detail in error.errors(include_url=False)
    ]
    found.sort(key=lambda each: each.line or 0)
    found[0].others = tuple(found[1:])
    return found[0]


def suggestion(name: str, known: Iterable[str]) -> str:
    """Write "did you mean ...", or the list of what there is."""
    known = list(known)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"write one of {', '.join(known)}" if known else "leave it out"


def _translate(
    detail: ErrorDetails, model: type[BaseModel], document: Document, expanded: frozenset[str]
) -> ConfigError:
    key = ""
    for part in detail["loc"]:
        key = join(key, part)
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind == "site_file":
        return document.error(key, context["problem"], context["remedy"])
    if kind == "extra_forbidden":
        return _unknown_key(detail["loc"], key, model, document)
    if kind == "missing":
        return document.error(key, "this key is missing", _example(detail["loc"], model))
    shown = _shown(detail["input"], key, document, expanded)
    if kind == "literal_error":
        return _no_choice(shown, key, context, document)
    if kind == "zoneinfo_str":
        return _no_timezone(shown, key, document)
    if kind in _WANTED:
        wanted, example = _WANTED[kind]
        if kind == "string_type" and isinstance(detail["input"], bool | int | float):
            example = f'"{shown}" in quotes'
        return document.error(
            key, f"expected {wanted}, got {shown or 'nothing'}", f"write {example}"
        )
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return document.error(
            key, f"{shown} is out of range", f"write a number of {word} {context[bound]:g}"
        )
    if kind in {"too_short", "string_too_short"}:
        return document.error(
            key, "this is empty", "write at least one entry, or leave the key out"
        )
    if kind == "missing_positional_argument" or kind.startswith("too_"):
        return document.error(key, str(detail["msg"]).lower(), "write as many as are wanted")
    return document.error(key, str(detail["msg"]), "see docs/site-file.md")


def _shown(value: object, key: str, document: Document, expanded: frozenset[str]) -> str:
    """Write a wrong value as it stands in the file; what the environment gave stays hidden."""
    if key in expanded:
        return document.written.get(key, "the value of a variable")
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    return document.written.get(key, "" if value is None else str(value))[:80]


def _unknown_key(
    loc: tuple[int | str, ...], key: str, model: type[BaseModel], document: Document
) -> ConfigError:
    owner = _model_at(model, loc[:-1])
    return document.error(
        key, f"unknown key {str(loc[-1])[:80]!r}", suggestion(str(loc[-1]), _keys(owner))
    )


def _no_choice(shown: str, key: str, context: Mapping[str, Any], document: Document) -> ConfigError:
    choices = [
        word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")
    ]
    return document.error(key, f"unknown value {shown!r}", suggestion(shown, choices))


def _no_timezone(shown: str, key: str, document: Document) -> ConfigError:
    from zoneinfo import available_timezones  # noqa: PLC0415 - reads hundreds of files

    close = get_close_matches(shown, available_timezones(), n=1, cutoff=0.6)
    remedy = f"did you mean {close[0]!r}?" if close else 'write a name such as "Asia/Shanghai"'
    return document.error(key, f"unknown time zone {shown!r}", remedy)


def _keys(owner: type[BaseModel] | None) -> list[str]:
    if owner is None:
        return []
    return [field.alias or name for name, field in owner.model_fields.items()]


def _example(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """Say what a missing key should look like, from the field's own example."""
    owner = _model_at(model, loc[:-1])
    for name, field in owner.model_fields.items() if owner else ():
        if (field.alias or name) == loc[-1] and field.examples:
            return f"write {loc[-1]}: {field.examples[0]}"
    return f"write {loc[-1]}: ..."


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Find the model that describes a place in the document."""
    here: type[BaseModel] | None = model
    for part in loc:
        if here is None:
            return None
        if isinstance(part, int):
            continue
        fields = {field.alias or name: field for name, field in here.model_fields.items()}
        here = _model_in(fields[part].annotation) if part in fields else None
    return here


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {tuple, list, Union, types.UnionType} or get_args(annotation):
        for inner in get_args(annotation):
            if (found := _model_in(inner)) is not None:
                return found
    return None
