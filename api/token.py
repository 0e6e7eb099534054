"""The API's token: from the site file, or made once and kept beside the store."""

import os
import secrets
from pathlib import Path

from configs import Site

FILE_NAME = "api-token"


def api_token(site: Site) -> str:
    """Return the configured token, or the one kept in the data folder, made when there is none."""
    if site.api.token is not None:
        return site.api.token.get_secret_value()
    path = site.data / FILE_NAME
    try:
        kept = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        kept = ""
    return kept or _make(path)


def _make(path: Path) -> str:
    token = secrets.token_urlsafe(32)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token
