"""The text of a good site file, to be spoiled in one place at a time."""

from pathlib import Path

from configs import Site, parse_site

GOOD = """\
version: 1
site: {id: demo, timezone: Asia/Shanghai, language: zh-CN}
data: ./demo-data
models: [{name: street}]
sampling: {interval_s: 2}
api: {listen: "127.0.0.1:8310", token: "${API_TOKEN}"}
allow: {camera_hosts: [], case_hosts: []}
case_system: {kind: open311, url: "http://127.0.0.1:8311/open311/v2", codes: gbt47678-2026}
cameras:
  - id: yingkou-road-01
    url: "rtsp://127.0.0.1:8554/cam0"
    username: viewer
    password: "${CAM_PASSWORD}"
    place: {lat: 36.0986, lon: 120.3719, address: "市北区营口路", grid: "370203001001001"}
    zones:
      - {id: kerb, kind: no_parking, polygon: [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.1, 0.9]]}
    rules:
      - {kind: illegal_parking, zones: [kerb], dwell_s: 300}
"""
"""Section by section what a real site has. Needs API_TOKEN and CAM_PASSWORD."""

ENVIRON = {"API_TOKEN": "api-secret", "CAM_PASSWORD": "cam-secret"}

POLYGON = "[[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.1, 0.9]]"
"""The zone of GOOD, to be replaced."""

SECOND_CAMERA = """\
  - {id: second, url: "rtsp://127.0.0.1:8554/cam1", place: {address: "..."}, rules: []}
"""


def spoiled(old: str, new: str) -> str:
    """Replace one place of the good file; refuses to replace nothing."""
    assert GOOD.count(old) == 1, f"{old!r} stands {GOOD.count(old)} times in the good site file"
    return GOOD.replace(old, new)


def site_of(text: str, folder: Path, **environ: str) -> Site:
    """Read text as the file site.yaml in a folder."""
    return parse_site(text, folder / "site.yaml", {**ENVIRON, **environ})
