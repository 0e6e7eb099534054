"""House rules that no linter knows: sizes, front doors, packaging, and what must not be said."""

import ast
import importlib
import tomllib
from pathlib import Path

import pytest

from tests.sources import PACKAGES, REPOSITORY, source_files, tracked_files, tree_of

LONGEST_FUNCTION = 60
LONGEST_MODULE = 500

FORBIDDEN = tuple("/" + name + "/" for name in ("work", "root", "home"))
"""Absolute paths of somebody's machine."""


def test_functions_are_short() -> None:
    """No function is longer than 60 lines, decorators and docstring included."""
    long = []
    for file in source_files(*PACKAGES, "tests"):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{file}:{node.lineno} {node.name} has {length} lines")
    assert long == [], "\n".join(long)


def test_modules_are_short() -> None:
    """No module is longer than 500 lines."""
    lengths = {
        str(file): len((REPOSITORY / file).read_text(encoding="utf-8").splitlines())
        for file in source_files(*PACKAGES, "tests")
    }
    assert {file: count for file, count in lengths.items() if count > LONGEST_MODULE} == {}


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "training"])
def test_front_doors_keep_their_promise(package: str) -> None:
    """Every name in `__all__` exists, once; every name imported at the door is in `__all__`."""
    module = importlib.import_module(package)
    public = list(getattr(module, "__all__", []))
    assert len(public) == len(set(public))
    missing = [name for name in public if not hasattr(module, name)]
    assert missing == []
    assert sorted(imported_at_the_door(package) - set(public)) == []


def imported_at_the_door(package: str) -> set[str]:
    """Names that a package's `__init__.py` takes out of its own modules."""
    tree = tree_of(Path(package) / "__init__.py")
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}.")
        for alias in node.names
    }


def test_every_package_is_shipped_and_typed() -> None:
    """The wheel lists every root package, and each of them says that it is typed."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(shipped) == sorted(PACKAGES)
    folders = {
        file.parent.name for file in REPOSITORY.glob("*/__init__.py") if file.parent.name != "tests"
    }
    assert folders == set(PACKAGES)
    assert [name for name in PACKAGES if not (REPOSITORY / name / "py.typed").is_file()] == []


def test_no_path_of_a_machine_is_committed() -> None:
    """No tracked text file names a folder of the machine on which it was written."""
    found = []
    for file in tracked_files():
        path = REPOSITORY / file
        if not path.is_file() or b"\0" in (data := path.read_bytes()):
            continue
        text = data.decode("utf-8", "replace")
        found += [f"{file}: {word}" for word in FORBIDDEN if word in text]
    assert found == [], "\n".join(found)
