"""Which cases go out by themselves: caps against bursts, and places that are silenced."""

from typing import Annotated

from pydantic import Field

from configs.fields import NUMBER, Model, Seconds

Count = Annotated[int, Field(ge=1, le=1_000_000), NUMBER]


class Caps(Model):
    """How many cases go out by themselves in any `per_s` seconds; those beyond wait for a person.

    null: as many as come.
    """

    camera_kind: Count | None = 10
    """Of one kind of violation, of one camera."""
    site: Count | None = 100
    """Of the whole site."""
    per_s: Seconds = 3600.0


class CaseRules(Model):
    """What happens to cases before they go out."""

    cap: Caps = Caps()
    silence_after_reject_s: Annotated[float, Field(ge=0, le=31 * 86400), NUMBER] = 86400.0
    """Cases at the place of a rejected one are held for so long; 0: not at all."""
