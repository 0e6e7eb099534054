"""Case systems, as a site file names them: one kind of mapping for each."""

import base64
import binascii
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from configs.camera import Secret
from configs.fields import NUMBER, Identifier, Model, fault
from configs.hosts import CaseUrl
from configs.schedule import Hours

DEFAULT_CODES = "gbt47678-2026"

SIGNING_KEY_PREFIX = "whsec_"
_SIGNING_KEY_BYTES = (24, 64)


def signing_key(secret: str) -> bytes:
    """Read the key that webhooks are signed with: `whsec_`, then base64 of 24 to 64 bytes.

    Raises a validator's error, which is a ValueError and shows nothing of it.
    """
    try:
        key = base64.b64decode(secret.removeprefix(SIGNING_KEY_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    fewest, most = _SIGNING_KEY_BYTES
    if not secret.startswith(SIGNING_KEY_PREFIX) or not fewest <= len(key) <= most:
        raise fault(
            "this is no signing key",
            f"write {SIGNING_KEY_PREFIX} and then the base64 of {fewest} to {most} random bytes, "
            "as `echo whsec_$(openssl rand -base64 32)` prints it",
        )
    return key


def _signing_key(secret: SecretStr) -> SecretStr:
    signing_key(secret.get_secret_value())
    return secret


class Endpoint(Model):
    """Somewhere that cases or alarms are posted to."""

    url: CaseUrl
    rate_per_minute: Annotated[float, Field(gt=0, le=6000), NUMBER] | None = 60.0
    """Most cases taken up in any minute; null: no limit."""
    quiet: tuple[Hours, ...] = ()
    """Hours, on the site's clock, in which nothing is posted."""
    deadline_s: Annotated[float, Field(ge=1, le=300), NUMBER] = 25.0
    """Longest time for one post or one look-up. Five seconds after it, a case without an answer
    may be looked up."""

    secret_keys: ClassVar[tuple[str, ...]] = ()
    """Keys that travel with requests and need encryption on the way."""

    @property
    def sends_a_key(self) -> bool:
        """True where requests carry something that nobody on the way may read."""
        return any(getattr(self, name) is not None for name in self.secret_keys)


class System(Endpoint):
    """What every case system has."""

    codes: Annotated[str, Field(min_length=1)] = DEFAULT_CODES
    """Code profile: a bundled one's name, or a YAML file relative to the site file."""
    states: Annotated[str, Field(min_length=1, examples=["./states.yaml"])] | None = None
    """YAML file, relative to the site file, of what the system's states mean; absent: the bundled
    one for its kind."""


class Open311System(System):
    """An Open311 GeoReport v2 server."""

    secret_keys: ClassVar[tuple[str, ...]] = ("api_key",)

    kind: Annotated[Literal["open311"], Field(examples=["open311"])]
    api_key: Secret | None = None
    media: Literal["multipart", "url", "none"] = "multipart"
    """How pictures go with a case: uploaded, as the address of one, or not at all."""
    media_base: CaseUrl | None = None
    """With media: url, where the server reaches this site's API."""
    services: Mapping[Identifier, Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default={}, examples=[{"illegal_parking": "Illegal parking"}]
    )
    """By kind of violation: the server's service code or name, where it is not the profile's."""
    attributes: Mapping[
        Annotated[str, Field(min_length=1, max_length=100)],
        Annotated[str, Field(min_length=1, max_length=1000)],
    ] = Field(default={}, examples=[{"EXTERNAL_ID": "{case_key}"}])
    """By attribute code: what is sent with every case; {names} of case facts are filled in."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if (self.media == "url") != (self.media_base is not None):
            raise fault(
                "media: url and media_base belong together",
                'write media: url and media_base: "https://box.example", or neither',
            )
        return self


WebhookEvent = Literal["opened", "confirmed", "clip", "cleared", "answer"]
"""opened: the pre-alarm, before it is a case; answer: what a second look has found."""

DEFAULT_EVENTS: Final[tuple[WebhookEvent, ...]] = ("confirmed", "clip", "cleared", "answer")


def _with_confirmed(events: tuple[WebhookEvent, ...]) -> tuple[WebhookEvent, ...]:
    if "confirmed" not in events:
        raise fault(
            "these events leave out the case itself",
            "write confirmed as well, such as events: [opened, confirmed, cleared]",
        )
    return events


SigningKey = Annotated[
    SecretStr, AfterValidator(_signing_key), Field(examples=["${WEBHOOK_SECRET}"])
]
Events = Annotated[tuple[WebhookEvent, ...], AfterValidator(_with_confirmed)]


class WebhookSystem(System):
    """A receiver of signed CloudEvents."""

    kind: Annotated[Literal["webhook"], Field(examples=["webhook"])]
    secret: SigningKey
    """Key of the signatures: whsec_ and the base64 of 24 to 64 bytes. It is never sent."""
    events: Events = DEFAULT_EVENTS
    """What the receiver hears of; pre-alarms only where `opened` is written."""
    states_url: CaseUrl | None = None
    """Asked how cases stand; absent: nothing is read back."""


class AlarmReceiver(Endpoint):
    """A receiver of signed CloudEvents for what is no case: kinds without a code, pre-alarms."""

    kind: Annotated[Literal["webhook"], Field(examples=["webhook"])]
    secret: SigningKey
    """Key of the signatures: whsec_ and the base64 of 24 to 64 bytes. It is never sent."""
    events: Events = ("confirmed", "clip", "cleared")
    """What the receiver hears of; with `opened` also the pre-alarms of every kind."""


class Named(Model):
    """An entry of a dictionary of the case system."""

    id: Annotated[int, Field(ge=0), NUMBER]
    name: Annotated[str, Field(min_length=1, max_length=100)]


class EgovaSystem(System):
    """An eGova platform (V22)."""

    secret_keys: ClassVar[tuple[str, ...]] = ("client_secret",)

    kind: Annotated[Literal["egova"], Field(examples=["egova"])]
    client_id: Annotated[str, Field(min_length=1, examples=["1778685023958671360"])]
    client_secret: Secret
    sender_code: Annotated[str, Field(min_length=1, examples=["streetwarden"])]
    """What the platform calls this sender (senderCode)."""
    rec_type: Annotated[Named, Field(examples=[{"id": 23, "name": "..."}])]
    """Entry of the platform's dictionary REC_TYPE."""
    event_src: Annotated[Named, Field(examples=[{"id": 8, "name": "物联感知"}])]
    """Entry of the platform's dictionary EVENT_SRC."""
    fields: Mapping[str, str | int] = {}
    """Further entries of every report, as the platform's workflow asks for them."""
    video_type: Annotated[int, Field(ge=0), NUMBER] = 2
    """mediaTypeId of a video, out of the platform's dictionary."""


CaseSystem = Annotated[Open311System | WebhookSystem | EgovaSystem, Field(discriminator="kind")]

KINDS: Final[Mapping[str, type[System]]] = MappingProxyType(
    {"open311": Open311System, "webhook": WebhookSystem, "egova": EgovaSystem}
)
