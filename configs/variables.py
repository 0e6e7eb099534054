"""${VARIABLE} in a site file: secrets come from the environment, not from the file."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from configs.document import Document, join

VARIABLE = re.compile(r"\$(\$\{|\{([^}]*)\})")
"""`$${` stands for a plain `${`."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

LARGEST_SECRET = 64 * 1024
"""Bytes of a file that a NAME_FILE variable points to."""


def expand(document: Document, environ: Mapping[str, str]) -> frozenset[str]:
    """Replace every ${NAME} in the document's values; returns the keys that held one.

    Where NAME is unset and NAME_FILE is set, the value is the content of the file it names,
    without its last line break (the way container platforms hand over secrets).
    Raises ConfigError naming the variable and the key.
    """
    expanded: set[str] = set()

    def replaced(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: replaced(item, join(key, name)) for name, item in value.items()}
        if isinstance(value, list):
            return [replaced(item, join(key, number)) for number, item in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        return VARIABLE.sub(lambda match: one(match, key), value)

    def one(match: re.Match[str], key: str) -> str:
        if match[1] == "${":
            return "${"
        expanded.add(key)
        return _value(document, environ, match[2], key)

    document.data = replaced(document.data, "")
    return frozenset(expanded)


def _value(document: Document, environ: Mapping[str, str], name: str, key: str) -> str:
    if not NAME.fullmatch(name):
        raise document.error(
            key,
            f"${{{name}}} names no environment variable",
            "write ${NAME} with letters, digits and '_', or $${ for a plain ${",
        )
    if name in environ:
        return environ[name]
    if f"{name}_FILE" in environ:
        return _from_file(document, Path(environ[f"{name}_FILE"]), name, key)
    raise document.error(
        key,
        f"the environment variable {name} is not set",
        f"set {name} (or {name}_FILE to a file that holds the value) before the start",
    )


def _from_file(document: Document, file: Path, name: str, key: str) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_SECRET + 1)
        if len(raw) <= LARGEST_SECRET:
            return raw.decode().removesuffix("\n").removesuffix("\r")
        problem = f"it is larger than {LARGEST_SECRET} bytes"
    except OSError as error:
        problem = error.strerror or "it cannot be read"
    except UnicodeDecodeError:
        problem = "it is not UTF-8"
    raise document.error(
        key, f"{name}_FILE names {file}: {problem}", f"set {name}_FILE to a readable text file"
    )
