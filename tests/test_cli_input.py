"""Wrong input ends with exit 2, one clear message and no traceback; nothing is lost or written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper

from tests.block_model import write_block_model
from tests.site import camera, in_process, rows, streetwarden, write_site

URL = "rtsp://127.0.0.1:9/cam0"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an exact detector that knows the class car."""
    return write_block_model(tmp_path_factory.mktemp("model") / "block.onnx")


def refused(*arguments: str | Path) -> str:
    """Run a command that must refuse its input; returns the message."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        done = in_process(*arguments, monkeypatch=monkeypatch)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr


def edited(folder: Path, model: Path, edit: Callable[[dict[str, Any]], Any]) -> Path:
    """Write a good site file, then spoil one thing."""
    path = write_site(folder, [camera("one", URL)], model)
    site = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(site)
    path.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    return path


def cam(site: dict[str, Any]) -> dict[str, Any]:
    """Return the first camera of a site."""
    first: dict[str, Any] = site["cameras"][0]
    return first


def zone(site: dict[str, Any]) -> dict[str, Any]:
    """Return the first zone of a site."""
    first: dict[str, Any] = cam(site)["zones"][0]
    return first


def rule(site: dict[str, Any]) -> dict[str, Any]:
    """Return the first rule of a site."""
    first: dict[str, Any] = cam(site)["rules"][0]
    return first


def again(site: dict[str, Any]) -> None:
    """List the first camera twice."""
    site["cameras"].append(dict(cam(site)))


SPOILED: list[tuple[str, Callable[[dict[str, Any]], Any], tuple[str, ...]]] = [
    ("unknown key", lambda s: cam(s).update(uzername="x"), ("uzername", "username")),
    ("unset variable", lambda s: cam(s).update(username="a", password="${NO_SUCH}"), ("NO_SUCH",)),
    ("two points", lambda s: zone(s).update(polygon=[[0, 0], [1, 1]]), ("polygon",)),
    ("outside", lambda s: zone(s).update(polygon=[[0, 0], [1.2, 0], [1, 1]]), ("polygon", "1.2")),
    (
        "self-crossing",
        lambda s: zone(s).update(polygon=[[0, 0], [1, 1], [1, 0], [0, 1]]),
        ("polygon", "cross"),
    ),
    ("unknown zone", lambda s: rule(s).update(zones=["kreb"]), ("kreb", "kerb")),
    ("unknown kind", lambda s: rule(s).update(kind="ilegal_parking"), ("illegal_parking",)),
    (
        "unknown profile",
        lambda s: s.update(
            case_system={"kind": "open311", "url": "http://127.0.0.1:9", "codes": "gbt47678-2027"}
        ),
        ("gbt47678-2026",),
    ),
    ("grid length", lambda s: cam(s)["place"].update(grid="37020300100100"), ("grid", "15")),
    ("time zone", lambda s: s["site"].update(timezone="Asia/Shangai"), ("timezone", "Shangai")),
    ("latitude", lambda s: cam(s)["place"].update(lat=91), ("lat", "90")),
    ("duplicate id", again, ("cameras[1]", "one")),
    ("scheme", lambda s: cam(s).update(url="ftp://host/x"), ("ftp", "rtsp")),
    ("no model feeds", lambda s: rule(s).update(classes=["bus"]), ("bus",)),
    ("zone kind", lambda s: zone(s).update(kind="water"), ("water", "no_parking")),
    (
        "impossible permit",
        lambda s: rule(s).update(
            allow=[
                {
                    "from": "06:00",
                    "to": "08:00",
                    "first_day": "2026-05-02",
                    "last_day": "2026-05-01",
                }
            ]
        ),
        ("before it begins", "exchange first_day and last_day"),
    ),
    (
        "unknown weekday",
        lambda s: rule(s).update(allow=[{"days": "mon-fry", "from": "06:00", "to": "08:00"}]),
        ("mon-fry", "mon-fri"),
    ),
    (
        "permit for another zone",
        lambda s: rule(s).update(allow=[{"from": "06:00", "to": "08:00", "zones": ["kreb"]}]),
        ("does not name the zone 'kreb'", "did you mean 'kerb'"),
    ),
    (
        "a sign without a zone",
        lambda s: cam(s).update(rules=[{"kind": "damaged_sign"}]),
        ("without zones damaged_sign", "draw a zone of kind sign"),
    ),
    ("half a login", lambda s: cam(s).update(password="geheim"), ("username",)),
]


@pytest.mark.parametrize(
    ("edit", "words"), [row[1:] for row in SPOILED], ids=[r[0] for r in SPOILED]
)
def test_spoiled_site_file(
    tmp_path: Path,
    model: Path,
    edit: Callable[[dict[str, Any]], Any],
    words: tuple[str, ...],
) -> None:
    """Each mistake in a site file is named with file, key and what to write; nothing is made."""
    path = edited(tmp_path, model, edit)
    message = refused("check", path)
    assert "site.yaml" in message or "gbt47678" in message
    for word in words:
        assert word in message, message
    assert "geheim" not in message
    assert sorted(p.name for p in tmp_path.iterdir()) == ["site.yaml"]


PERMITS = "camera,zones,days,from,to,first_day,last_day\n"

PERMIT_FILES: dict[str, tuple[str, int, tuple[str, ...]]] = {
    # what is wrong: (a line of the file, exit code of check, words of the message)
    "impossible permit": (
        "one,kerb,,,,2026-05-02,2026-05-01", 2,
        ("permits.csv:2: ", "before it begins", "exchange first_day and last_day"),
    ),
    "unknown weekday": (
        "one,kerb,mon-fry,,,,", 2, ("permits.csv:2: ", "mon-fry", "mon-fri"),
    ),
    "unknown zone": (
        "one,kreb,,,,,", 2, ("permits.csv:2: ", "has no zone 'kreb'", "did you mean 'kerb'"),
    ),
    "expired": (
        "one,kerb,,,,,2025-12-31", 0,
        ("warning: ", "every permit in permits.csv has expired", "ask for this year's permits"),
    ),
    "unknown camera": (
        ",,sat,,,,\nome,kerb,,,,,", 0,
        ("warning: ", "permits.csv:3: ", "no camera 'ome'", "did you mean 'one'"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PERMIT_FILES)
def test_spoiled_permit_file(tmp_path: Path, model: Path, case: str) -> None:
    """A permit that cannot be, or holds no more: `check` names the file and the fix."""
    line, code, words = PERMIT_FILES[case]
    (tmp_path / "permits.csv").write_text(f"{PERMITS}{line}\n", encoding="utf-8")
    path = edited(tmp_path, model, lambda site: rule(site).update(permits="permits.csv"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        done = in_process("check", path, monkeypatch=monkeypatch)
    assert done.returncode == code, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_good_site_file(tmp_path: Path, model: Path) -> None:
    """A good site file passes, one object a camera, and check writes nothing."""
    path = write_site(tmp_path, [camera("one", URL), camera("two", URL)], model)
    done = streetwarden("check", path, "--json")
    assert done.returncode == 0, done.stderr
    assert [row["camera"] for row in rows(done.stdout)] == ["one", "two"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["site.yaml"]


def test_site_file_missing_or_no_yaml(tmp_path: Path) -> None:
    """A missing site file and one that does not parse are told apart."""
    assert "nowhere.yaml" in refused("check", tmp_path / "nowhere.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("cameras: [unclosed", encoding="utf-8")
    assert "broken.yaml" in refused("run", broken)


def bad_model(folder: Path, kind: str, good: Path) -> Path:
    """Make a model file that is none."""
    path = folder / f"{kind}.onnx"
    if kind == "text":
        path.write_text("this is no network", encoding="utf-8")
    elif kind == "truncated":
        path.write_bytes(good.read_bytes()[:-2000])
    elif kind == "classifier":
        graph = helper.make_graph(
            [helper.make_node("GlobalAveragePool", ["images"], ["output0"])],
            "classifier",
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
            [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 3, 1, 1])],
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        onnx.save(made, path)
    return path


@pytest.mark.parametrize("kind", ["text", "truncated", "classifier", "missing"])
def test_model_file_that_is_none(tmp_path: Path, model: Path, kind: str) -> None:
    """A model file that is no detector is refused by check, detect and models check alike."""
    bad = bad_model(tmp_path, kind, model)
    path = write_site(tmp_path, [camera("one", URL)], bad)
    picture = tmp_path / "grey.png"
    write_png(picture)
    assert bad.name in refused("check", path)
    assert bad.name in refused("detect", picture, "--model", bad)
    with pytest.MonkeyPatch.context() as monkeypatch:
        done = in_process("models", "check", bad, monkeypatch=monkeypatch)
    assert done.returncode == 2, (done.stdout, done.stderr)


def write_png(path: Path) -> None:
    """Write a small grey picture."""
    import cv2  # noqa: PLC0415 - only here

    cv2.imwrite(str(path), np.full((120, 160, 3), 128, np.uint8))


def test_unreadable_pictures(tmp_path: Path, model: Path) -> None:
    """Alone an unreadable picture is wrong input; among others it is told and the rest is done."""
    write_png(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_text("no picture", encoding="utf-8")
    write_png(tmp_path / "c.png")
    assert "b.jpg" in refused("detect", tmp_path / "b.jpg", "--model", model, "--json")
    done = streetwarden("detect", tmp_path, "--model", model, "--json")
    assert done.returncode == 1
    assert "b.jpg" in done.stderr
    found = rows(done.stdout)
    assert [Path(row["source"]).name for row in found] == ["a.png", "c.png"]
    assert all(row["detections"] == [] and row["time_s"] is None for row in found)


def test_video_that_is_none(tmp_path: Path, model: Path) -> None:
    """A text file named .mp4 and a missing one are refused by detect and replay."""
    fake = tmp_path / "fake.mp4"
    fake.write_text("no video", encoding="utf-8")
    site = write_site(tmp_path, [camera("one", URL)], model)
    for source in (fake, tmp_path / "missing.mp4"):
        assert source.name in refused("detect", source, "--model", model, "--json")
        assert source.name in refused("replay", site, "one", source, "--json")


def test_replay_arguments(tmp_path: Path, model: Path) -> None:
    """An unknown camera, a share and a start that cannot be read are each named."""
    site = write_site(tmp_path, [camera("one", URL)], model)
    assert "one" in refused("replay", site, "two", "x.mp4")
    assert "1/2" in refused("replay", site, "one", "x.mp4", "--keep", "half")
    assert "ISO" in refused("replay", site, "one", "x.mp4", "--start", "noon")


def test_init_writes_a_file_that_passes(tmp_path: Path) -> None:
    """What init writes is read by check; a second init does not overwrite it."""
    path = tmp_path / "new.yaml"
    assert streetwarden("init", path).returncode == 0
    assert "exists" in refused("init", path)
    done = streetwarden("check", path, CAM_PASSWORD="x", CASE_API_KEY="y", API_TOKEN="z")
    assert done.returncode == 0, done.stderr


def test_help_of_every_command_has_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command explains itself with an example."""
    for command in (
        ["demo"], ["run"], ["check"], ["init"], ["detect"], ["replay"], ["desk"], ["camera"],
        ["cases", "list"], ["cases", "show"], ["cases", "approve"], ["cases", "reject"],
        ["cases", "retry"], ["evidence", "verify"], ["models", "list"], ["models", "check"],
    ):  # fmt: skip
        done = in_process(*command, "--help", monkeypatch=monkeypatch)
        assert done.returncode == 0
        assert "Example:" in done.stdout, command


def test_json_is_nothing_but_json(tmp_path: Path, model: Path) -> None:
    """With --json stdout holds one object a line; logs go to stderr as JSON when asked."""
    write_png(tmp_path / "a.png")
    done = streetwarden(
        "detect",
        tmp_path / "a.png",
        "--model",
        model,
        "--json",
        "--log-json",
        "--log-level",
        "debug",
    )
    assert len(rows(done.stdout)) == 1
    for line in done.stderr.splitlines():
        json.loads(line)
