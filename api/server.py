"""The HTTP interface of a running site: health, metrics, cases, their evidence and review."""

import socket
import threading
import time
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, HTTPException, Query, Response
from fastapi.responses import FileResponse

from api.guard import Guard
from api.metrics import exposition
from api.review_routes import add_review_routes
from api.rows import case_detail_row, case_row
from cases import CaseDetail, FileKind, NotFound, read_evidence, supplements_of
from pipeline import CameraStatus, Runner, SiteStatus, media_links

START_TIMEOUT_S = 10.0
SHOWN = frozenset({FileKind.ANNOTATED, FileKind.SHOWN})
"""What of the evidence leaves the box here: covered stills, the covered clip, no originals."""
MANIFEST = "manifest.json"


class PortTaken(OSError):  # noqa: N818 - it says what happened
    """The address to listen on cannot be had."""


def application(runner: Runner, token: str) -> Guard:
    """Build the ASGI application."""
    app = FastAPI(title="streetwarden", docs_url=None, redoc_url=None, openapi_url=None)
    _health_routes(app, runner)
    _case_routes(app, runner)
    add_review_routes(app, runner)
    links = media_links(runner.site)
    return Guard(app, token, None if links is None else links.opens)


def _health_routes(app: FastAPI, runner: Runner) -> None:
    @app.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/health")
    def health() -> dict[str, Any]:
        status = runner.status()
        return {
            "cameras": [_camera_row(camera) for camera in status.cameras],
            "load": _load_row(status),
            "disk": {
                "full": not status.disk_reserve,
                "free_bytes": status.disk_free_bytes,
            },
        }

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(exposition(runner.status), media_type="text/plain; version=0.0.4")


def _case_routes(app: FastAPI, runner: Runner) -> None:
    @app.get("/cases")
    def cases(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> dict[str, Any]:
        return {"cases": [case_row(delivery) for delivery in runner.store.deliveries(limit=limit)]}

    @app.get("/cases/{violation_id}")
    def case(violation_id: str) -> dict[str, Any]:
        return case_detail_row(_case(runner, violation_id))

    @app.get("/shown/{signature}/{violation_id}/{name}")  # noqa: FAST003  # the guard's
    def shown(violation_id: str, name: str) -> FileResponse:
        return evidence(violation_id, name)

    @app.get("/cases/{violation_id}/evidence/{name}")
    def evidence(violation_id: str, name: str) -> FileResponse:
        folder = _case(runner, violation_id).case.evidence_folder
        if folder is None:
            raise HTTPException(404, "no such evidence")
        return FileResponse(_shown_file(folder, name))


def _case(runner: Runner, violation_id: str) -> CaseDetail:
    try:
        return runner.store.case(violation_id)
    except NotFound:
        raise HTTPException(404, "no such case") from None


def _shown_file(folder: Path, name: str) -> Path:
    """Return a file that may be shown; 404 for everything else, outside the folder included.

    Its manifest says what a file is; a name says nothing.
    """
    try:
        files = [file for each in (folder, *supplements_of(folder)) for file in _files(each)]
    except (OSError, ValueError):
        raise HTTPException(404, "no such evidence") from None
    found = next((path for path in files if path.name == name), None)
    if found is None or found.is_symlink() or not found.is_file():
        raise HTTPException(404, "no such evidence")
    return found


def _files(folder: Path) -> list[Path]:
    shown = [file.path for file in read_evidence(folder).files if file.kind in SHOWN]
    return [*shown, folder / MANIFEST]


def _load_row(status: SiteStatus) -> dict[str, Any] | None:
    load = status.load
    if load is None:
        return None
    return {
        "shedding": load.shedding,
        "shed_share": round(load.shed_share, 3),
        "staleness_p95_s": _rounded(status.staleness_p95_s),
        "close_cameras": sorted(load.close_cameras),
        "close_left_s": round(load.close_left_s, 1),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _camera_row(camera: CameraStatus) -> dict[str, Any]:
    return {
        "id": camera.camera_id,
        "state": camera.state,
        "reason": camera.reason,
        "since": camera.since.isoformat(timespec="milliseconds"),
        "staleness_s": None if camera.staleness_s is None else round(camera.staleness_s, 3),
        "mode": camera.stream.mode if camera.stream else None,
        "key_interval_s": camera.stream.key_interval_s if camera.stream else None,
        "looks": camera.looks,
        "dropped": camera.dropped + (camera.stream.dropped if camera.stream else 0),
        "attention": camera.attention.value,
        "decoder": camera.stream.decoder if camera.stream else None,
        "picture": _picture_row(camera),
        "rules": [
            {
                "rule": rule.rule,
                "watched_min": round(rule.watched_s / 60, 1),
                "blind_min": round(rule.blind_s / 60, 1),
                "away_min": round(rule.away_s / 60, 1),
                "since": rule.since.isoformat(timespec="milliseconds"),
            }
            for rule in camera.rules
        ],
    }


def _picture_row(camera: CameraStatus) -> dict[str, Any] | None:
    """Say whether the camera's picture can be trusted; None before the first look."""
    picture = camera.picture
    if picture is None or picture.since is None:
        return None
    return {
        "state": picture.state.value,
        "since": picture.since.isoformat(timespec="milliseconds"),
        "references": list(picture.references),
        "registrable": picture.registrable,
    }


class ApiServer:
    """Serves a runner in a thread."""

    def __init__(self, runner: Runner, *, host: str, port: int, token: str) -> None:
        """Take the address; raises PortTaken when it cannot be had."""
        self._socket = _bind(host, port)
        config = uvicorn.Config(
            application(runner, token),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="api", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._socket.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}"

    def start(self) -> None:
        """Return when requests are answered."""
        self._thread.start()
        end_s = time.monotonic() + START_TIMEOUT_S
        while not self._server.started:
            if time.monotonic() > end_s or not self._thread.is_alive():
                raise RuntimeError("the HTTP server did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        """Finish what is being answered and stop."""
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTaken(f"{host}:{port}: {error.strerror}; choose another address") from error
    return listening
