"""A simulated camera in the foreground, for the command line."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from streams.simulated.camera import SimulatedCamera
from streams.simulated.fault import Fault

_LOOK_EVERY_S = 1.0


def serve(
    file: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    user: str | None = None,
    password: str | None = None,
    fault: Fault | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a file until SIGTERM or SIGINT; on_ready is called with the URL (without password).

    Runs in the main thread, where it takes over the two signals while it lasts. Raises what
    SimulatedCamera raises, and RuntimeError when the camera stops by itself.
    """
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    camera = SimulatedCamera(file, host=host, port=port, user=user, password=password, fault=fault)
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with camera:
            if on_ready is not None:
                on_ready(camera.url)
            while not stopping.wait(_LOOK_EVERY_S):
                if not camera.running:
                    raise RuntimeError("the simulated camera has stopped; see the log")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
