"""All cameras of one process."""

from collections.abc import Callable, Mapping, Sequence

from streams.camera import CameraSpec, CameraState
from streams.frame import Frame
from streams.packet import Excerpt


class Group:
    """Demuxes every camera in a thread of its own and decodes what is due in one pool.

    `on_frame` is called from the pool's threads, for one camera never from two at a time and with
    rising at_s; `on_state` from the group's watchdog thread.
    """

    def __init__(
        self,
        cameras: Sequence[CameraSpec],
        on_frame: Callable[[Frame], None],
        *,
        decode_workers: int = 1,
        on_state: Callable[[CameraState], None] | None = None,
        decode_all_budget: int = 2,
    ) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Start watchdog, pool and cameras."""
        raise NotImplementedError

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop everything; wait at most timeout_s."""
        raise NotImplementedError

    def states(self) -> tuple[CameraState, ...]:
        """Say how each camera is, in the order given."""
        raise NotImplementedError

    def excerpts(self, camera_id: str, from_s: float, to_s: float) -> tuple[Excerpt, ...]:
        """Packets of [from_s, to_s) on the camera's timeline, each run from a key packet on."""
        raise NotImplementedError

    def counters(self) -> Mapping[str, Mapping[str, int]]:
        """Count by camera, then by name."""
        raise NotImplementedError
