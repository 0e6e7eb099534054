"""streetwarden: the parts that `streetwarden run` starts, for a site of N cameras.

Ingest worker, gate, inference, rules, recorder and store as in `run`; only the HTTP server is left
out. Every camera has a no-parking zone on the road and the motion gate.
"""

import logging
import threading

from benchmarks.cameras.looks import Kind, Looks, say
from benchmarks.cameras.rows.task import CONF, Task, task
from configs import Site, parse_site
from pipeline import Runner, Stepped

ZONE = [[0.05, 0.5], [0.2, 0.45], [0.22, 0.98], [0.05, 0.98]]
"""The kerb and the pavement at the left of both clips. Moving traffic passes beside it."""


class Watched(Runner):
    """A runner whose looks are told to the benchmark as they are made."""

    def __init__(self, site: Site, looks: Looks) -> None:
        super().__init__(site, emit=lambda _event: None)
        self._told = looks
        self._forced: dict[str, int] = {}

    def _looked(self, stepped: Stepped) -> None:
        super()._looked(stepped)
        look = stepped.look
        if look.picture is not None:
            camera = int(look.camera_id.removeprefix("cam"))
            self._told.note(camera, look.picture, self._kind(look.camera_id, stepped))

    def _kind(self, camera_id: str, stepped: Stepped) -> Kind:
        gate = self._steps[camera_id].gate
        forced = gate.counts.forced if gate else 0
        before, self._forced[camera_id] = self._forced.get(camera_id, 0), forced
        if stepped.look.basis.value == "carried":
            return "gated"
        return "forced" if forced > before else "network"


def site_text(given: Task) -> str:
    """Write the site file."""
    cameras = "\n".join(
        f"  - {{id: cam{number}, url: '{url}', place: {{address: Street {number}}}, "
        f"zones: [{{id: road, kind: no_parking, polygon: {ZONE}}}], "
        f"rules: [{{kind: illegal_parking, zones: [road], dwell_s: 300, conf: {CONF}}}]}}"
        for number, url in enumerate(given.urls)
    )
    return (
        "version: 1\nsite: {id: bench, timezone: Asia/Shanghai}\n"
        "models: [{name: street}]\nsampling: {interval_s: 2, gate: {}}\n"
        f"cameras:\n{cameras}\n"
    )


def main() -> None:
    """Run until the pipe or the process is ended."""
    given = task()
    logging.basicConfig(level=logging.WARNING)
    site = parse_site(site_text(given), given.folder / "site.yaml", {})
    runner = Watched(site, Looks(given.ledger))
    say(settings="sampling 2 s, motion gate (forced look every 20 s), ONNX Runtime fp32, 1 worker")
    runner.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
