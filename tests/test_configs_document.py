"""YAML is read without surprises: no doubled keys, no bombs, no types that nobody asked for."""

from pathlib import Path

import pytest

from configs.document import join, parent, parse_document
from configs.errors import ConfigError

FILE = Path("some.yaml")


def bomb(levels: int) -> str:
    """Nine references to the level below, again and again."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        below = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{below}]")
    return "\n".join(lines)


def merge_bomb(levels: int) -> str:
    """Merge keys that refer to the level below nine times."""
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, levels):
        below = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {{<<: [{below}]}}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        bomb(9),
        merge_bomb(9),
        "a: &a [*a]",  # refers to itself
        "a: &a {b: *a}",
        "a: &a {<<: *a}",
        "[" * 200 + "]" * 200,
        "[" * 20_000 + "]" * 20_000,
        "a: " * 3 + "{a: " * 3000,
    ],
    ids=["bomb", "merge bomb", "list", "mapping", "merge", "deep", "very deep", "unclosed"],
)
def test_documents_cannot_grow_without_bound(text: str) -> None:
    """Aliases and depth that no real file has are refused, quickly."""
    with pytest.raises(ConfigError):
        parse_document(text, FILE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 2026-01-05", "2026-01-05"),  # dates stay text
        ("a: 1.5", 1.5),
        ("a: 0x10", 16),
        ("a: ~", None),
        ("a: 'yes'", "yes"),
        ("a: yes", True),  # YAML 1.1
        ("a: |\n  two\n  lines", "two\nlines"),
    ],
)
def test_values_are_plain(text: str, expected: object) -> None:
    """Values are text, numbers, true, false and null, and nothing else."""
    assert parse_document(text, FILE).data["a"] == expected


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [id]",
        "a: !!python/name:os.system",
        "a: !!binary aGVsbG8=",
        "a: !secret x",
        "? [a, b]\n: 1",
        "? \n: 1",
        "a: 1\n---\nb: 2",
        "a: *nobody",
        "<<: 1",
        "a: " + "9" * 5000,
    ],
)
def test_other_things_are_refused(text: str) -> None:
    """Tags, keys that are no words, several documents and dangling aliases are refused."""
    with pytest.raises(ConfigError):
        parse_document(text, FILE)


def test_what_stands_in_a_line_is_not_told() -> None:
    """An error of syntax says where, without the text of the line: it may be a password."""
    with pytest.raises(ConfigError) as caught:
        parse_document("user: u\npassword: [hunter2\nother: 1\n", FILE)
    assert "hunter2" not in str(caught.value)
    assert caught.value.line is not None


def test_a_key_written_twice_is_refused() -> None:
    """The message names both lines."""
    with pytest.raises(ConfigError, match=r"some\.yaml:3: a\.b: .*first in line 2"):
        parse_document("a:\n  b: 1\n  b: 2\n", FILE)


def test_merged_keys_are_overridden() -> None:
    """A key beside a merge wins, and the first of several sources wins."""
    text = "x: &x {p: 1, q: 1}\ny: &y {q: 2, r: 2}\nz: {<<: [*x, *y], r: 3}\n"
    assert parse_document(text, FILE).data["z"] == {"p": 1, "q": 1, "r": 3}


def test_lines_are_known() -> None:
    """Every key knows its line; a byte order mark does not count."""
    document = parse_document("a:\n  - b: 1\n  - b: 2\n", FILE)
    assert document.lines["a[1].b"] == 3
    assert document.written["a[1].b"] == "2"
    assert document.error("a[1].c.d", "p", "r").line == 3


def test_paths_of_keys() -> None:
    """Paths are joined and taken apart."""
    assert join(join(join("", "cameras"), 0), "id") == "cameras[0].id"
    assert parent("cameras[0].id") == "cameras[0]"
    assert parent("cameras[0]") == "cameras"
    assert parent("cameras") == ""
