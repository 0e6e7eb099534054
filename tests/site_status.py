"""The status of a site that has nothing to do, for what reads one."""

from pipeline import CameraStatus, SiteStatus


def site_status(*cameras: CameraStatus) -> SiteStatus:
    """Make the status of a site with these cameras, and nothing to do."""
    return SiteStatus(
        cameras=cameras,
        batches=0,
        staleness_p95_s=None,
        backlog=0,
        disk_reserve=True,
        disk_free_bytes=None,
        worker_restarts=0,
        violations={},
        deliveries={},
        oldest_due_s=None,
    )
