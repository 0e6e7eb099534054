"""Whether what a site says about its evidence and its store can be done on this machine.

Nothing is written and nothing is connected to: rights are asked, drivers looked for.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from cases import KeyRefused, SigningKey
from configs import Site
from pipeline.problem import Findings

POSTGRES_DRIVER = "psycopg"


def check_evidence(site: Site, findings: Findings) -> None:
    """Find folders of evidence that cannot be written, and keys that are none."""
    for name in ("evidence", "keys", "spool"):
        _check_folder(site.data / name, findings)
    _check_key(site, findings)


def check_store(site: Site, findings: Findings) -> None:
    """Find a database whose driver is not installed."""
    if site.store is not None and find_spec(POSTGRES_DRIVER) is None:
        findings.error(
            "store.url",
            "a store on PostgreSQL needs a driver that is not installed",
            "pip install 'streetwarden[postgres]', or leave store out: a file in data is used",
        )


def _check_folder(folder: Path, findings: Findings) -> None:
    """See whether a folder inside `data` can be written, where it is there already."""
    if not os.path.lexists(folder):
        return  # it is made at the start, in a data folder that has been looked at
    if not folder.is_dir():
        findings.error(
            "data",
            f"{folder} is a file, not a folder",
            "move it away, or write data: ./another-folder",
        )
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
        findings.error(
            "data",
            f"the folder {folder} cannot be written",
            f"give this user the right to read and write it (chown -R, chmod 700 {folder})",
        )


def _check_key(site: Site, findings: Findings) -> None:
    configured = site.evidence.key
    own = site.data / "keys" / "evidence.key"
    if configured is None and not _visible(own):
        return
    try:
        SigningKey.load(configured or own)
    except KeyRefused as error:
        remedy = (
            "make one with `openssl genpkey -algorithm ed25519 -out evidence.key`, or leave "
            "evidence.key out: the box makes its own"
            if configured
            else "restore it from a backup; moved away, the box makes a new one"
        )
        findings.error("evidence.key", str(error), remedy)


def _visible(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where it may not look
