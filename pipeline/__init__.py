"""A Site, running: ingest, batches, rules, evidence, delivery. Knows no HTTP, no arguments.

Names load when they are first asked for: an ingest worker imports this package too, and needs
neither models nor a database.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeline.events import Confirmed, Delivered, Event

if TYPE_CHECKING:
    from pipeline.condition import PictureJudge
    from pipeline.delivery import media_links
    from pipeline.ingest import Ingest
    from pipeline.ingest_worker import memory_bytes
    from pipeline.plan import (
        find_camera,
        load_sight,
        longest_px,
        models_to_tune,
        registry_of,
        watch_of,
    )
    from pipeline.refusal import SiteRefused, refuse_errors
    from pipeline.replay import DEFAULT_START
    from pipeline.retention import custody_of, retain, retention_rule
    from pipeline.review import (
        LONGEST_NAME,
        approve_case,
        refute_case,
        reject_case,
        retry_case,
    )
    from pipeline.runner import Runner
    from pipeline.site_store import open_store
    from pipeline.status import CameraStatus, SiteStatus
    from pipeline.step import CameraStep, Stepped

__all__ = [
    "DEFAULT_START",
    "LONGEST_NAME",
    "CameraStatus",
    "CameraStep",
    "Confirmed",
    "Delivered",
    "Event",
    "Ingest",
    "PictureJudge",
    "Runner",
    "SiteRefused",
    "SiteStatus",
    "Stepped",
    "approve_case",
    "custody_of",
    "find_camera",
    "load_sight",
    "longest_px",
    "media_links",
    "memory_bytes",
    "models_to_tune",
    "open_store",
    "refuse_errors",
    "refute_case",
    "registry_of",
    "reject_case",
    "retain",
    "retention_rule",
    "retry_case",
    "watch_of",
]

_LATE = {
    "DEFAULT_START": "pipeline.replay",
    "LONGEST_NAME": "pipeline.review",
    "CameraStatus": "pipeline.status",
    "CameraStep": "pipeline.step",
    "Ingest": "pipeline.ingest",
    "PictureJudge": "pipeline.condition",
    "Runner": "pipeline.runner",
    "SiteRefused": "pipeline.refusal",
    "SiteStatus": "pipeline.status",
    "Stepped": "pipeline.step",
    "approve_case": "pipeline.review",
    "custody_of": "pipeline.retention",
    "find_camera": "pipeline.plan",
    "load_sight": "pipeline.plan",
    "longest_px": "pipeline.plan",
    "media_links": "pipeline.delivery",
    "memory_bytes": "pipeline.ingest_worker",
    "models_to_tune": "pipeline.plan",
    "open_store": "pipeline.site_store",
    "refuse_errors": "pipeline.refusal",
    "refute_case": "pipeline.review",
    "registry_of": "pipeline.plan",
    "reject_case": "pipeline.review",
    "retain": "pipeline.retention",
    "retention_rule": "pipeline.retention",
    "retry_case": "pipeline.review",
    "watch_of": "pipeline.plan",
}


def __getattr__(name: str) -> Any:
    """Import the module behind a late name when it is first asked for."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
