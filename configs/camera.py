"""Cameras with their zones and rules, as a site file writes them."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from configs.fields import NUMBER, Confidence, Identifier, Model, Seconds, fault
from configs.hosts import CameraUrl
from configs.permit import Permit
from configs.place import Place
from configs.polygon import Polygon
from configs.schedule import Hours

Secret = Annotated[SecretStr, Field(min_length=1, examples=["${CAM_PASSWORD}"])]
"""Never shown. An empty one is refused: it would look like protection."""

DEFAULT_INTERVAL_S = 2.0
"""One look every two seconds: most cameras send a key frame that often (docs/time.md)."""

DEFAULT_CLOSE_FPS = 5.0
"""A truck that passes in three seconds is seen fifteen times."""


DEFAULT_FORCED_S = 20.0


class Gate(Model):
    """Leaves out the models' look at a picture in which nothing has changed."""

    off: bool = False
    """For a camera that is to do without, where the site has one."""
    forced_s: Annotated[float, Field(gt=0, le=300), NUMBER] = DEFAULT_FORCED_S
    """A model looks at least this often, changed or not."""


class Sampling(Model):
    """How often a camera is looked at."""

    interval_s: Annotated[float, Field(ge=0, le=300), NUMBER] = DEFAULT_INTERVAL_S
    """Seconds between two looks; 0 looks at every picture."""
    close_fps: Annotated[float, Field(gt=0, le=30), NUMBER] = DEFAULT_CLOSE_FPS
    """Looks a second while a rule has the camera looked at closely."""
    gate: Gate | None = None
    """The motion gate; absent: the site's, and without one a model looks at every picture."""


class Zone(Model):
    """A part of the picture with a meaning."""

    id: Identifier
    kind: Annotated[str, Field(examples=["no_parking"])]
    """Such as no_parking, fire_lane, carriageway, pavement; which kinds exist is checked later."""
    polygon: Polygon
    place: Place | None = None
    """Overrides single entries of the camera's place."""
    place_id: Identifier | None = None
    """Zones of several cameras that show one place share it: what both see is one case."""
    limit_s: Seconds | None = None
    """How long one may stand in a loading_bay; absent: as long as one likes."""
    open: tuple[Hours, ...] = ()
    """When the shop behind a frontage is open; outside of that one learns what stands there."""
    sees_load: bool | None = None
    """Whether the camera looks into the bodies of trucks here; absent: as the camera says."""
    person_height: Annotated[float, Field(gt=0, le=1), NUMBER] | None = None
    """Height of somebody who stands at the far edge of a gathering, as a share of the picture's."""
    rail: Annotated[float, Field(ge=0, lt=0.6), NUMBER] | None = None
    """Share of a vehicle's height, from below, that a rail or a hedge hides in this zone."""


class Rule(Model):
    """What must not be seen for long, where and when. Absent entries take the kind's defaults."""

    kind: Annotated[str, Field(examples=["illegal_parking"])]
    zones: tuple[Identifier, ...] = ()
    """Ids of the camera's zones; empty: the whole picture."""
    dwell_s: Seconds | None = None
    """Forbidden seconds until a violation is confirmed."""
    classes: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Vocabulary names to accuse."""
    conf: Confidence | None = None
    n: Annotated[int, Field(ge=1, le=10_000), NUMBER] | None = None
    """How many (things, people, pieces) it takes, for kinds that count."""
    share: Annotated[float, Field(gt=0, le=1), NUMBER] | None = None
    """Share of the zone that, covered, is enough as well, for kinds that measure it."""
    allow: tuple[Permit, ...] = ()
    """When it is permitted: these seconds do not count."""
    permits: Path | None = None
    """A CSV file of further permits, relative to the site file."""
    hours: Annotated[tuple[Hours, ...], Field(min_length=1)] | None = None
    """When the rule is computed at all; absent: always."""
    again_after_s: Annotated[float, Field(ge=0, le=31 * 86400), NUMBER] | None = None
    """A return within this time updates the old case."""
    review: Literal["none", "sampled", "required"] = "none"
    """Whether a person approves a case before it is delivered."""


class Camera(Model):
    """One camera: where its stream is, what it sees, and what is forbidden there."""

    id: Identifier
    url: Annotated[CameraUrl, Field(repr=False)]
    """rtsp, rtsps, http, https or file. Some cameras want a password in it: it is not shown."""
    sub_url: Annotated[CameraUrl | None, Field(repr=False)] = None
    """A second, smaller stream of the same view, for analysis."""
    username: Annotated[str, Field(min_length=1)] | None = None
    password: Secret | None = None
    place: Place = Place()
    models: Annotated[tuple[Identifier, ...], Field(min_length=1)] | None = None
    """Names of the site's models that look at this camera; absent: all of them."""
    sampling: Sampling | None = None
    priority: Annotated[float, Field(ge=0.1, le=100), NUMBER] = 1.0
    """Its share where there is not enough for all, against the other cameras' priorities."""
    sees_load: bool = False
    """Whether it looks down into the bodies of trucks; a zone may say otherwise."""
    zones: tuple[Zone, ...] = ()
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _user_has_password(self) -> Self:
        if self.password is not None and self.username is None:
            raise fault("a password without a username", "write username: beside password:")
        return self

    def zone(self, zone_id: str) -> Zone:
        """Find a zone by its id; raises KeyError."""
        for zone in self.zones:
            if zone.id == zone_id:
                return zone
        raise KeyError(zone_id)

    def place_of(self, zone_id: str | None) -> Place:
        """Return the place of a zone (the camera's, where the zone says nothing else)."""
        return self.place.overridden_by(self.zone(zone_id).place if zone_id else None)
