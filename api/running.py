"""A site with its HTTP interface, and its events as printed rows."""

import threading
from collections.abc import Callable
from typing import Any, Self

from api.output import Output, pixels, seconds
from api.server import ApiServer
from api.token import api_token
from configs import Site
from pipeline import Confirmed, Delivered, Event, Runner


def event_row(event: Event) -> tuple[dict[str, Any], str]:
    """Return an event as a row, and as a line for people."""
    match event:
        case Confirmed(violation):
            row = {
                "event": "violation",
                "kind": violation.kind,
                "violation_id": violation.violation_id,
                "camera": violation.camera_id,
                "zone": violation.zone_id,
                "captured_at": violation.last_at.isoformat(timespec="milliseconds"),
                "dwell_s": seconds(violation.dwell_s),
                "xyxy": pixels(violation.box),
            }
            text = (
                f"violation  {violation.kind}  {violation.camera_id}/{violation.zone_id}  "
                f"dwell {violation.dwell_s:.1f} s  {violation.violation_id}"
            )
            return row, text
        case Delivered():
            row = {
                "event": "case",
                "kind": event.kind,
                "violation_id": event.violation_id,
                "camera": event.camera_id,
                "case_id": event.case_id,
                "delivered": True,
            }
            number = event.case_id or "(no number given)"
            return row, f"case       {event.kind}  delivered as {number}  {event.violation_id}"


class Running:
    """Runner and API server, started and stopped together."""

    def __init__(
        self,
        site: Site,
        output: Output,
        *,
        workers: int = 1,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        """Bind the API's address and build the runner; raises PortTaken and input errors."""
        self._output = output
        self._printing = threading.Lock()
        self._on_event = on_event
        self.runner = Runner(site, emit=self._print, ingest_workers=workers)
        self._server = ApiServer(
            self.runner, host=site.api.host, port=site.api.port, token=api_token(site)
        )

    @property
    def url(self) -> str:
        """Where the API answers."""
        return self._server.url

    def __enter__(self) -> Self:
        """Start."""
        self._server.start()
        self.runner.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop in order: the API last, so that health can be asked while draining."""
        self.runner.stop()
        self._server.stop()

    def _print(self, event: Event) -> None:
        row, text = event_row(event)
        with self._printing:
            self._output.row(row, text)
        if self._on_event is not None:
            self._on_event(event)
