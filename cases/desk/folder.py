"""Requests in a folder: one sub-folder each, complete or not there."""

import json
import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cases.desk.requests import NewRequest, ServiceRequest, StoredMedia

logger = logging.getLogger(__name__)

_RECORD: Final = "request.json"
_ID: Final = re.compile(r"[0-9]{18,}")
_NAME: Final = re.compile(r"[0-9]{1,3}\.(?:jpg|png|webp|mp4|webm)")


class Folder:
    """Keeps requests below `root`, which is made where it is missing. Raises `OSError`."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._root.mkdir(parents=True, exist_ok=True)

    def keep(self, request: ServiceRequest) -> ServiceRequest:
        """Write a request; its media are read from their files from then on."""
        unfinished = self._root / f".{request.request_id}"
        unfinished.mkdir()
        try:
            for item in request.media:
                (unfinished / item.name).write_bytes(item.read())
            record = json.dumps(_record(request), ensure_ascii=False, indent=1)
            (unfinished / _RECORD).write_text(record, encoding="utf-8")
            home = unfinished.rename(self._root / request.request_id)
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        return replace(
            request,
            media=tuple(
                replace(item, content=None, path=home / item.name) for item in request.media
            ),
        )

    def forget(self, request: ServiceRequest) -> None:
        """Remove a request's files."""
        shutil.rmtree(self._root / request.request_id, ignore_errors=True)

    def last_number(self) -> int:
        """Return the highest request number in use, damaged ones included; 0 for none."""
        names = (home.name for home in self._root.iterdir())
        return max((int(name) for name in names if _ID.fullmatch(name)), default=0)

    def load(self) -> Iterator[ServiceRequest]:
        """Read every request, the oldest first; damaged ones are logged and left out."""
        homes = [home for home in self._root.iterdir() if _ID.fullmatch(home.name)]
        for home in sorted(homes, key=lambda home: int(home.name)):
            try:
                yield _request(home)
            except (OSError, ValueError, KeyError, TypeError) as error:
                logger.warning("%s is no request of the desk: %s", home, error)


def _record(request: ServiceRequest) -> dict[str, Any]:
    return {
        "received_at": request.received_at.isoformat(),
        "new": asdict(request.new),
        "media": [{"name": item.name, "content_type": item.content_type} for item in request.media],
    }


def _request(home: Path) -> ServiceRequest:
    record = json.loads((home / _RECORD).read_text(encoding="utf-8"))
    media = []
    for item in record["media"]:
        if not _NAME.fullmatch(item["name"]):
            raise ValueError(f"{item['name']!r} is no name of a media file")
        path = home / item["name"]
        media.append(
            StoredMedia(item["name"], item["content_type"], path.stat().st_size, path=path)
        )
    return ServiceRequest(
        request_id=home.name,
        received_at=datetime.fromisoformat(record["received_at"]),
        new=NewRequest(**record["new"]),
        media=tuple(media),
    )
