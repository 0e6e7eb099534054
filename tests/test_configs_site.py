"""A site file becomes one frozen Site with every default filled in and every secret hidden."""

import json
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from configs import SITE_TEMPLATE, ConfigError, Gate, Hours, load_site
from tests.site_text import ENVIRON, GOOD, SECOND_CAMERA, site_of, spoiled

SMALLEST = """\
version: 1
site: {id: small, timezone: Europe/Berlin}
cameras: [{id: one, url: "file:clip.mp4"}]
"""

ALLOW = "STREETWARDEN_ALLOW"


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    """Every value of the file stands in the tree, with its type."""
    site = site_of(GOOD, tmp_path)
    camera = site.camera("yingkou-road-01")
    assert site.site.timezone == ZoneInfo("Asia/Shanghai")
    assert site.data == tmp_path / "demo-data"
    assert (site.api.host, site.api.port) == ("127.0.0.1", 8310)
    assert camera.password is not None
    assert camera.password.get_secret_value() == "cam-secret"
    assert camera.place.area_code == "370203"
    assert camera.zone("kerb").polygon == ((0.1, 0.5), (0.9, 0.5), (0.9, 0.9), (0.1, 0.9))
    assert camera.rules[0].dwell_s == 300
    assert site.case_system is not None
    assert site.case_system.codes == "gbt47678-2026"


def test_defaults_fill_a_small_file(tmp_path: Path) -> None:
    """Three lines are a site: the rest has defaults."""
    site = site_of(SMALLEST, tmp_path)
    assert site.data == tmp_path / "small-data"
    assert [model.name for model in site.models] == ["street"]
    assert site.interval_s(site.cameras[0]) == 2
    assert site.api.listen == "127.0.0.1:8310"
    assert site.api.token is None
    assert site.case_system is None
    assert site.cameras[0].url == (tmp_path / "clip.mp4").as_uri()


def test_a_site_cannot_be_changed(tmp_path: Path) -> None:
    """The tree is frozen."""
    site = site_of(SMALLEST, tmp_path)
    with pytest.raises(ValidationError):
        site.data = Path("elsewhere")  # type: ignore[misc]
    with pytest.raises(ValidationError):
        site.cameras[0].id = "other"  # type: ignore[misc]


def test_files_are_relative_to_the_site_file(tmp_path: Path) -> None:
    """Model files, the data folder and clips are found beside the site file, wherever we are."""
    text = spoiled("{name: street}", "{name: coco, file: w/yolo11n.onnx, conf: 0.3}")
    site = site_of(text.replace("rtsp://127.0.0.1:8554/cam0", "file:清晨 1.mp4"), tmp_path)
    assert site.models[0].file == tmp_path / "w" / "yolo11n.onnx"
    assert site.cameras[0].url == (tmp_path / "清晨 1.mp4").as_uri()


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    """A file URL through a symbolic link that leaves the folder is refused."""
    inside = tmp_path / "site"
    inside.mkdir()
    (tmp_path / "secret.mp4").touch()
    (inside / "clip.mp4").symlink_to(tmp_path / "secret.mp4")
    with pytest.raises(ConfigError, match="outside the site file's folder"):
        site_of(SMALLEST, inside)


@pytest.mark.parametrize(
    "url",
    [
        "file:../a.mp4",
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "FILE:%2e%2e/a.mp4",
        "file:sub/../../a.mp4",
        "file://elsewhere/a.mp4",
        "file:a%00.mp4",
        "file:",
    ],
)
def test_files_elsewhere_are_refused(url: str, tmp_path: Path) -> None:
    """However it is written, a file outside the site file's folder is not opened."""
    with pytest.raises(ConfigError, match=r"cameras\[0\]\.url"):
        site_of(SMALLEST.replace("file:clip.mp4", url), tmp_path)


def test_a_camera_chooses_its_models_in_its_own_order(tmp_path: Path) -> None:
    """models_of follows the camera's list; without one it is all models of the site."""
    text = spoiled("[{name: street}]", "[{name: street}, {name: coco, file: c.onnx}]")
    everything = site_of(text, tmp_path)
    assert [m.name for m in everything.models_of(everything.cameras[0])] == ["street", "coco"]
    chosen = site_of(text.replace("    zones:", "    models: [coco, street]\n    zones:"), tmp_path)
    assert [m.name for m in chosen.models_of(chosen.cameras[0])] == ["coco", "street"]


def test_a_camera_overrides_the_interval(tmp_path: Path) -> None:
    """Sampling of a camera holds for this camera."""
    text = spoiled("    username:", "    sampling: {interval_s: 5}\n    username:")
    site = site_of(text + SECOND_CAMERA, tmp_path)
    assert [site.interval_s(camera) for camera in site.cameras] == [5, 2]


def test_a_zone_overrides_single_entries_of_the_place(tmp_path: Path) -> None:
    """What a zone's place does not say is the camera's."""
    text = spoiled("kind: no_parking,", 'kind: no_parking, place: {address: "侧门", grid: null},')
    camera = site_of(text, tmp_path).cameras[0]
    place = camera.place_of("kerb")
    assert (place.address, place.lat, place.grid) == ("侧门", 36.0986, "370203001001001")
    assert camera.place_of(None).address == "市北区营口路"


def test_grids_may_have_the_older_length(tmp_path: Path) -> None:
    """With grid_length 14 codes of 14 characters are taken, those of 15 refused."""
    text = spoiled("language: zh-CN", "grid_length: 14")
    assert site_of(text.replace("370203001001001", "37020300100101"), tmp_path)
    with pytest.raises(ConfigError, match="15 characters; write 14"):
        site_of(text, tmp_path)


def test_a_repeated_last_point_closes_a_polygon(tmp_path: Path) -> None:
    """A ring written closed is the same polygon."""
    text = spoiled("[0.1, 0.9]]}", "[0.1, 0.9], [0.1, 0.5]]}")
    assert len(site_of(text, tmp_path).cameras[0].zones[0].polygon) == 4


def test_merge_keys_and_aliases_are_followed(tmp_path: Path) -> None:
    """What several cameras share may be written once."""
    text = SMALLEST.replace(
        'cameras: [{id: one, url: "file:clip.mp4"}]',
        "cameras:\n"
        '  - &first {id: one, url: "file:clip.mp4", sampling: {interval_s: 4}}\n'
        "  - {<<: *first, id: two}\n",
    )
    site = site_of(text, tmp_path)
    assert [(c.id, site.interval_s(c)) for c in site.cameras] == [("one", 4), ("two", 4)]


def test_literal_secrets_are_taken_with_a_warning(tmp_path: Path) -> None:
    """A password, token or key written out works; a warning says where, and never shows it."""
    text = GOOD.replace("${CAM_PASSWORD}", "hunter2").replace("${API_TOKEN}", "letmein")
    site = site_of(text, tmp_path)
    assert [warning.key for warning in site.warnings] == ["api.token", "cameras[0].password"]
    told = repr(site) + str(site) + repr(site.warnings)
    assert "hunter2" not in told
    assert "letmein" not in told


def test_credentials_are_taken_out_of_a_url(tmp_path: Path) -> None:
    """User and password inside of the URL are moved to their fields; the URL can be shown."""
    text = spoiled('    username: viewer\n    password: "${CAM_PASSWORD}"\n', "")
    site = site_of(text.replace("rtsp://127", "rtsp://view%40er:p%2Fw%40d@127"), tmp_path)
    camera = site.cameras[0]
    assert camera.url == "rtsp://127.0.0.1:8554/cam0"
    assert camera.username == "view@er"
    assert camera.password is not None
    assert camera.password.get_secret_value() == "p/w@d"
    assert [warning.key for warning in site.warnings] == ["cameras[0].url"]


def test_credentials_of_their_own_keys_win(tmp_path: Path) -> None:
    """What stands under username and password beside a URL with credentials holds."""
    camera = site_of(spoiled("rtsp://127", "rtsp://a:b@127"), tmp_path).cameras[0]
    assert camera.username == "viewer"
    assert camera.password is not None
    assert camera.password.get_secret_value() == "cam-secret"


def test_secrets_show_nowhere(tmp_path: Path) -> None:
    """repr, str and JSON of a site hold none of its secrets."""
    text = spoiled("codes: gbt47678-2026", 'api_key: "${CASE_API_KEY}"')
    site = site_of(text, tmp_path, CASE_API_KEY="case-secret")
    told = repr(site) + str(site) + site.model_dump_json() + repr(site.cameras[0])
    for secret in (*ENVIRON.values(), "case-secret"):
        assert secret not in told


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("127.0.0.1:8310", "${API_TOKEN}"),
        ("rtsp://127.0.0.1:8554/cam0", "${API_TOKEN}"),
        ("rtsp://127.0.0.1:8554/cam0", "rtsp://u:${API_TOKEN}@host:99999999/"),
        ("yingkou-road-01", "${API_TOKEN}"),
        ("Asia/Shanghai", '"${API_TOKEN}"'),
        ("language: zh-CN", 'language: "${API_TOKEN}"'),
        ("lat: 36.0986", 'lat: "${API_TOKEN}"'),
        ("370203001001001", "${API_TOKEN}"),
        ("days: mon-sun", 'days: "${API_TOKEN}"'),
        ("dwell_s: 300", 'allow: [{from: "${API_TOKEN}", to: "06:00"}]'),
    ],
)
def test_errors_do_not_show_what_the_environment_gave(old: str, new: str, tmp_path: Path) -> None:
    """A value out of a variable is named in errors, not shown, even in the wrong place."""
    if old not in GOOD:
        old, new = "dwell_s: 300", "allow: [{" + new + ', from: "01:00", to: "02:00"}]'
    with pytest.raises(ConfigError) as caught:
        site_of(spoiled(old, new), tmp_path, API_TOKEN="s3cr3t /!/value")
    told = "".join(str(error) + repr(error) for error in (caught.value, *caught.value.others))
    assert "s3cr3t" not in told
    assert caught.value.__cause__ is None


def test_a_variable_may_stand_inside_of_text(tmp_path: Path) -> None:
    """${NAME} is replaced anywhere in a value; $${ stands for itself."""
    text = spoiled("127.0.0.1:8554/cam0", "${HOST}:8554/${PATH_PART}")
    text = text.replace("市北区营口路", "$${HOST} 5 $")
    site = site_of(text, tmp_path, HOST="camera.example", PATH_PART="a/b")
    assert site.cameras[0].url == "rtsp://camera.example:8554/a/b"
    assert site.cameras[0].place.address == "${HOST} 5 $"


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """Where NAME is unset, NAME_FILE names a file that holds the value."""
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    text = spoiled("${CAM_PASSWORD}", "${OTHER}")
    site = site_of(text, tmp_path, OTHER_FILE=str(secret))
    assert site.cameras[0].password is not None
    assert site.cameras[0].password.get_secret_value() == "from a file"
    with pytest.raises(ConfigError, match=r"OTHER_FILE names .*No such file"):
        site_of(text, tmp_path, OTHER_FILE=str(tmp_path / "absent"))


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    """A token that is set to nothing would protect nothing."""
    with pytest.raises(ConfigError, match=r"api\.token: this is empty"):
        site_of(GOOD, tmp_path, API_TOKEN="")


def test_allowed_hosts_are_those_that_the_file_names(tmp_path: Path) -> None:
    """Empty lists mean exactly the hosts of the file's own URLs."""
    text = spoiled("8554/cam0", '8554/cam0"\n    sub_url: "rtsp://SUB.example/1')
    site = site_of(text, tmp_path)
    assert site.allow.camera_hosts == ("127.0.0.1", "sub.example")
    assert site.allow.case_hosts == ("127.0.0.1",)


def test_allowed_hosts_of_the_file_stand(tmp_path: Path) -> None:
    """Lists that are written are taken as they are."""
    text = spoiled("camera_hosts: []", "camera_hosts: [10.1.0.0/16, Camera.example]")
    assert site_of(text, tmp_path).allow.camera_hosts == ("10.1.0.0/16", "camera.example")


def test_a_fleet_fixes_the_allowed_hosts(tmp_path: Path) -> None:
    """STREETWARDEN_ALLOW replaces a list, with a warning where the file has one of its own."""
    fixed = json.dumps({"camera_hosts": ["10.1.0.0/16"], "case_hosts": []})
    text = spoiled("camera_hosts: []", "camera_hosts: [127.0.0.1]")
    site = site_of(text, tmp_path, **{ALLOW: fixed})
    assert site.allow.camera_hosts == ("10.1.0.0/16",)
    assert site.allow.case_hosts == ()
    assert [warning.key for warning in site.warnings] == ["allow.camera_hosts"]
    half = site_of(GOOD, tmp_path, **{ALLOW: '{"case_hosts": ["cases.example"]}'})
    assert half.allow.camera_hosts == ("127.0.0.1",)


@pytest.mark.parametrize("text", ["", "10.1.0.0/16", '{"hosts": []}', '{"case_hosts": ["*"]}'])
def test_a_faulty_fixed_list_stops_everything(text: str, tmp_path: Path) -> None:
    """STREETWARDEN_ALLOW that cannot be read is an error, never an open door."""
    with pytest.raises(ConfigError, match="STREETWARDEN_ALLOW cannot be read") as caught:
        site_of(GOOD, tmp_path, **{ALLOW: text})
    assert "camera_hosts" in caught.value.remedy


@pytest.mark.parametrize(
    ("days", "start", "end", "expected"),
    [
        ("mon-sun", "22:00", "06:00", Hours.model_fields["days"].default),
        ("sat-mon", "00:00", "24:00", frozenset({5, 6, 0})),  # over the week's end
        ("mon, WED,fri-sat", "08:30", "18:00", frozenset({0, 2, 4, 5})),
        ("sun", "08:30", "18:00", frozenset({6})),
    ],
)
def test_windows_are_read(
    days: str, start: str, end: str, expected: frozenset[int], tmp_path: Path
) -> None:
    """Days and times are read as people write them; 24:00 is the midnight that ends a day."""
    window = f'{{days: "{days}", from: "{start}", to: "{end}"}}'
    rule = site_of(spoiled("dwell_s: 300", f"allow: [{window}]"), tmp_path).cameras[0].rules[0]
    assert rule.allow[0].days == expected
    assert rule.allow[0].start == time.fromisoformat(start)
    assert rule.allow[0].end == (time(0) if end == "24:00" else time.fromisoformat(end))


def test_lines_of_keys_are_known(tmp_path: Path) -> None:
    """Later checks can name the line of a key."""
    site = site_of(GOOD, tmp_path)
    assert site.line_of("cameras[0].rules[0].zones") == 18
    assert site.line_of("cameras[1]") is None


def test_the_template_and_the_demo_are_sites(tmp_path: Path) -> None:
    """What `init` writes and what `demo` runs can be read without any variable set."""
    site = site_of(SITE_TEMPLATE, tmp_path)
    assert site.warnings == ()
    assert site.gate_of(site.cameras[0]) is None
    gated = site_of(SITE_TEMPLATE.replace("# gate:", "gate:"), tmp_path)  # as one would
    assert gated.gate_of(gated.cameras[0]) == Gate(forced_s=20)
    demo = load_site(Path(__file__).parent.parent / "configs" / "demo.yaml", {})
    assert demo.warnings == ()
    assert "parked-car" in [camera.id for camera in demo.cameras]
