"""The demo: simulated cameras, pipeline, API and case desk, in a folder that is thrown away."""

import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import configs
from api.output import Output
from api.running import Running
from api.signals import until_told_to_stop
from cases.desk import Desk, DeskError
from configs import Open311System, Site, load_site
from pipeline import Delivered, Event
from streams.simulated import SimulatedCamera

FOLDER = Path(configs.__file__).parent
SITE_FILE = FOLDER / "demo.yaml"
CLIPS = FOLDER / "demo"
"""A clip a camera, named after it."""

ONCE_S = 120.0
"""How long `--once` waits for every kind, from ready."""

HOST = "127.0.0.1"


class PortsTaken(OSError):  # noqa: N818 - it says what happened
    """One of the demo's ports is in use."""


class DemoTimeout(Exception):  # noqa: N818 - same
    """Not every rule's case was delivered in time."""


class Demo:
    """Wires the demo and runs it."""

    def __init__(self, output: Output, *, port: int) -> None:
        self._output = output
        self._port = port
        self._delivered: set[str] = set()
        self._changed = threading.Condition()

    def run(self, *, once: bool) -> None:
        """Run until told to stop; with `once` until every kind is delivered or time is up.

        Raises PortsTaken, DemoTimeout and the errors of input.
        """
        with ExitStack() as stack:
            stop = stack.enter_context(until_told_to_stop())
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streetwarden-")))
            site = load_site(SITE_FILE)
            running = self._start(stack, site, data)
            desk = f"http://{HOST}:{self._port + 1}"
            self._output.row(
                {"event": "ready", "api": running.url, "desk": desk},
                f"ready: cases arrive at {desk} (dwells are short, for the demo); "
                f"API at {running.url}",
            )
            if once:
                self._wait_for_all(site, stop)
            else:
                stop.wait()

    def _start(self, stack: ExitStack, site: Site, data: Path) -> Running:
        try:
            desk = Desk(host=HOST, port=self._port + 1)
            desk.start()
            stack.callback(desk.stop)
            urls = {}
            for number, camera in enumerate(site.cameras):
                simulated = SimulatedCamera(
                    CLIPS / f"{camera.id}.mp4",
                    host=HOST,
                    port=self._port + 2 + number,
                    waits=True,  # muck that lay there at the first look is not new
                )
                simulated.start()
                stack.callback(simulated.stop)
                urls[camera.id] = simulated.url
            running = Running(
                self._placed(site, urls, desk.url, data), self._output, on_event=self._heard
            )
        except (DeskError, OSError) as error:
            raise PortsTaken(f"{error}; choose another with --port N") from error
        return stack.enter_context(running)

    def _placed(self, site: Site, urls: dict[str, str], desk: str, data: Path) -> Site:
        """Put this run's ports and folder into the site."""
        system = site.case_system or Open311System(kind="open311", url=desk)
        return site.model_copy(
            update={
                "data": data,
                "api": site.api.model_copy(update={"listen": f"{HOST}:{self._port}"}),
                "case_system": system.model_copy(update={"url": f"{desk}/open311/v2"}),
                "cameras": tuple(
                    camera.model_copy(update={"url": urls[camera.id]}) for camera in site.cameras
                ),
            }
        )

    def _heard(self, event: Event) -> None:
        if isinstance(event, Delivered):
            with self._changed:
                self._delivered.add(event.kind)
                self._changed.notify_all()

    def _wait_for_all(self, site: Site, stop: threading.Event) -> None:
        wanted = {rule.kind for camera in site.cameras for rule in camera.rules}
        with self._changed:
            self._changed.wait_for(lambda: wanted <= self._delivered or stop.is_set(), ONCE_S)
            missing = sorted(wanted - self._delivered)
        if missing and not stop.is_set():
            raise DemoTimeout(f"not delivered within {ONCE_S:g} s: {', '.join(missing)}")
