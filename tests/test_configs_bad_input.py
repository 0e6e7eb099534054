"""Every mistake in a site file is told by one message: file, key, what is wrong, what to write."""

from pathlib import Path

import pytest

from configs import ConfigError, load_site
from tests.site_text import ENVIRON, GOOD, POLYGON, SECOND_CAMERA, site_of, spoiled

CAMERA = "cameras[0]"
ZONE = "cameras[0].zones[0]"
RULE = "cameras[0].rules[0]"

SPOILED = {
    # what is wrong: (text, key, line, words of the problem, words of the remedy)
    "unknown key": (
        spoiled("dwell_s: 300", "dwel_s: 300"), f"{RULE}.dwel_s", 18, "unknown key 'dwel_s'",
        "did you mean 'dwell_s'",
    ),
    "unknown key with another name": (
        spoiled("username: viewer", "user: viewer"), f"{CAMERA}.user", 12, "unknown key 'user'",
        "username",
    ),
    "unknown section": (
        spoiled("sampling: {interval_s: 2}", "smapling: {interval_s: 2}"), "smapling", 5,
        "unknown key", "did you mean 'sampling'",
    ),
    "a device that decodes nothing": (
        spoiled("sampling: {interval_s: 2}", "decoding: {hardware: vaapi}"), "decoding.hardware",
        5, "vaapi", "auto",
    ),
    "unset variable": (
        spoiled("${CAM_PASSWORD}", "${NO_SUCH_VARIABLE}"), f"{CAMERA}.password", 13,
        "NO_SUCH_VARIABLE is not set", "set NO_SUCH_VARIABLE",
    ),
    "no variable": (
        spoiled("${CAM_PASSWORD}", "${CAM PASSWORD}"), f"{CAMERA}.password", 13,
        "names no environment variable", "${NAME}",
    ),
    "polygon of two points": (
        spoiled(POLYGON, "[[0.1, 0.5], [0.9, 0.5]]"), f"{ZONE}.polygon", 16,
        "2 points", "at least three",
    ),
    "point of three numbers": (
        spoiled(POLYGON, "[[0.1, 0.5, 0.2], [0.9, 0.5], [0.9, 0.9]]"), f"{ZONE}.polygon[0]", 16,
        "3 entries", "2 or fewer",
    ),
    "point outside": (
        spoiled(POLYGON, "[[0.1, 0.5], [1.2, 0.5], [0.9, 0.9]]"), f"{ZONE}.polygon", 16,
        "point 2, [1.2, 0.5], lies outside", "fractions",
    ),
    "point in pixels": (
        spoiled(POLYGON, "[[100, 200], [640, 200], [640, 352]]"), f"{ZONE}.polygon", 16,
        "outside", "pixels",
    ),
    "self-crossing polygon": (
        spoiled(POLYGON, "[[0, 0], [1, 1], [1, 0], [0, 1]]"), f"{ZONE}.polygon", 16,
        "crosses or touches itself", "order",
    ),
    "polygon without area": (
        spoiled(POLYGON, "[[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]]"), f"{ZONE}.polygon", 16,
        "polygon", "corners",
    ),
    "a number that is none": (
        spoiled(POLYGON, "[[.nan, 0.5], [0.9, 0.5], [0.9, 0.9]]"), f"{ZONE}.polygon[0][0]", 16,
        "finite", "0.5",
    ),
    "a rail that hides nearly all": (
        spoiled("kind: no_parking,", "kind: no_parking, rail: 0.6,"), f"{ZONE}.rail", 16,
        "0.6 is out of range", "less than 0.6",
    ),
    "a rail that hides less than nothing": (
        spoiled("kind: no_parking,", "kind: no_parking, rail: -0.1,"), f"{ZONE}.rail", 16,
        "-0.1 is out of range", "at least 0",
    ),
    "yes for a number": (
        spoiled("interval_s: 2", "interval_s: yes"), "sampling.interval_s", 5,
        "expected a number, got yes", "number",
    ),
    "grid too short": (
        spoiled("370203001001001", "37020300100"), f"{CAMERA}.place.grid", 14,
        "11 characters", "15 characters",
    ),
    "grid of the older length": (
        spoiled("370203001001001", "37020300100101"), f"{CAMERA}.place.grid", 14,
        "14 characters", "site.grid_length: 14",
    ),
    "grid without quotes": (
        spoiled('"370203001001001"', "370203001001001"), f"{CAMERA}.place.grid", 14,
        "expected text", '"370203001001001" in quotes',
    ),
    "grid with letters at the front": (
        spoiled("370203001001001", "X70203001001001"), f"{CAMERA}.place.grid", 14,
        "the first 12 characters are digits", "370203001001001",
    ),
    "unknown time zone": (
        spoiled("Asia/Shanghai", "Asia/Shangai"), "site.timezone", 2,
        "unknown time zone 'Asia/Shangai'", "did you mean 'Asia/Shanghai'",
    ),
    "time zone outside the table": (
        spoiled("Asia/Shanghai", "../../etc/passwd"), "site.timezone", 2,
        "unknown time zone", "Asia/Shanghai",
    ),
    "latitude out of range": (
        spoiled("lat: 36.0986", "lat: 136.0986"), f"{CAMERA}.place.lat", 14,
        "136.0986 is out of range", "at most 90",
    ),
    "longitude without latitude": (
        spoiled("lat: 36.0986, ", ""), f"{CAMERA}.place", 14, "lon without lat", "write lat",
    ),
    "duplicate camera id": (
        GOOD + SECOND_CAMERA.replace("second", "yingkou-road-01"), "cameras[1].id", 19,
        "'yingkou-road-01' is already the id of cameras[0]", "its own id",
    ),
    "ids that differ in capitals": (
        GOOD + SECOND_CAMERA.replace("second", "Yingkou-Road-01"), "cameras[1].id", 19,
        "already", "its own id",
    ),
    "id that is a path": (
        spoiled("id: yingkou-road-01", "id: ../yingkou"), f"{CAMERA}.id", 10,
        "cannot be an id", "letters, digits",
    ),
    "scheme outside the list": (
        spoiled("rtsp://127.0.0.1:8554", "rtmp://127.0.0.1:8554"), f"{CAMERA}.url", 11,
        "'rtmp'", "rtsp, rtsps, http, https, file",
    ),
    "no scheme": (
        spoiled("rtsp://127.0.0.1:8554/cam0", "127.0.0.1/cam0"), f"{CAMERA}.url", 11,
        "no scheme", "rtsp",
    ),
    "bad port": (
        spoiled("127.0.0.1:8554", "127.0.0.1:85543"), f"{CAMERA}.url", 11,
        "cannot be read", "host:port",
    ),
    "file outside the folder": (
        spoiled("rtsp://127.0.0.1:8554/cam0", "file:../../etc/passwd"), f"{CAMERA}.url", 11,
        "outside the site file's folder", "file:clip.mp4",
    ),
    "case system by another scheme": (
        spoiled("http://127.0.0.1:8311", "ftp://127.0.0.1:8311"), "case_system.url", 8,
        "'ftp'", "http, https",
    ),
    "unknown case system": (
        spoiled("kind: open311", "kind: open31"), "case_system.kind", 8,
        "unknown value 'open31'", "open311",
    ),
    "unknown language": (
        spoiled("language: zh-CN", "language: zh"), "site.language", 2,
        "unknown value 'zh'", "zh-CN",
    ),
    "time without quotes": (
        spoiled("dwell_s: 300", "allow: [{from: 22:00, to: 06:00}]"), f"{RULE}.allow[0].from", 18,
        "without quotes", '"22:00" in quotes',
    ),
    "no such hour": (
        spoiled("dwell_s: 300", 'allow: [{from: "25:00", to: "06:00"}]'), f"{RULE}.allow[0].from",
        18, "'25:00' is no time", "06:00",
    ),
    "no such day": (
        spoiled("dwell_s: 300", 'allow: [{days: mon-sum, from: "22:00", to: "06:00"}]'),
        f"{RULE}.allow[0].days", 18, "'mon-sum' does not name days", "mon-sun",
    ),
    "an empty window": (
        spoiled("dwell_s: 300", 'allow: [{from: "08:00", to: "08:00"}]'), f"{RULE}.allow[0]",
        18, "the same time", '"24:00"',
    ),
    "an allow without a list": (
        spoiled("dwell_s: 300", 'allow: {from: "08:00", to: "09:00"}'), f"{RULE}.allow",
        18, "expected a list, got a mapping", "- ",
    ),
    "review by another word": (
        spoiled("dwell_s: 300", "review: require"), f"{RULE}.review", 18,
        "unknown value 'require'", "did you mean 'required'",
    ),
    "negative dwell": (
        spoiled("dwell_s: 300", "dwell_s: -1"), f"{RULE}.dwell_s", 18, "-1 is out of range",
        "more than 0",
    ),
    "address to listen on": (
        spoiled("127.0.0.1:8310", "8310"), "api.listen", 6, "'8310'", "127.0.0.1:8310",
    ),
    "no cameras": (
        GOOD[: GOOD.index("cameras:")], "cameras", None, "missing", "rtsp://",
    ),
    "an empty list of cameras": (
        GOOD[: GOOD.index("cameras:")] + "cameras: []\n", "cameras", 9, "empty", "at least one",
    ),
    "an empty section": (
        GOOD[: GOOD.index("cameras:")] + "cameras:\n", "cameras", 9, "got nothing", "- ",
    ),
    "password without user": (
        spoiled("    username: viewer\n", ""), CAMERA, 10, "without a username", "username",
    ),
    "another version": (
        spoiled("version: 1", "version: 2"), "version", 1, "unknown value '2'", "1",
    ),
    "key written twice": (
        spoiled("username: viewer", "url: file:clip.mp4"), f"{CAMERA}.url", 12,
        "written twice (first in line 11)", "keep one",
    ),
    "a list instead of a file": ("- 1\n- 2\n", "", None, "mapping", "streetwarden init"),
    "nothing at all": ("# only a comment\n", "", None, "empty", "streetwarden init"),
    "YAML that does not parse": (
        spoiled("models: [{name: street}]", "models: [{name: street]"), "", 4,
        "cannot be read", "brackets",
    ),
    "indentation that does not fit": (
        spoiled("    username: viewer", "   username: viewer"), "", 12, "cannot be read", "indent",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILED)
def test_a_mistake_is_told(case: str, tmp_path: Path) -> None:
    """The message names file, line and key, says what is wrong, and what to write instead."""
    text, key, line, problem, remedy = SPOILED[case]
    with pytest.raises(ConfigError) as caught:
        site_of(text, tmp_path)
    error = caught.value
    assert (error.key, error.line) == (key, line)
    assert problem in error.problem
    assert remedy in error.remedy
    assert error.file == tmp_path / "site.yaml"
    message = str(error)
    assert message.startswith(str(tmp_path / "site.yaml"))
    assert error.problem in message
    assert error.remedy in message
    assert "\n" not in message


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    """The first error in the file carries the others, in the order of the file."""
    text = spoiled("lat: 36.0986", "lat: 95").replace("dwell_s", "dwel_s").replace("0.1, 0.5", "5")
    with pytest.raises(ConfigError) as caught:
        site_of(text, tmp_path)
    first = caught.value
    assert [first.key, *(error.key for error in first.others)] == [
        f"{CAMERA}.place.lat",
        f"{ZONE}.polygon[0][1]",
        f"{RULE}.dwel_s",
    ]


def test_the_good_file_is_good(tmp_path: Path) -> None:
    """The file from which all mistakes are made has none itself."""
    assert site_of(GOOD, tmp_path).warnings == ()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: path.parent.mkdir(exist_ok=True), "no such file"),
        (lambda path: path.mkdir(), "folder"),
        (lambda path: path.write_bytes(b"version: 1\nsite: \xff\xfe"), "UTF-8"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(b"a: 1\n" * 1_000_000), "larger"),
        (lambda path: path.write_bytes(b"a: \x00"), "not allowed"),
    ],
    ids=["missing", "folder", "binary", "empty", "huge", "control character"],
)
def test_a_file_that_is_none_is_told(make: object, problem: str, tmp_path: Path) -> None:
    """A file that cannot be read as a site file is named, with the reason."""
    path = tmp_path / "site.yaml"
    make(path)  # type: ignore[operator]
    with pytest.raises(ConfigError, match=problem) as caught:
        load_site(path, ENVIRON)
    assert caught.value.file == path
