"""References of the cameras' views, kept in the data folder: edges only, no pictures of people."""

import logging
import os
import zipfile
from pathlib import Path

import numpy as np

from configs import ConfigError, Site
from pipeline.condition import Light
from pipeline.plan import find_camera
from streams.condition import View

log = logging.getLogger(__name__)

VIEWS_FOLDER = "views"


class ViewFile:
    """The references of one camera, day and night, in one file. A person accepts by removing it."""

    def __init__(self, data: Path, camera_id: str) -> None:
        """Name the file data/views/<camera>.npz; nothing is read or written yet."""
        self._camera_id = camera_id
        self.path = data / VIEWS_FOLDER / f"{camera_id}.npz"
        self._kept = False

    def load(self) -> tuple[dict[Light, View], bool]:
        """Return what was kept, and whether the camera was moved then; a damaged file is none."""
        self._kept = False
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            views = {
                light: View.of_arrays(_part(arrays, light))
                for light in Light
                if f"{light}-edges" in arrays
            }
            moved = bool(arrays["moved"])
        except FileNotFoundError:
            return {}, False
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            log.warning(
                "the reference of a view is unreadable and will be learnt again",
                extra={"camera": self._camera_id, "error": str(error)},
            )
            return {}, False
        self._kept = True
        return views, moved

    def save(self, views: dict[Light, View], *, moved: bool) -> None:
        """Replace the file in one step; one that cannot be written costs only the next restart."""
        arrays: dict[str, np.ndarray] = {"moved": np.array(moved)}
        arrays |= {
            f"{light}-{name}": array
            for light, view in views.items()
            for name, array in view.to_arrays().items()
        }
        part = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
        except OSError as error:
            log.warning(
                "the reference of a view cannot be kept",
                extra={"camera": self._camera_id, "error": error.strerror},
            )
            return
        self._kept = True

    def accepted(self) -> bool:
        """Whether the file was removed since it was last read or written."""
        return self._kept and not self.path.exists()

    def accept(self) -> bool:
        """Forget the reference, so that the present view becomes it; False if there was none."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True


def accept_view(site: Site, camera_id: str) -> bool:
    """Take a camera's present view for its view; False where none was learnt yet.

    A running site notices at its next look. Raises ConfigError for a camera that is not there, and
    for a folder that cannot be written.
    """
    camera = find_camera(site, camera_id)
    file = ViewFile(site.data, camera.id)
    try:
        return file.accept()
    except OSError as error:
        raise ConfigError(
            site.file,
            "data",
            f"{file.path} cannot be removed ({error.strerror})",
            "give this user the right to write there",
        ) from error


def _part(arrays: dict[str, np.ndarray], light: Light) -> dict[str, np.ndarray]:
    prefix = f"{light}-"
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
