"""The project's own source files, read as syntax trees. For the tests of its house rules."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

PACKAGES = (
    "api",
    "benchmarks",
    "cases",
    "configs",
    "detectors",
    "models",
    "pipeline",
    "streams",
    "training",
)
"""The root packages, as they are shipped."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement, wherever in a file it stands."""

    file: Path
    """Relative to the repository."""
    line: int
    module: str
    """Dotted name, `streams.grid` for `from streams.grid import x`, `a.b` for `from . import b`."""
    names: tuple[str, ...] = ()
    """What a from-import takes out of the module."""

    @property
    def root(self) -> str:
        """First part of the dotted name."""
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        """Say where."""
        return f"{self.file}:{self.line} imports {self.module}"


def source_files(*packages: str) -> list[Path]:
    """Python files of packages (all of them by default), relative to the repository."""
    return sorted(
        file.relative_to(REPOSITORY)
        for package in packages or PACKAGES
        for file in (REPOSITORY / package).rglob("*.py")
        if "__pycache__" not in file.parts
    )


@cache
def tree_of(file: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse((REPOSITORY / file).read_text(encoding="utf-8"), str(file))


def imports_of(file: Path) -> Iterator[Import]:
    """Yield every import of a file: at its top, inside functions, under TYPE_CHECKING, by name."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Import(file, node.lineno, _absolute(file, node), names)
        elif isinstance(node, ast.Call) and (name := _imported_by_call(node)):
            yield Import(file, node.lineno, name)


def _absolute(file: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = file.parent.parts[: len(file.parent.parts) - node.level + 1]
    return ".".join((*package, node.module) if node.module else package)


def _imported_by_call(node: ast.Call) -> str | None:
    """Name given as a literal to import_module or __import__."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else None
    if isinstance(node.func, ast.Name):
        called = node.func.id
    if called not in {"import_module", "__import__"} or not node.args:
        return None
    name = node.args[0]
    return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None


def tracked_files() -> list[Path]:
    """Files that git tracks, relative to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return [Path(name) for name in listed.stdout.split("\0") if name]
