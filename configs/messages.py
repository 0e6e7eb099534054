"""Pydantic's errors, said once in our own words: what is wrong, and what to write instead."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from configs.case_system import KINDS
from configs.document import Document, join
from configs.errors import ConfigError

_COLLECTIONS = {dict: "a mapping", list: "a list", type(None): "nothing"}

_WANTED: Mapping[str, tuple[str, str]] = {
    # pydantic's error type: (what was wanted, what to write)
    "string_type": ("text", 'write it in quotes: "..."'),
    "int_type": ("a whole number", "write a number such as 1"),
    "int_parsing": ("a whole number", "write a number such as 1"),
    "int_from_float": ("a whole number", "write a number such as 1"),
    "float_type": ("a number", "write a number such as 0.5"),
    "float_parsing": ("a number", "write a number such as 0.5"),
    "number_type": ("a number", "write a number such as 1"),
    "finite_number": ("a finite number", "write a number such as 0.5"),
    "tuple_type": ("a list", "write [first, second] or lines that start with '- '"),
    "model_type": ("a mapping", "write {name: value} or lines of name: value"),
    "model_attributes_type": ("a mapping", "write {name: value} or lines of name: value"),
    "dict_type": ("a mapping", "write {name: value} or lines of name: value"),
    "path_type": ("a path", 'write "folder/file"'),
}

_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


_CHOICE = "case_system"
"""The one mapping whose keys depend on its `kind`."""


@dataclass(frozen=True, slots=True)
class _Wrong:
    """One error of pydantic, with what is needed to explain it."""

    kind: str
    loc: tuple[int | str, ...]
    key: str
    shown: str
    """The wrong value as it stands in the file; what the environment gave stays hidden."""
    context: Mapping[str, Any]
    text: str
    """Pydantic's own words."""
    model: type[BaseModel]


def config_error(
    error: ValidationError,
    model: type[BaseModel],
    document: Document,
    expanded: frozenset[str] = frozenset(),
) -> ConfigError:
    """Translate; the first error in the file carries the others.

    `expanded` names the keys whose values came from the environment: they are never shown.
    """
    found = []
    for detail in _innermost(error.errors(include_url=False)):
        key = _key(detail)
        wrong = _Wrong(
            kind=detail["type"],
            loc=detail["loc"],
            key=key,
            shown=_shown(
                detail.get("ctx", {}).get("tag", detail["input"]), key, document, expanded
            ),
            context=detail.get("ctx", {}),
            text=detail["msg"],
            model=model,
        )
        problem, remedy = _HANDLERS.get(wrong.kind, _anything)(wrong)
        found.append(document.error(key, problem, remedy))
    found.sort(key=lambda each: each.line or 0)
    found[0].others = tuple(found[1:])
    return found[0]


def _key(detail: ErrorDetails) -> str:
    """Write where it stands in the file: without the kind by which a choice was made."""
    loc = detail["loc"]
    if loc[:1] == (_CHOICE,) and len(loc) > 1:
        loc = (_CHOICE, *loc[2:])
    key = ""
    for part in loc:
        key = join(key, part)
    return join(key, "kind") if detail["type"].startswith("union_tag") else key


def _innermost(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out that a list is too short because the items that it has are wrong."""
    return [
        detail
        for detail in details
        if not any(
            len(other["loc"]) > len(detail["loc"])
            and other["loc"][: len(detail["loc"])] == detail["loc"]
            for other in details
        )
    ]


def suggestion(name: str, known: Iterable[str]) -> str:
    """Write "did you mean ...", or else the list of what there is."""
    known = list(known)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"write one of {', '.join(known)}" if known else "leave it out"


def _shown(value: object, key: str, document: Document, expanded: frozenset[str]) -> str:
    if key in expanded:
        return document.written.get(key, "the value of a variable")
    if type(value) in _COLLECTIONS:
        return _COLLECTIONS[type(value)]
    return document.written.get(key, str(value))[:80]


def _custom(wrong: _Wrong) -> tuple[str, str]:
    problem: str = wrong.context["problem"]
    return problem.replace("<value>", repr(wrong.shown)), wrong.context["remedy"]


def _unknown_key(wrong: _Wrong) -> tuple[str, str]:
    name = str(wrong.loc[-1])[:80]
    owner = _model_at(wrong.model, wrong.loc[:-1])
    return f"unknown key {name!r}", suggestion(name, _fields(owner))


def _missing(wrong: _Wrong) -> tuple[str, str]:
    """Show what a missing key should look like, by the field's own example."""
    field = _fields(_model_at(wrong.model, wrong.loc[:-1])).get(str(wrong.loc[-1]))
    example = "..."
    if field is not None and field.examples:
        example = json.dumps(field.examples[0], ensure_ascii=False)  # which is YAML as well
    return "this key is missing", f"write {wrong.loc[-1]}: {example}"


def _no_choice(wrong: _Wrong) -> tuple[str, str]:
    expected = str(wrong.context["expected"]).replace(" or ", ", ")
    choices = [word.strip("'") for word in expected.split(", ")]
    return f"unknown value {wrong.shown!r}", suggestion(wrong.shown, choices)


def _no_kind(wrong: _Wrong) -> tuple[str, str]:
    choices = sorted(KINDS)
    if "tag" not in wrong.context:
        return "this key is missing", f"write kind: {choices[0]} (or {', '.join(choices[1:])})"
    return f"unknown value {wrong.shown!r}", suggestion(wrong.shown, choices)


def _no_timezone(wrong: _Wrong) -> tuple[str, str]:
    close = get_close_matches(wrong.shown, available_timezones(), n=1, cutoff=0.6)
    remedy = f"did you mean {close[0]!r}?" if close else 'write a name such as "Asia/Shanghai"'
    return f"unknown time zone {wrong.shown!r}", remedy


def _other_type(wrong: _Wrong) -> tuple[str, str]:
    wanted, remedy = _WANTED[wrong.kind]
    if wanted == "text" and wrong.shown not in _COLLECTIONS.values():
        remedy = f'write "{wrong.shown}" in quotes'
    return f"expected {wanted}, got {wrong.shown}", remedy


def _out_of_range(wrong: _Wrong) -> tuple[str, str]:
    word, bound = _BOUNDS[wrong.kind]
    return f"{wrong.shown} is out of range", f"write a number of {word} {wrong.context[bound]:g}"


def _empty(_wrong: _Wrong) -> tuple[str, str]:
    return "this is empty", "write at least one entry, or leave the key out"


def _too_long(wrong: _Wrong) -> tuple[str, str]:
    actual, most = wrong.context["actual_length"], wrong.context["max_length"]
    return f"{actual} entries stand here", f"write {most} or fewer"


def _anything(wrong: _Wrong) -> tuple[str, str]:
    return wrong.text.removeprefix("Value error, "), "see docs/site-file.md"


_HANDLERS: Mapping[str, Callable[[_Wrong], tuple[str, str]]] = {
    "site_file": _custom,
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "literal_error": _no_choice,
    "union_tag_invalid": _no_kind,
    "union_tag_not_found": _no_kind,
    "zoneinfo_str": _no_timezone,
    "too_short": _empty,
    "string_too_short": _empty,
    "too_long": _too_long,
    **dict.fromkeys(_WANTED, _other_type),
    **dict.fromkeys(_BOUNDS, _out_of_range),
}


def _fields(owner: type[BaseModel] | None) -> dict[str, Any]:
    """Fields of a model by the names under which they are written."""
    if owner is None:
        return {}
    return {field.alias or name: field for name, field in owner.model_fields.items()}


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Find the model that describes a place in the document."""
    here: type[BaseModel] | None = model
    for part in loc:
        if part in KINDS and here is KINDS["open311"]:  # the first of the choice
            here = KINDS[str(part)]
        elif isinstance(part, str):
            field = _fields(here).get(part)
            here = None if field is None else _model_in(field.annotation)
    return here


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        if (found := _model_in(inner)) is not None:
            return found
    return None
