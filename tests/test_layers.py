"""Packages import only downwards, and each outside library with a door has one home."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.sources import PACKAGES, Import, imports_of, source_files, tree_of

MAY_IMPORT = {
    "configs": set(),
    "models": set(),
    "streams": set(),
    "detectors": {"streams", "models", "configs"},
    "cases": {"detectors", "streams", "models", "configs"},
    "pipeline": {"cases", "detectors", "streams", "models", "configs"},
    "api": {"pipeline", "cases", "detectors", "streams", "models", "configs"},
    "training": {"detectors", "streams", "models", "configs"},
    "benchmarks": set(PACKAGES),
}
"""api > pipeline > cases > detectors > {streams | models | configs}; training beside cases."""

HOMES = {
    # library: folders that may import it
    "av": ("streams",),
    "onnxruntime": ("models/backends", "training/quantize.py"),
    "openvino": ("models/backends",),
    "gmssl": ("cases/egova",),
    "httpcore": ("cases",),
    "httpx": ("cases",),
    "sqlalchemy": ("cases",),
    "fastapi": ("api", "cases/desk"),
    "starlette": ("api", "cases/desk"),
    "uvicorn": ("api", "cases/desk"),
    "typer": ("api",),
    "torch": ("training",),
    "ultralytics": ("training",),
    "onnx": ("training",),
    "bpy": ("training/scenes",),
    "cv2": ("streams", "models", "cases", "training"),
    "yaml": ("configs", "training"),
    "pydantic_settings": ("configs",),
}
"""Benchmarks measure bare libraries against ours and may import any of them."""

LATE = {
    "cases.desk",
    "cases.egova",
    "cases.open311",
    "cases.webhook",
    "models.backends",
    "pipeline.check",
    "pipeline.detect",
    "pipeline.gate",
    "pipeline.probe",
    "pipeline.probe_case_system",
    "pipeline.replay",
    "pipeline.views",
    "streams.condition",
    "streams.decoder",
    "streams.gate",
    "streams.grid",
    "streams.scaler",
    "streams.simulated",
    "training",
}
"""Parts that other packages import by their own name: each loads what only few callers need."""

HEAVY = ("av", "onnxruntime", "cv2", "sqlalchemy", "fastapi", "torch", "httpx")


def all_imports(*packages: str) -> list[Import]:
    """Every import of some packages."""
    return [each for file in source_files(*packages) for each in imports_of(file)]


def test_the_tree_reader_sees_hidden_imports(tmp_path: Path) -> None:
    """Imports inside functions, under TYPE_CHECKING, relative ones and named ones are all read."""
    file = tmp_path / "hidden.py"
    file.write_text(
        textwrap.dedent(
            """
            from typing import TYPE_CHECKING
            from . import sibling
            if TYPE_CHECKING:
                import streams.frame
            def late():
                from cases import Store
                import importlib
                return importlib.import_module("torch.nn"), __import__("bpy")
            """
        )
    )
    found = {each.module for each in imports_of(file)}
    assert {"typing", "streams.frame", "cases", "importlib", "torch.nn", "bpy"} <= found


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_downwards(package: str) -> None:
    """A package imports itself and what lies below it, nowhere anything else of the project."""
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        str(each)
        for each in all_imports(package)
        if each.root in {*PACKAGES, "tests"} and each.root not in allowed
    ]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("library", HOMES)
def test_each_library_has_one_home(library: str) -> None:
    """A library with a door is imported only in its own rooms, also inside functions."""
    homes = HOMES[library]
    wrong = [
        str(each)
        for each in all_imports(*(package for package in PACKAGES if package != "benchmarks"))
        if each.root == library and not any(each.file.is_relative_to(home) for home in homes)
    ]
    assert wrong == [], "\n".join(wrong)


def test_scenes_import_nothing_of_the_project() -> None:
    """training/scenes runs in an environment of its own: only itself, bpy, numpy, the library."""
    allowed = set(sys.stdlib_module_names) | {"bpy", "bmesh", "mathutils", "numpy"}
    wrong = [
        str(each)
        for file in source_files("training")
        if file.is_relative_to("training/scenes")
        for each in imports_of(file)
        if each.root not in allowed and not each.module.startswith("training.scenes")
    ]
    assert wrong == [], "\n".join(wrong)


def test_other_packages_are_entered_by_the_front_door() -> None:
    """From another package only its public names are taken: `from streams import Frame`."""
    wrong = [
        str(each)
        for each in all_imports()
        if each.root in PACKAGES
        and each.root != each.file.parts[0]
        and "." in each.module
        and not any(each.module == late or each.module.startswith(f"{late}.") for late in LATE)
    ]
    assert wrong == [], "\n".join(wrong)


def test_public_names_exist_where_they_are_taken_from() -> None:
    """What one package imports from another one is in that package's `__all__`."""
    wrong = []
    for each in all_imports():
        if each.root not in PACKAGES or each.root == each.file.parts[0] or "." in each.module:
            continue
        public = public_names(each.root)
        wrong += [f"{each}.{name}" for name in each.names if name not in public]
    assert wrong == [], "\n".join(wrong)


def public_names(package: str) -> set[str]:
    """Read `__all__` of a package without importing it."""
    for node in tree_of(Path(package) / "__init__.py").body:
        if getattr(getattr(node, "targets", [None])[0], "id", None) == "__all__":
            return {element.value for element in node.value.elts}  # type: ignore[attr-defined]
    return set()


@pytest.mark.parametrize(
    ("package", "banned"),
    [
        ("detectors", HEAVY),
        ("configs", (*HEAVY, "models", "streams")),
        ("models", ("av", "onnxruntime", "cv2", "sqlalchemy", "fastapi", "torch", "pydantic")),
    ],
)
def test_importing_a_package_stays_light(package: str, banned: tuple[str, ...]) -> None:
    """The packages below load none of the heavy libraries when they are imported."""
    loaded = modules_after(f"import {package}")
    assert sorted(set(banned) & loaded) == []


def test_importing_starts_nothing() -> None:
    """No package starts a thread, reads the environment's settings or opens a file on import."""
    script = "; ".join(f"import {package}" for package in ("configs", "detectors", "models"))
    script += "; import threading; assert threading.active_count() == 1"
    assert modules_after(script)


def modules_after(script: str) -> set[str]:
    """Run a script in a fresh interpreter; returns the root names of all loaded modules."""
    tail = "import sys, json; print(json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\n{tail}"], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))
