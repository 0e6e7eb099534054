"""Models by name and by file."""

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import ManifestError, ModelEntry, NotAModel, Registry, UnknownModel
from tests.onnx_graphs import fixed_outputs, metadata, rows


def model(folder: Path, name: str, classes: tuple[str, ...] = ("bin", "cart")) -> dict[str, Any]:
    """Write a small detector into a folder; its manifest record."""
    folder.mkdir(exist_ok=True)
    output = rows((32, 32, 16, 16, 1, 0.4), classes=len(classes), cells=84)
    file = fixed_outputs(folder / f"{name}.onnx", [output], facts=metadata(classes, license="MIT"))
    return {
        "name": name,
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "layout": "ultralytics",
        "input_size": [64, 64],
        "classes": list(classes),
        "licence": "Apache-2.0",
        "threshold": 0.35,
        "made": {"seed": 7},
        "scores": {"map50": 0.8},
        "maps": {"cart": "stall"},
    }


def manifest(folder: Path, *records: dict[str, Any]) -> Path:
    """Write a folder's manifest."""
    (folder / "manifest.json").write_text(json.dumps({"models": records}), encoding="utf-8")
    return folder


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Return a registry of a bundled model "street" and a site's models "own" and "street"."""
    bundled, site = tmp_path / "bundled", tmp_path / "site"
    manifest(bundled, model(bundled, "street"))
    manifest(site, model(site, "own"), model(site, "street"))
    model(site, "loose")
    return Registry(site, bundled=bundled)


def test_bundled_models_go_before_the_sites(registry: Registry, tmp_path: Path) -> None:
    """A name is looked for in the bundle, then in the site's folder."""
    entries = {entry.name: entry for entry in registry.entries()}
    assert list(entries) == ["street", "own"]
    assert entries["street"].file == tmp_path / "bundled" / "street.onnx"
    assert registry.find("street", tmp_path) == entries["street"]
    assert registry.find("own", tmp_path) == entries["own"]
    assert registry.find("own", tmp_path).maps == {"cart": "stall"}


def test_an_entry_opens_as_it_is_described(registry: Registry, tmp_path: Path) -> None:
    """Threshold and classes are the manifest's; a caller's confidence goes before it."""
    entry = registry.find("street", tmp_path)
    detector = registry.open(entry)
    assert (detector.name, detector.threshold) == ("street", 0.35)
    found = detector.detect([np.zeros((64, 64, 3), np.uint8)])[0]
    assert [detector.classes[label] for label in found.label] == ["cart"]
    assert registry.open(entry, conf=0.5).threshold == 0.5
    assert registry.open(entry, conf=0.0).threshold == 0.0


def test_a_file_is_seen_by_its_slash_or_ending(registry: Registry, tmp_path: Path) -> None:
    """Relative files are meant from the base; what they are is read from them."""
    for name in ("site/loose.onnx", "./site/loose.onnx", str(tmp_path / "site" / "loose.onnx")):
        entry = registry.find(name, tmp_path)
        assert entry == ModelEntry(
            name="loose",
            file=tmp_path / "site" / "loose.onnx",
            sha256=hashlib.sha256((tmp_path / "site" / "loose.onnx").read_bytes()).hexdigest(),
            layout="ultralytics",
            input_size=(64, 64),
            classes=("bin", "cart"),
            licence="MIT",
            threshold=0.25,
        )
    assert registry.find("loose.onnx", tmp_path / "site").file == entry.file
    assert registry.find("loose", tmp_path) == entry  # a site's file needs no manifest
    assert registry.open(entry).classes == ("bin", "cart")
    with pytest.raises(NotAModel, match=r"gone\.onnx: no such file"):
        registry.find("site/gone.onnx", tmp_path)


def test_a_file_that_a_manifest_lists_is_that_entry(registry: Registry, tmp_path: Path) -> None:
    """Naming a bundled model by its path loses neither its threshold nor its hash."""
    assert registry.find("bundled/street.onnx", tmp_path) == registry.find("street", tmp_path)


def test_a_changed_file_is_described_anew(registry: Registry, tmp_path: Path) -> None:
    """What is known of a file is forgotten when it is written again."""
    before = registry.find("site/loose.onnx", tmp_path)
    model(tmp_path / "site", "loose", ("bin", "cart", "pram"))
    after = registry.find("site/loose.onnx", tmp_path)
    assert (len(before.classes), len(after.classes)) == (2, 3)


def test_unknown_names_come_with_a_suggestion(registry: Registry, tmp_path: Path) -> None:
    """A typing mistake is answered with the nearest name, nonsense with all names."""
    with pytest.raises(UnknownModel, match="no model 'stret'; did you mean 'street'"):
        registry.find("stret", tmp_path)
    with pytest.raises(UnknownModel, match="known: street, own"):
        registry.find("zzzzz", tmp_path)


def test_a_checkpoint_is_refused_as_one(registry: Registry, tmp_path: Path) -> None:
    """A file best.pt is no unknown name but a pickle, which is never loaded."""
    (tmp_path / "best.pt").write_bytes(pickle.dumps({"model": 1}))
    with pytest.raises(NotAModel, match=r"best\.pt: a PyTorch checkpoint"):
        registry.find("best.pt", tmp_path)


def test_no_manifest_is_no_mistake(tmp_path: Path) -> None:
    """Without a bundled manifest and a site's folder, files still load."""
    model(tmp_path / "files", "loose")
    registry = Registry(tmp_path / "nowhere", bundled=tmp_path / "neither")
    assert registry.entries() == ()
    entry = registry.find("files/loose.onnx", tmp_path)
    assert registry.open(entry).name == "loose"


def test_a_changed_model_is_not_opened(registry: Registry, tmp_path: Path) -> None:
    """The hash in the manifest is that of the file, or the model stays shut."""
    entry = registry.find("street", tmp_path)
    model(tmp_path / "bundled", "street", ("bin", "tart"))
    with pytest.raises(ManifestError, match=r"street\.onnx: its SHA-256 is"):
        registry.open(entry)


def test_entries_can_cross_a_process(registry: Registry, tmp_path: Path) -> None:
    """A worker process gets an entry as it is."""
    entry = registry.find("street", tmp_path)
    assert pickle.loads(pickle.dumps(entry)) == entry  # noqa: S301  # our own bytes


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("sha256", "abc", r"models\[0\]\.sha256"),
        ("layout", "ssd", r"models\[0\]\.layout: .*one of picodet, ultralytics"),
        ("file", "../street.onnx", r"models\[0\]\.file: .*beside the manifest"),
        ("file", "/etc/passwd", r"models\[0\]\.file"),
        ("classes", [], r"models\[0\]\.classes"),
        ("threshold", 1.5, r"models\[0\]\.threshold"),
        ("input_size", [640], r"models\[0\]\.input_size"),
        ("maps", {"pram": "stall"}, "no class of this model: pram"),
        ("name", "a/b", r"models\[0\]\.name"),
        ("licence", None, r"models\[0\]\.licence"),
    ],
)
def test_a_wrong_manifest_names_file_and_key(
    tmp_path: Path, key: str, value: object, message: str
) -> None:
    """The message says which manifest, which key, what is wrong."""
    folder = tmp_path / "site"
    manifest(folder, model(folder, "own") | {key: value})
    with pytest.raises(ManifestError, match=rf"manifest\.json: .*{message}"):
        Registry(folder, bundled=tmp_path / "none").entries()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"models": 3}', "\xff"])
def test_a_manifest_that_is_no_json_is_named(tmp_path: Path, text: str) -> None:
    """Broken JSON is refused with the file's name."""
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ManifestError, match=r"manifest\.json: "):
        Registry(tmp_path, bundled=tmp_path / "none").entries()


def test_names_stand_once_in_a_manifest(tmp_path: Path) -> None:
    """Two models of one name are refused."""
    folder = tmp_path / "site"
    manifest(folder, model(folder, "own"), model(folder, "own"))
    with pytest.raises(ManifestError, match="two models of one name: own"):
        Registry(folder, bundled=tmp_path / "none").entries()


def test_the_bundle_keeps_its_word() -> None:
    """Every bundled model opens under its name, with its hash, and maps onto known names."""
    registry = Registry()
    for entry in registry.entries():
        detector = registry.open(entry)
        assert detector.classes == entry.classes
        detector.close()
