"""Exit codes, and how an error becomes one message without a traceback.

0  done
1  it failed
2  your input is wrong
"""

from collections.abc import Iterator
from contextlib import contextmanager

FAILED = 1
WRONG_INPUT = 2


class InputWrong(Exception):  # noqa: N818 - it says what happened
    """The user's input is wrong; the text says what, where and what to write instead."""


class Failed(Exception):  # noqa: N818 - same
    """The work could not be done, through no fault of the input."""


@contextmanager
def input_errors() -> Iterator[None]:
    """Turn the packages' errors about input into InputWrong."""
    from cases import DeskError
    from configs import ConfigError
    from models import ModelError
    from pipeline import SiteRefused
    from streams import StreamError

    try:
        yield
    except (ConfigError, DeskError, ModelError, SiteRefused, StreamError) as error:
        raise InputWrong(str(error)) from error
