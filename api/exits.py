"""Exit codes, and how an error becomes one message without a traceback.

0  done
1  it failed
2  your input is wrong
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

FAILED = 1
WRONG_INPUT = 2

_INPUT_ERRORS = (
    ("cases", "CasesError"),
    ("configs", "ConfigError"),
    ("models", "ModelError"),
    ("models", "PictureError"),
    ("pipeline.refusal", "SiteRefused"),
    ("streams", "StreamError"),
    ("streams.simulated", "UnservableFileError"),
)
"""Errors of the packages that say what is wrong with what they were given."""


class InputWrong(Exception):  # noqa: N818 - it says what happened
    """The user's input is wrong; the text says what, where and what to write instead."""


class Failed(Exception):  # noqa: N818 - same
    """The work could not be done, through no fault of the input."""


@contextmanager
def input_errors() -> Iterator[None]:
    """Turn the packages' errors about input into InputWrong."""
    try:
        yield
    except Exception as error:
        if isinstance(error, _known()):
            raise InputWrong(str(error)) from error
        raise


def _known() -> tuple[type[Exception], ...]:
    """Look the errors up among what is loaded: a package that is not has raised nothing."""
    return tuple(
        getattr(sys.modules[module], name)
        for module, name in _INPUT_ERRORS
        if module in sys.modules
    )
