"""What a running site says about itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from detectors import Level
from pipeline.condition import Condition
from pipeline.gate import GateCount
from pipeline.load import Load
from pipeline.watch_time import RuleTime
from streams import CameraState


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """One camera: its stream as ingest sees it, its looks as the pipeline counts them."""

    camera_id: str
    stream: CameraState | None
    """None before the ingest worker has said anything."""
    since: datetime
    """When the stream came into this state, or when the site was started."""
    looks: int
    failures: int
    dropped: int
    """Pictures that were replaced before a model saw them."""
    staleness_s: float | None
    """Age of what was last looked at, now; None before the first look."""
    picture: Condition | None = None
    """Whether its pictures can be trusted."""
    rules: tuple[RuleTime, ...] = ()
    """How long each of its rules could see."""
    gate: GateCount | None = None
    """What the motion gate did; None without one."""

    attention: Level = Level.IDLE
    """How closely it is looked at."""
    close_s: float = 0.0
    """Close seconds granted since the start."""
    close_refused: int = 0
    """Close looks that a rule asked for in vain: the budget was spent, or others came first."""
    memory_bytes: int | None = None
    """Its packet ring, and an even share of what its ingest worker holds beside rings."""

    @property
    def state(self) -> str:
        """Say connecting, up, down, resting or ended."""
        return self.stream.state if self.stream else "connecting"

    @property
    def reason(self) -> str | None:
        """Why it is not up: refused, unknown_host, auth, not_found, codec, timeout, ..."""
        if self.stream is None or self.stream.reason is None:
            return None
        return self.stream.reason.value


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """A whole site at one moment."""

    cameras: tuple[CameraStatus, ...]
    batches: int
    staleness_p95_s: float | None
    """Over recent looks: result time minus arrival of the picture's last packet."""
    backlog: int
    """Looks that wait to be recorded."""
    disk_reserve: bool
    """False while the disk is full: violations are then held without evidence."""
    disk_free_bytes: int | None
    worker_restarts: int
    violations: Mapping[str, int]
    deliveries: Mapping[str, int]
    oldest_due_s: float | None
    """How long the longest waiting case has been due."""
    load: Load | None = None
    """How it copes with what is due."""
    ingest_memory_bytes: tuple[int, ...] = ()
    """What each ingest worker holds, rings included (proportional set size)."""
    unknown_states: int = 0
    """Words of the case system that nobody has explained."""
