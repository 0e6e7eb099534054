"""YAML documents with the line of every key, read without surprises.

Only plain data (the safe schema); a key written twice, a document that refers to itself, and one
that grows by its aliases beyond every real configuration are refused. Knows nothing of sites.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from configs.errors import ConfigError

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes. A site of 500 cameras with ten zones each takes about 1.5 MB."""
MOST_NODES = 300_000
"""Values after aliases are followed. A site of 500 cameras with ten zones each has 150,000."""
DEEPEST = 40

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe schema; libyaml's parser where PyYAML was built with it, which is ten times faster."""

_MERGE = "tag:yaml.org,2002:merge"
_COLLECTIONS = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_PLAIN = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null"))


@dataclass(slots=True)
class Document:
    """What a YAML file says. Keys are paths such as `cameras[0].zones[1].polygon`."""

    file: Path
    data: Any = None
    lines: dict[str, int] = field(default_factory=dict)
    """Line of each key, from 1."""
    written: dict[str, str] = field(default_factory=dict)
    """Each single value as it stands in the file, before YAML gives it a type."""

    def error(self, key: str, problem: str, remedy: str) -> ConfigError:
        """Make the error for a key, with its line, or the line of the nearest key around it."""
        line, around = None, key
        while line is None and around:
            line = self.lines.get(around)
            around = parent(around)
        return ConfigError(self.file, key, problem, remedy, line=line)


def join(key: str, part: str | int) -> str:
    """Write the path of a part: `cameras` with 0 is `cameras[0]`, then `cameras[0].id`."""
    if isinstance(part, int):
        return f"{key}[{part}]"
    return f"{key}.{part}" if key else part


def parent(key: str) -> str:
    """Return the path around a path; the empty one for the outermost."""
    return key[: max(key.rfind("."), key.rfind("["), 0)]


def read_document(file: Path) -> Document:
    """Read a YAML file; raises ConfigError."""
    return parse_document(_read_text(file), file)


def parse_document(text: str, file: Path) -> Document:
    """Read YAML text that stands in `file`; raises ConfigError."""
    document = Document(file)
    try:
        _check_depth(text, file)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise ConfigError(
                    file, "", "the file is empty", "start from `streetwarden init FILE`"
                )
            document.data = _Builder(document, loader).build(node, "", 0)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _yaml_error(file, error) from None
    return document


def _check_depth(text: str, file: Path) -> None:
    """Refuse what is nested so deeply that building it would overflow the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ConfigError(
                file,
                "",
                f"the YAML is nested more than {DEEPEST} levels deep",
                "write it flatter; a site file needs eight",
                line=event.start_mark.line + 1 if event.start_mark else None,
            )


def _read_text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ConfigError(
            file, "", "there is no such file", "give the path of a file that exists"
        ) from None
    except IsADirectoryError:
        raise ConfigError(file, "", "this is a folder", "give the path of a YAML file") from None
    except OSError as error:
        raise ConfigError(
            file, "", f"the file cannot be read ({error.strerror})", "make it readable"
        ) from None
    if len(raw) > LARGEST_FILE:
        raise ConfigError(
            file, "", f"the file is larger than {LARGEST_FILE} bytes", "split it into several sites"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            file, "", f"byte {error.start} is not UTF-8", "save the file as UTF-8 text"
        ) from None


def _yaml_error(file: Path, error: yaml.YAMLError) -> ConfigError:
    """Say where YAML failed, without the line's text: it may hold a password."""
    line, problem = None, "this is no YAML"
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        column = "" if mark is None else f" (column {mark.column + 1})"
        problem = f"the YAML cannot be read: {error.problem or error.context}{column}"
    elif isinstance(error, yaml.reader.ReaderError):
        problem = f"the YAML cannot be read: character {error.position} is not allowed in text"
    remedy = "mend the indentation, brackets and quotes at or just above this place"
    return ConfigError(file, "", problem, remedy, line=line)


class _Builder:
    """Turns YAML nodes into plain values, noting lines."""

    def __init__(self, document: Document, loader: Any) -> None:
        self._document = document
        self._loader = loader
        self._nodes = 0

    def build(self, node: yaml.Node, key: str, depth: int) -> Any:
        """Return the value of a node and of everything under it."""
        self._document.lines.setdefault(key, node.start_mark.line + 1)
        self._count(key, depth)
        if isinstance(node, yaml.CollectionNode) and node.tag not in _COLLECTIONS:
            raise self._not_allowed(node, key)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key, depth)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.build(item, join(key, number), depth + 1)
                for number, item in enumerate(node.value)
            ]
        return self._scalar(node, key)

    def _count(self, key: str, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES or depth > DEEPEST:
            raise self._document.error(
                key,
                "the document grows without bound through its aliases (*name)",
                "write it out, without aliases inside of what they name",
            )

    def _scalar(self, node: yaml.Node, key: str) -> Any:
        self._document.written[key] = node.value
        if node.tag not in _PLAIN:
            if node.tag == "tag:yaml.org,2002:timestamp":
                return node.value
            raise self._not_allowed(node, key)
        try:
            return self._loader.construct_object(node)
        except (ValueError, yaml.YAMLError):
            raise self._document.error(
                key, "the value cannot be read", "write it in quotes if it is text"
            ) from None

    def _not_allowed(self, node: yaml.Node, key: str) -> ConfigError:
        return self._document.error(
            key, f"the tag {node.tag[:80]} is not allowed", "write the value without a tag"
        )

    def _mapping(self, node: yaml.MappingNode, key: str, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for name_node, value_node in node.value:
            if name_node.tag == _MERGE:
                self._merge(merged, value_node, key, depth)
                continue
            name = self._name(name_node, key)
            path = join(key, name)
            if name in values:
                first = self._document.lines[path]
                self._document.lines[path] = name_node.start_mark.line + 1
                raise self._document.error(
                    path, f"this key is written twice (first in line {first})", "keep one of them"
                )
            self._document.lines[path] = name_node.start_mark.line + 1
            values[name] = self.build(value_node, path, depth + 1)
        return merged | values

    def _merge(self, into: dict[str, Any], node: yaml.Node, key: str, depth: int) -> None:
        """Follow a merge key (`<<: *name`); what was merged first wins, as YAML wants it."""
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for source in sources:
            self._count(key, depth)
            if not isinstance(source, yaml.MappingNode):
                raise self._document.error(
                    key, "<< merges something that has no keys", "name a mapping, such as *name"
                )
            for name, value in self._mapping(source, key, depth + 1).items():
                into.setdefault(name, value)

    def _name(self, node: yaml.Node, key: str) -> str:
        if isinstance(node, yaml.ScalarNode) and node.tag in _PLAIN and node.value:
            return str(node.value)
        raise self._document.error(
            key, f"line {node.start_mark.line + 1} has a key that is no word", "write name: value"
        )
