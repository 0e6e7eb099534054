"""Opens every camera of a site once and says what its stream is like."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from configs import Camera, ConfigError, Site
from pipeline.check_sight import seen_by, too_small, unknown_heights
from streams import Probe, Source, StreamError, probe
from streams.grid import save_grid

AT_ONCE = 4
"""Cameras opened at the same time: a probe waits more than it computes."""

TIMEOUT_S = 10.0


def probe_site(
    site: Site, still: Path | None = None, *, timeout_s: float = TIMEOUT_S
) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield a row and a line of text for each camera, in the order of the site file.

    A row of a camera that could not be opened has the key `error` (a streams.Reason), another the
    key `refused`: rules that cannot work on what its stream shows, and why. With `still`, a picture
    of each camera is saved there, with a grid and its zones drawn in.
    Raises ConfigError when that folder cannot be written.
    """
    if still is not None:
        _make_folder(still)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="probe") as pool:
        yield from pool.map(
            lambda camera: _probe_camera(site, camera, still, timeout_s), site.cameras
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            folder, "", f"no folder can be made here ({error.strerror})", "choose another folder"
        ) from error


def _probe_camera(
    site: Site, camera: Camera, still: Path | None, timeout_s: float
) -> tuple[dict[str, Any], str]:
    row: dict[str, Any] = {"camera": camera.id}
    try:
        found = probe(_source(camera, camera.url), timeout_s=timeout_s)
        row |= _facts(found)
        if camera.sub_url is not None:
            small = probe(_source(camera, camera.sub_url), timeout_s=timeout_s)
            row["sub"] = _facts(small)
    except StreamError as error:
        row |= {"error": error.reason.value, "message": str(error)}
        return row, f"{camera.id}: {error}"
    stream = row.get("sub", row)
    views = seen_by(site, camera, stream["width"], stream["height"])
    notes = _notes(row, site.interval_s(camera)) + unknown_heights(camera)
    row["refused"] = too_small(camera, views)
    if still is not None:
        file = still / f"{camera.id}.jpg"
        try:
            save_grid(found.still, {zone.id: zone.polygon for zone in camera.zones}, file)
            row["still"] = str(file)
        except OSError as error:
            notes.append(f"the still could not be saved ({error.strerror or error})")
    row["notes"] = notes
    return row, _text(row)


def _source(camera: Camera, url: str) -> Source:
    password = camera.password.get_secret_value() if camera.password else None
    return Source(url, username=camera.username, password=password)


def _facts(found: Probe) -> dict[str, Any]:
    return {
        "codec": found.codec,
        "width": found.width,
        "height": found.height,
        "fps": _rounded(found.fps),
        "key_interval_s": _rounded(found.key_interval_s),
        "b_frames": found.b_frames,
        "cost_ms_per_key": _rounded(found.cost_ms_per_key),
        "bit_rate": None if found.bit_rate is None else round(found.bit_rate),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _notes(row: dict[str, Any], interval_s: float) -> list[str]:
    """Say what about the stream that is looked at will cost time or looks."""
    stream = row.get("sub", row)
    gap_s = stream["key_interval_s"]
    if gap_s is None:
        return ["fewer than two key frames came: this camera has to be decoded whole"]
    if gap_s > 2 * interval_s:
        remedy = "set the camera to one key frame every two seconds"
        if "sub" not in row:
            remedy += ", or give it a sub_url"
        return [
            f"key frames come every {gap_s:g} s, looks are wanted every {interval_s:g} s: {remedy}"
        ]
    return []


def _text(row: dict[str, Any]) -> str:
    lines = [f"{row['camera']}: {_stream_text(row)}"]
    if "sub" in row:
        lines.append(f"  sub-stream: {_stream_text(row['sub'])}")
    if "still" in row:
        lines.append(f"  still: {row['still']}")
    lines += [f"  refused: {reason}" for reason in row["refused"]]
    return "\n".join(lines + [f"  note: {note}" for note in row["notes"]])


def _stream_text(stream: dict[str, Any]) -> str:
    parts = [f"{stream['codec']} {stream['width']}x{stream['height']}"]
    if stream["fps"] is not None:
        parts.append(f"{stream['fps']:g} fps")
    if stream["key_interval_s"] is not None:
        parts.append(f"key frame every {stream['key_interval_s']:g} s")
    if stream["b_frames"]:
        parts.append("B-frames")
    if stream["cost_ms_per_key"] is not None:
        parts.append(f"{stream['cost_ms_per_key']:.1f} ms a look")
    if stream["bit_rate"] is not None:
        parts.append(f"{stream['bit_rate'] / 1e6:.2f} Mbit/s")
    return ", ".join(parts)
