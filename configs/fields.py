"""The base of all configuration models, and the small values that several of them hold."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Ids become file and folder names, labels of metrics and parts of addresses."""


class Model(BaseModel):
    """Frozen, refuses unknown keys, numbers that are none, and showing its input in errors."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


def fault(problem: str, remedy: str) -> PydanticCustomError:
    """Make the error that a validator raises: what is wrong, and what to write instead.

    `<value>` in the problem stands for the value as it is written in the file: what a variable
    gave is not shown.
    """
    return PydanticCustomError(
        "site_file", "{problem}; {remedy}", {"problem": problem, "remedy": remedy}
    )


def _identifier(text: str) -> str:
    if not IDENTIFIER.fullmatch(text):
        raise fault(
            "<value> cannot be an id",
            "write 1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit",
        )
    return text


Identifier = Annotated[str, AfterValidator(_identifier), Field(examples=["street-01"])]
"""Name of a site, camera, zone or model."""


def _no_bool(value: object) -> object:
    """Keep YAML's true, yes and on from being counted as 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("number_type", "Input should be a number")
    return value


NUMBER = BeforeValidator(_no_bool)
"""Stands last among the annotations of every number."""

Confidence = Annotated[float, Field(gt=0, lt=1), NUMBER]
"""Score from which a detection counts, between 0 and 1."""

Seconds = Annotated[float, Field(gt=0, le=7 * 86400), NUMBER]
"""Duration in seconds, up to a week."""
