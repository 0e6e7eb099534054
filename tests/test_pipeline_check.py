"""`check` finds what a site file of the right shape gets wrong: meaning, models, codes, hosts."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from benchmarks.clips import read_clips, write_site
from cases import SigningKey
from configs import SITE_TEMPLATE, load_site
from detectors import KINDS
from models import Registry
from pipeline.check import check_site
from pipeline.problem import Gravity, Problem
from tests.block_model import write_block_model
from tests.conftest import REPOSITORY
from tests.site_text import GOOD, POLYGON, SECOND_CAMERA, site_of

RULE = "cameras[0].rules[0]"
MODELS = "models: [{name: street}]"
CLASSIC = GOOD.replace(MODELS, "models: [{name: block, file: block.onnx}]").replace(
    "dwell_s: 300", "dwell_s: 300, classes: [car]"
)
ZONE = f"      - {{id: kerb, kind: no_parking, polygon: {POLYGON}}}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with models: block.onnx finds cars, the others are no detectors."""
    folder = tmp_path_factory.mktemp("site")
    data = write_block_model(folder / "block.onnx").read_bytes()
    (folder / "truncated.onnx").write_bytes(data[: len(data) // 2])
    (folder / "text.onnx").write_text("this is no network")
    (folder / "empty.onnx").write_bytes(b"")
    write_adder(folder / "adder.onnx")
    (folder / "weights").mkdir()
    return folder


def write_adder(file: Path) -> None:
    """Write a sound network that detects nothing: it adds one to a number."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "one"], ["y"])],
        "adder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
        [onnx.numpy_helper.from_array(np.ones(1, np.float32), "one")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    file.write_bytes(model.SerializeToString())


def problems(text: str, folder: Path, **environ: str) -> list[Problem]:
    """Check the text of a site file; the self-check of the drawn model is left out."""
    found = check_site(site_of(text, folder, **environ), Registry(bundled=folder / "weights"))
    return [each for each in found if "self-check" not in each.problem]


def spoiled(old: str, new: str) -> str:
    """Replace one place of the good file."""
    assert CLASSIC.count(old) == 1, old
    return CLASSIC.replace(old, new)


def test_a_good_site_has_no_problem(folder: Path) -> None:
    """Nothing is found where nothing is wrong."""
    assert problems(CLASSIC, folder) == []


ERRORS = {
    # what is wrong: (text, key, words of the problem, words of the remedy)
    "unknown zone": (
        spoiled("zones: [kerb]", "zones: [kreb]"), f"{RULE}.zones[0]",
        "unknown zone 'kreb'", "did you mean 'kerb'",
    ),
    "unknown zone without zones": (
        CLASSIC.replace(ZONE, "").replace("    zones:\n", ""), f"{RULE}.zones[0]",
        "unknown zone 'kerb'", "write the camera's zones: first",
    ),
    "unknown kind": (
        spoiled("kind: illegal_parking", "kind: ilegal_parking"), f"{RULE}.kind",
        "unknown kind 'ilegal_parking'", "did you mean 'illegal_parking'",
    ),
    "unknown zone kind": (
        spoiled("kind: no_parking", "kind: no_praking"), "cameras[0].zones[0].kind",
        "unknown zone kind 'no_praking'", "did you mean 'no_parking'",
    ),
    "a zone that the rule cannot use": (
        spoiled("kind: no_parking", "kind: water"), f"{RULE}.zones[0]",
        "cannot use the zone 'kerb', which is a water", "no_parking",
    ),
    "a zone that only excuses": (
        spoiled("kind: no_parking", "kind: loading_bay"), f"{RULE}.zones",
        "loading_bay only excuse", "no_parking",
    ),
    "unknown class": (
        spoiled("classes: [car]", "classes: [car, trcuk]"), f"{RULE}.classes[1]",
        "unknown class 'trcuk'", "did you mean 'truck'",
    ),
    "a rule that no model can feed": (
        spoiled("classes: [car]", "classes: [bus]"), f"{RULE}.classes",
        "no model of this camera (block) can find bus", "these find car",
    ),
    "two rules of one kind in one zone": (
        CLASSIC + "      - {kind: illegal_parking, zones: [kerb], dwell_s: 60}\n",
        "cameras[0].rules[1]", "has a rule already (rules[0])", "keep one",
    ),
    "model file missing": (
        spoiled("block.onnx", "absent.onnx"), "models[0].file", "absent.onnx", "ONNX",
    ),
    "model file truncated": (
        spoiled("block.onnx", "truncated.onnx"), "models[0].file", "truncated.onnx", "ONNX",
    ),
    "model file that is text": (
        spoiled("block.onnx", "text.onnx"), "models[0].file", "text.onnx", "ONNX",
    ),
    "empty model file": (
        spoiled("block.onnx", "empty.onnx"), "models[0].file", "empty.onnx", "ONNX",
    ),
    "model that is no detector": (
        spoiled("block.onnx", "adder.onnx"), "models[0].file", "adder.onnx", "models check",
    ),
    "unknown model": (
        spoiled("block, file: block.onnx", "street"), "models[0].name",
        "unknown model 'street'", "add file:",
    ),
    "unknown model of a camera": (
        spoiled("    username:", "    models: [blcok]\n    username:"), "cameras[0].models[0]",
        "unknown model 'blcok'", "did you mean 'block'",
    ),
    "unknown code profile": (
        spoiled("gbt47678-2026", "gbt47678-2025"), "case_system.codes",
        "'gbt47678-2025': unknown code profile", "did you mean 'gbt47678-2026'",
    ),
    "code profile that is no file": (
        spoiled("gbt47678-2026", "./codes.yaml"), "case_system.codes",
        "'./codes.yaml': there is no such file", "exists",
    ),
    "a case without a place": (
        spoiled('{lat: 36.0986, lon: 120.3719, address: "市北区营口路", grid:', "{grid:"),
        "cameras[0].place", "could not say where", "lat",
    ),
    "camera host outside the list": (
        spoiled("camera_hosts: []", "camera_hosts: [10.1.0.0/16]"), "cameras[0].url",
        "127.0.0.1 is not on the allow-list (10.1.0.0/16)", "allow.camera_hosts",
    ),
    "case host outside the list": (
        spoiled("case_hosts: []", "case_hosts: [cases.example]"), "case_system.url",
        "127.0.0.1 is not on the allow-list (cases.example)", "allow.case_hosts",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_is_told(case: str, folder: Path) -> None:
    """The message names file, line and key, says what is wrong, and what to write instead."""
    text, key, problem, remedy = ERRORS[case]
    errors = [each for each in problems(text, folder) if each.level is Gravity.ERROR]
    assert [each.key for each in errors] == [key]
    assert problem in errors[0].problem
    assert remedy in errors[0].remedy
    assert errors[0].file == folder / "site.yaml"
    assert str(errors[0]).startswith(f"{folder / 'site.yaml'}:{errors[0].line}: {key}: ")


def test_a_kind_of_another_version_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that the table names and this version lacks is refused, with those there are."""
    table = {kind: replace(spec, built=kind != "crowd_density") for kind, spec in KINDS.items()}
    monkeypatch.setattr("pipeline.check_rules.KINDS", table)
    text = spoiled("kind: illegal_parking, zones: [kerb]", "kind: crowd_density")
    (told,) = [each for each in problems(text, folder) if each.key == f"{RULE}.kind"][:1]
    assert told.problem == "crowd_density is not available in this version"
    assert "available: illegal_parking" in told.remedy


WARNINGS = {
    "a zone that no rule uses": (
        CLASSIC.replace(ZONE, ZONE + ZONE.replace("kerb", "spare")), "cameras[0].zones[1]", "spare",
    ),
    "a camera without rules": (CLASSIC + SECOND_CAMERA, "cameras[1].rules", "no rule"),
    "a class that no model can find": (
        spoiled("classes: [car]", "classes: [car, bus]"), f"{RULE}.classes[1]", "can find bus",
    ),
    "a dwell shorter than two looks": (
        spoiled("dwell_s: 300", "dwell_s: 3"), f"{RULE}.dwell_s", "less than two looks",
    ),
    "a count where nothing counts": (
        spoiled("dwell_s: 300", "n: 5"), f"{RULE}.n", "counts nothing",
    ),
    "an area that does not exist": (
        spoiled("370203001001001", "990203001001001"), "cameras[0].place.grid", "starts with 99",
    ),
    "an open interface": (
        spoiled("127.0.0.1:8310", "0.0.0.0:8310"), "api.listen", "without encryption",
    ),
    "a key in the clear": (
        CLASSIC.replace("http://127.0.0.1:8311", "http://cases.example")
        .replace("codes:", 'api_key: "${API_TOKEN}", codes:'),
        "case_system.url", "unencrypted",
    ),
    "a secret in the file": (
        spoiled("${CAM_PASSWORD}", "hunter2"), "cameras[0].password", "stands in the file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WARNINGS)
def test_a_warning_is_told(case: str, folder: Path) -> None:
    """What works but is hardly meant is told, and does not stop anything."""
    text, key, problem = WARNINGS[case]
    found = problems(text, folder)
    assert [(each.key, each.level) for each in found] == [(key, Gravity.WARNING)]
    assert problem in found[0].problem


@pytest.mark.parametrize(
    ("said", "warned"),
    [("", 0), (", review: required", 0), (", review: none", 1), (", review: sampled", 1)],
)
def test_a_banner_that_is_not_to_be_reviewed_is_told(said: str, warned: int, folder: Path) -> None:
    """Every one is; a rule that leaves the key out says nothing against it."""
    banner = f"kind: illegal_banner, zones: [kerb], dwell_s: 300{said}"
    text = spoiled("kind: illegal_parking, zones: [kerb], dwell_s: 300", banner)
    found = [each for each in problems(text, folder) if each.key == f"{RULE}.review"]
    assert [each.level for each in found] == [Gravity.WARNING] * warned
    assert all("every illegal_banner is reviewed" in each.problem for each in found)


def test_excusing_zones_need_no_rule(folder: Path) -> None:
    """A lane or a loading bay is context for every rule; nothing is to be said about it."""
    spare = ZONE.replace("kerb", "bay").replace("no_parking", "loading_bay")
    assert problems(CLASSIC.replace(ZONE, ZONE + spare), folder) == []


BAY = "      - {{id: bay, kind: loading_bay, limit_s: 600, polygon: {}}}\n"


@pytest.mark.parametrize(
    ("polygon", "warned"),
    [
        ("[[0.2, 0.6], [0.4, 0.6], [0.4, 0.8], [0.2, 0.8]]", False),
        ("[[0.2, 0.3], [0.4, 0.3], [0.4, 0.8], [0.2, 0.8]]", False),  # over the kerb by 3 of 5
        ("[[0.2, 0.3], [0.4, 0.3], [0.4, 0.6], [0.2, 0.6]]", True),  # by one of three
        ("[[0.2, 0.3], [0.4, 0.3], [0.4, 0.5], [0.2, 0.5]]", True),
    ],
)
def test_a_bay_with_a_limit_lies_over_the_zone(polygon: str, folder: Path, *, warned: bool) -> None:
    """Drawn beside it, its limit accuses nobody; where the whole picture is forbidden it does."""
    text = CLASSIC.replace(ZONE, ZONE + BAY.format(polygon))
    found = [(each.key, each.level) for each in problems(text, folder)]
    assert found == [("cameras[0].zones[1].limit_s", Gravity.WARNING)] * warned
    everywhere = text.replace(ZONE, "").replace(" zones: [kerb],", "")
    assert problems(everywhere, folder) == []


def test_a_collection_point_needs_no_rule_where_one_knows_it(folder: Path) -> None:
    """To name it would accuse what waits there; beside parking alone it is a mistake."""
    point = ZONE.replace("kerb", "point").replace("no_parking", "collection_point")
    text = CLASSIC.replace(ZONE, ZONE + point)
    assert [each.key for each in problems(text, folder)] == ["cameras[0].zones[1]"]
    bags = text + "      - {kind: exposed_garbage, zones: [kerb], classes: [garbage]}\n"
    assert [e for e in problems(bags, folder) if e.key == "cameras[0].zones[1]"] == []


def test_kinds_need_a_code(folder: Path) -> None:
    """A kind that the profile does not know is refused; one that it leaves out is a warning."""
    own = (
        "standard: ours\nentry: event\ndigits: 2\nuncoded: {crowd_density: an alarm}\n"
        'codes: {street_stall: [{code: "01", name_zh: 摊, name_en: Stall}]}\n'
    )
    (folder / "own.yaml").write_text(own, encoding="utf-8")
    text = spoiled("gbt47678-2026", "own.yaml")
    found = problems(text, folder)
    assert [(each.key, each.level) for each in found] == [(f"{RULE}.kind", Gravity.ERROR)]
    assert "no code in the profile 'own.yaml'" in found[0].problem
    crowd = text.replace("kind: illegal_parking, zones: [kerb]", "kind: crowd_density")
    told = [each for each in problems(crowd, folder) if "code" in each.problem]
    assert [(each.key, each.level) for each in told] == [(f"{RULE}.kind", Gravity.WARNING)]


def test_a_faulty_profile_is_told_in_its_own_file(folder: Path) -> None:
    """A mistake in a city's own profile names that file, its line and its key."""
    (folder / "faulty.yaml").write_text("standard: ours\nentry: evnt\ndigits: 2\ncodes: {}\n")
    found = problems(spoiled("gbt47678-2026", "faulty.yaml"), folder)
    assert [(each.file.name, each.key, each.line) for each in found] == [
        ("faulty.yaml", "entry", 2)
    ]


def test_a_fleet_fixes_hosts_from_outside(folder: Path) -> None:
    """STREETWARDEN_ALLOW refuses what the site file allows itself."""
    text = spoiled("camera_hosts: []", "camera_hosts: [127.0.0.1]")
    found = problems(text, folder, STREETWARDEN_ALLOW='{"camera_hosts": []}')
    assert [each.key for each in found] == ["cameras[0].url", "allow.camera_hosts"]
    assert "(which is empty)" in found[0].problem


def test_a_data_folder_that_is_a_file_is_told(folder: Path) -> None:
    """Data cannot be kept under a file."""
    found = problems(spoiled("./demo-data", "./block.onnx/data"), folder)
    assert [each.key for each in found] == ["data"]
    assert "is a file" in found[0].problem


@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_a_data_folder_that_cannot_be_written_is_told(mode: int, folder: Path) -> None:
    """A folder without the right to write, or even to look into it, is found without writing."""
    with tempfile.TemporaryDirectory() as parent:
        data = Path(parent) / "some" / "data"
        site = site_of(CLASSIC, folder).model_copy(update={"data": data})
        Path(parent).chmod(mode)
        with nobody():
            found = check_site(site, Registry(bundled=folder / "weights"))
        Path(parent).chmod(0o700)
    assert [str(each) for each in found if each.key == "data" and "cannot be written" in str(each)]


@contextmanager
def nobody() -> Iterator[None]:
    """Give up root's right to write everywhere, where we have it."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_checking_writes_nothing(folder: Path) -> None:
    """The data folder is not made, and no file appears."""
    before = sorted(folder.rglob("*"))
    problems(CLASSIC, folder)
    assert sorted(folder.rglob("*")) == before


def test_errors_come_first_in_the_order_of_the_file(folder: Path) -> None:
    """Several problems are all told, errors before warnings."""
    text = spoiled("zones: [kerb]", "zones: [kreb]").replace("gbt47678-2026", "gbt")
    found = problems(text.replace("./demo-data", "./block.onnx"), folder)
    assert [each.key for each in found] == [
        "data",
        "case_system.codes",
        f"{RULE}.zones[0]",
        "cameras[0].zones[0]",
    ]


def test_a_model_that_sees_nothing_is_told(folder: Path, shared_data: Path) -> None:
    """A file that loads and detects nothing is found out by the self-check."""
    file = shared_data / "weights" / "broken_detects_nothing.onnx"
    site = site_of(spoiled("block.onnx", str(file)), folder)
    found = check_site(site, Registry(bundled=folder / "weights"))
    assert [(each.key, each.level) for each in found] == [("models[0].file", Gravity.WARNING)]
    assert "the self-check does not pass" in found[0].problem


BUNDLED = Path(__file__).parent.parent / "models" / "weights" / "manifest.json"


@pytest.mark.skipif(not BUNDLED.is_file(), reason="no model is bundled yet")
def test_the_template_and_the_demo_pass(tmp_path: Path) -> None:
    """What `init` writes and what `demo` runs work with the bundled model."""
    assert check_site(site_of(SITE_TEMPLATE, tmp_path), Registry()) == []
    demo = load_site(Path(__file__).parent.parent / "configs" / "demo.yaml", {})
    assert check_site(demo, Registry()) == []


def test_a_signing_key_that_is_none_is_refused(folder: Path) -> None:
    """The error names the file and how to make a key; a key that is one passes."""
    (folder / "none.pem").write_text("no key")
    text = CLASSIC + "evidence: {key: none.pem}\n"
    (found,) = [each for each in problems(text, folder) if each.key == "evidence.key"]
    assert found.level == "error"
    assert f"{folder / 'none.pem'} holds no private key" in found.problem
    assert "openssl genpkey" in found.remedy
    SigningKey.of_box(folder / "keys")
    sound = CLASSIC + "evidence: {key: keys/evidence.key}\n"
    assert [each for each in problems(sound, folder) if each.key == "evidence.key"] == []


WHOLE = {
    # kind without zones: (gravity, words of the problem, kind of zone to draw)
    "damaged_sign": (Gravity.ERROR, "for one sign", "sign"),
    "beyond_storefront": (Gravity.ERROR, "for one shop's frontage", "frontage"),
    "floating_debris": (Gravity.ERROR, "for water", "water"),
    "bike_disorder": (Gravity.WARNING, "for one pavement", "pavement"),
    "crowd_density": (Gravity.WARNING, "for one place to gather", "gathering"),
    "muck_spill": (Gravity.WARNING, "for the road", "carriageway"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_whole_picture_cannot_be_is_told(kind: str, folder: Path) -> None:
    """A sign, a shop and water are never all of it; other places seldom; some kinds may be."""
    text = spoiled("{kind: illegal_parking, zones: [kerb],", f"{{kind: {kind},")
    found = [each for each in problems(text, folder) if each.key == f"{RULE}.zones"]
    if kind not in WHOLE:
        assert found == []
        return
    gravity, problem, zone = WHOLE[kind]
    (told,) = found
    assert told.level is gravity
    assert f"without zones {kind} takes the whole picture {problem}" in told.problem
    assert f"a zone of kind {zone} " in told.remedy


LOST = [
    # the only class of a model, a rule's kind, and words of what check says is lost
    ("sign", "damaged_sign", ["sign_damaged: damage shows only"]),
    ("sign_damaged", "damaged_sign", ["sign: a whole sign is not recognised"]),
    ("garbage", "muck_pile", ["muck: heaps of soil", "person: somebody who lies"]),
    ("muck", "muck_pile", ["garbage: rubble that", "person: somebody who lies"]),
    ("truck", "illegal_parking", ["bus: illegal_parking overlooks", "car: illegal_parking"]),
    ("garbage", "exposed_garbage", ["person: luggage"]),
    ("person", "crowd_density", ["car: people behind"]),
    ("bicycle", "bike_disorder", ["motorcycle: bike", "person: bikes with", "car: bikes behind"]),
    ("goods", "beyond_storefront", ["person: people", "two_wheeler: customers'", "truck: goods"]),
    ("banner", "illegal_banner", ["person: a banner", "car: a banner on a lorry"]),
    ("muck", "muck_spill", ["car: a lorry's load"]),
    ("muck_truck_open", "uncovered_muck_truck", ["muck_truck: nothing speaks"]),
    ("stall", "street_stall", []),
    ("floating_debris", "floating_debris", []),
]


@pytest.mark.parametrize(("name", "kind", "lost"), LOST, ids=[f"{row[1]}-{row[0]}" for row in LOST])
def test_what_no_model_finds_is_told_with_what_is_lost(
    name: str, kind: str, lost: list[str], tmp_path: Path
) -> None:
    """A line for each class that the kind accuses, and for what would excuse; no error."""
    write_block_model(tmp_path / "block.onnx", name=name)
    zone = next(iter(sorted(KINDS[kind].zone_kinds)))
    text = CLASSIC.replace("kind: no_parking", f"kind: {zone}, sees_load: true")
    text = text.replace("kind: illegal_parking", f"kind: {kind}").replace(", classes: [car]", "")
    found = [each for each in problems(text, tmp_path) if each.key == f"{RULE}.kind"]
    found = [each for each in found if "has no code" not in each.problem]
    assert {each.level for each in found} <= {Gravity.WARNING}
    said = [
        each.problem.removeprefix("no model of this camera (block) can find ") for each in found
    ]
    assert len(said) == len(lost)
    assert all(one.startswith(words) for one, words in zip(said, lost, strict=True)), said


@pytest.mark.skipif(not BUNDLED.is_file(), reason="no model is bundled yet")
def test_the_bundled_model_lacks_nothing(tmp_path: Path) -> None:
    """The sites of the committed clips, all kinds of rules and zones, pass; but for reviews."""
    clips = read_clips(REPOSITORY / "tests" / "scenarios")
    site = load_site(write_site(tmp_path, clips, "street"), {})
    assert {rule.kind for camera in site.cameras for rule in camera.rules} == KINDS.keys()
    found = [each for each in check_site(site, Registry()) if not each.key.endswith(".review")]
    assert found == []
