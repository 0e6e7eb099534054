"""Requests in a folder: one sub-folder each, complete or not there."""

import json
import logging
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cases.desk.requests import (
    NewRequest,
    NewUpdate,
    RequestUpdate,
    ServiceRequest,
    StoredMedia,
)

logger = logging.getLogger(__name__)

_RECORD: Final = "request.json"
_UPDATE: Final = "update.json"
_ID: Final = re.compile(r"[0-9]{18,}")
_NAME: Final = re.compile(r"[0-9]{1,3}\.(?:jpg|png|webp|mp4|webm)")


class Folder:
    """Keeps requests below `root`, which is made where it is missing. Raises `OSError`."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._root.mkdir(parents=True, exist_ok=True)

    def keep(self, request: ServiceRequest) -> ServiceRequest:
        """Write a request; its media are read from their files from then on."""
        record = _record(request.received_at, request.new, request.media)
        home = self._write(request.request_id, _RECORD, record, request.media)
        return replace(request, media=_at(home, request.media))

    def keep_update(self, update: RequestUpdate) -> RequestUpdate:
        """Write an update, in a folder of its own."""
        record = _record(update.received_at, update.new, update.media)
        home = self._write(update.number, _UPDATE, record, update.media)
        return replace(update, media=_at(home, update.media))

    def _write(
        self,
        number: str,
        name: str,
        record: Mapping[str, Any],
        media: Sequence[StoredMedia],
    ) -> Path:
        unfinished = self._root / f".{number}"
        unfinished.mkdir()
        try:
            for item in media:
                (unfinished / item.name).write_bytes(item.read())
            text = json.dumps(record, ensure_ascii=False, indent=1)
            (unfinished / name).write_text(text, encoding="utf-8")
            return unfinished.rename(self._root / number)
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def forget(self, request: ServiceRequest, updates: Sequence[RequestUpdate] = ()) -> None:
        """Remove a request's files, and those of its updates."""
        for number in (request.request_id, *(update.number for update in updates)):
            shutil.rmtree(self._root / number, ignore_errors=True)

    def last_number(self) -> int:
        """Return the highest request number in use, damaged ones included; 0 for none."""
        names = (home.name for home in self._root.iterdir())
        return max((int(name) for name in names if _ID.fullmatch(name)), default=0)

    def load(self) -> Iterator[ServiceRequest]:
        """Read every request, the oldest first; damaged ones are logged and left out."""
        for home, read in self._records(_RECORD):
            new = NewRequest(**read["new"])
            yield ServiceRequest(home.name, _received(read), new, _media(home, read))

    def load_updates(self) -> Iterator[RequestUpdate]:
        """Read every update, the oldest first; damaged ones are logged and left out."""
        for home, read in self._records(_UPDATE):
            new = NewUpdate(**read["new"])
            yield RequestUpdate(home.name, _received(read), new, _media(home, read))

    def _records(self, name: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        homes = [home for home in self._root.iterdir() if _ID.fullmatch(home.name)]
        other = _UPDATE if name == _RECORD else _RECORD
        for home in sorted(homes, key=lambda home: int(home.name)):
            if (home / other).exists():
                continue
            try:
                read = json.loads((home / name).read_text(encoding="utf-8"))
                _check(home, read, NewRequest if name == _RECORD else NewUpdate)
                yield home, read
            except (OSError, ValueError, KeyError, TypeError) as error:
                logger.warning("%s is no request of the desk: %s", home, error)


def _record(
    received_at: datetime, new: NewRequest | NewUpdate, media: Sequence[StoredMedia]
) -> dict[str, Any]:
    return {
        "received_at": received_at.isoformat(),
        "new": asdict(new),
        "media": [{"name": item.name, "content_type": item.content_type} for item in media],
    }


def _check(home: Path, read: dict[str, Any], kind: type[NewRequest] | type[NewUpdate]) -> None:
    """See that a record can be read. OSError, ValueError, KeyError, TypeError."""
    kind(**read["new"])
    _received(read)
    _media(home, read)


def _received(read: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(read["received_at"])


def _media(home: Path, read: Mapping[str, Any]) -> tuple[StoredMedia, ...]:
    found = []
    for item in read["media"]:
        if not _NAME.fullmatch(item["name"]):
            raise ValueError(f"{item['name']!r} is no name of a media file")
        path = home / item["name"]
        found.append(
            StoredMedia(item["name"], item["content_type"], path.stat().st_size, path=path)
        )
    return tuple(found)


def _at(home: Path, media: Sequence[StoredMedia]) -> tuple[StoredMedia, ...]:
    return tuple(replace(item, content=None, path=home / item.name) for item in media)
