"""The shape of manifest.json."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from models.layouts import LAYOUTS


def _known_layout(layout: str) -> str:
    if layout not in LAYOUTS:
        raise ValueError(f"no layout {layout!r}: one of {', '.join(sorted(LAYOUTS))}")
    return layout


def _plain_name(file: str) -> str:
    """Keep a manifest from reaching outside its folder."""
    if "/" in file or "\\" in file or file.startswith("."):
        raise ValueError("a file beside the manifest, without a path")
    return file


class ManifestRecord(BaseModel):
    """One model."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    file: Annotated[str, Field(min_length=1), AfterValidator(_plain_name)]
    sha256: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{64}$")]
    layout: Annotated[str, AfterValidator(_known_layout)]
    input_size: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]]
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    licence: str
    threshold: Annotated[float, Field(ge=0, le=1)]
    made: dict[str, Any] = Field(default_factory=dict)
    scores: dict[str, Any] = Field(default_factory=dict)
    kind_conf: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    maps: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _maps_own_classes(self) -> Self:
        strange = sorted(set(self.maps) - set(self.classes))
        if strange:
            raise ValueError(f"maps: no class of this model: {', '.join(strange)}")
        return self


class ManifestFile(BaseModel):
    """All models of a folder."""

    model_config = ConfigDict(frozen=True)

    models: tuple[ManifestRecord, ...]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [record.name for record in self.models]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two models of one name: {', '.join(twice)}")
        return self
