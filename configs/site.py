"""A whole site: the frozen tree that a site file becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from configs.camera import Camera, Gate, Sampling, Secret
from configs.case_rules import CaseRules
from configs.case_system import AlarmReceiver, CaseSystem
from configs.errors import ConfigWarning
from configs.fields import NUMBER, Confidence, Identifier, Model, fault
from configs.hosts import Allow
from configs.place import AreaCode
from configs.store import StoreDatabase

DEFAULT_LISTEN = "127.0.0.1:8310"
DEFAULT_MODEL = "street"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a site came from."""

    file: Path = Path("site.yaml")
    lines: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[ConfigWarning, ...] = ()


class SiteInfo(Model):
    """What belongs to the whole site."""

    id: Identifier
    timezone: Annotated[ZoneInfo, Field(examples=["Asia/Shanghai"])]
    """Permits and schedules are written in this time zone."""
    language: Literal["zh-CN", "en"] = "zh-CN"
    """Language of evidence and cases."""
    grid_length: Literal[14, 15] = 15
    """Characters of a grid code: 15 (GB/T 47678.3), or 14 where the older form is in use."""
    area: AreaCode | None = None
    """Administrative division of places without a grid code."""
    holidays: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Files of public holidays for deadlines: bundled ones by name (cn-2026), or YAML files."""


class ModelRef(Model):
    """A detector that this site uses."""

    name: Identifier
    """Its name in this file; without `file` also its name in the registry."""
    file: Path | None = None
    """An ONNX file, relative to the site file; resolved in a loaded site."""
    conf: Confidence | None = None
    """Score from which detections count; absent: the threshold that the model was shipped with."""
    layout: Literal["ultralytics", "ultralytics-end2end", "yolox", "picodet"] | None = None
    """How the outputs are read, for a file that does not say."""
    classes: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """The model's class names in its own order, for a file that does not say."""


def _listen(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise fault(
            "<value> is no address to listen on",
            f'write address and port in quotes, such as "{DEFAULT_LISTEN}"',
        )
    return text


class Api(Model):
    """The HTTP interface."""

    listen: Annotated[str, AfterValidator(_listen)] = DEFAULT_LISTEN
    """Address and port; loopback unless told otherwise."""
    token: Secret | None = None
    """Asked of every request but liveness; absent: one is made and kept in the data folder."""

    @property
    def host(self) -> str:
        """Address to bind, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """Port to bind; 0 lets the system choose."""
        return int(self.listen.rpartition(":")[2])


class Retain(Model):
    """How long evidence is kept."""

    days: Annotated[int, Field(ge=1, le=36500, examples=[30]), NUMBER]
    """Days from its opening on before which no evidence is removed."""
    closed_days: Annotated[int, Field(ge=0, le=36500), NUMBER] = 30
    """Days for which the case must have been closed: cleared, refused, come to nothing."""
    open: Annotated[int, Field(ge=1, le=36500), NUMBER] | Literal["keep"] = "keep"
    """Age in days at which evidence of a delivered case goes that nobody closed; `keep`: never."""

    @model_validator(mode="after")
    def _open_is_older(self) -> Self:
        if self.open != "keep" and self.open < self.days:
            raise fault(
                f"open: {self.open} is less than days: {self.days}",
                "write open: keep, or at least as many days",
            )
        return self


class AttentionSettings(Model):
    """What close looks of all cameras together may cost."""

    close_s_a_minute: Annotated[float, Field(ge=0, le=6000), NUMBER] = 60.0
    """Close seconds that the site may spend in a minute; saved up for a minute; 0: none."""
    close_at_once: Annotated[int, Field(ge=1, le=100), NUMBER] = 2
    """Cameras that are looked at closely at a time. A core decodes about seven of 1080p."""
    close_most_s: Annotated[float, Field(ge=4, le=3600), NUMBER] = 60.0
    """Longest close look in a row; then the camera rests for a quarter of it."""


class DecodingSettings(Model):
    """What decodes cameras that are looked at closely, or decoded completely."""

    hardware: Literal["auto", "off", "cuda", "qsv"] = "auto"
    """A device, if it proves to work: the first that does, none, or this one."""


class EvidenceSettings(Model):
    """How evidence is kept."""

    key: Path | None = None
    """Ed25519 private key (PEM) that signs evidence, relative to the site file; absent: one is made
    and kept in the data folder."""
    reserve_mib: Annotated[int, Field(ge=0, le=65536)] = 64
    """MiB of disk held back for the store when everything else is full; 0 holds none."""
    retain: Retain | None = None
    """How long evidence is kept; absent: for ever."""


class Site(Model):
    """A site file, checked for its shape, with everything filled in."""

    version: Annotated[Literal[1], Field(examples=[1])]
    site: Annotated[SiteInfo, Field(examples=[{"id": "my-site", "timezone": "Asia/Shanghai"}])]
    data: Path = Path()
    """Folder of store, evidence and models; absent: ./<site.id>-data. Resolved when loaded."""
    store: StoreDatabase | None = None
    """A PostgreSQL database; absent: a file in the data folder."""
    models: Annotated[tuple[ModelRef, ...], Field(min_length=1)] = (ModelRef(name=DEFAULT_MODEL),)
    sampling: Sampling = Sampling()
    attention: AttentionSettings = AttentionSettings()
    decoding: DecodingSettings = DecodingSettings()
    api: Api = Api()
    allow: Allow = Allow()
    case_system: CaseSystem | None = None
    """Absent: cases stay on this machine."""
    alarms: AlarmReceiver | None = None
    """Where kinds without a code (crowd_density) and pre-alarms go; absent: they stay here."""
    cases: CaseRules = CaseRules()
    evidence: EvidenceSettings = EvidenceSettings()
    cameras: Annotated[
        tuple[Camera, ...],
        Field(min_length=1, examples=[[{"id": "street-01", "url": "rtsp://192.0.2.10/1"}]]),
    ]

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def file(self) -> Path:
        """The site file that this was read from."""
        return self._origin.file

    @property
    def warnings(self) -> tuple[ConfigWarning, ...]:
        """What works but should be written otherwise."""
        return self._origin.warnings

    def line_of(self, key: str) -> int | None:
        """Line of a key such as `cameras[0].url` in the site file, from 1, where known."""
        return self._origin.lines.get(key)

    def camera(self, camera_id: str) -> Camera:
        """Find a camera by its id; raises KeyError."""
        for camera in self.cameras:
            if camera.id == camera_id:
                return camera
        raise KeyError(camera_id)

    def interval_s(self, camera: Camera) -> float:
        """Seconds between two looks at a camera."""
        return (camera.sampling or self.sampling).interval_s

    def close_every_s(self, camera: Camera) -> float:
        """Seconds between two looks at a camera while it is looked at closely."""
        return 1.0 / (camera.sampling or self.sampling).close_fps

    def gate_of(self, camera: Camera) -> Gate | None:
        """Return how the motion gate of a camera is set; None where it has none."""
        own = camera.sampling.gate if camera.sampling else None
        gate = own or self.sampling.gate
        return None if gate is None or gate.off else gate

    def models_of(self, camera: Camera) -> tuple[ModelRef, ...]:
        """Models that look at a camera, in the camera's own order.

        Of two that know a class the first is believed. Names unknown to the site are left out
        (`check` refuses them).
        """
        if camera.models is None:
            return self.models
        known = {model.name: model for model in self.models}
        return tuple(known[name] for name in camera.models if name in known)

    def loaded_from(self, origin: Origin, **update: Any) -> Self:
        """Return a copy that knows where it came from; for the loader."""
        copy = self.model_copy(update=update)
        copy._origin = origin  # noqa: SLF001 - its own class
        return copy
