"""Whether the host's clock is kept by somebody: what the kernel says of it."""

import ctypes
import sys
from typing import Final

_TIME_ERROR: Final = 5
"""adjtimex(2): the clock is not synchronised."""
_TIMEX_BYTES: Final = 512
"""More than struct timex takes on any Linux; zeros ask and change nothing."""


def synchronised() -> bool | None:
    """Tell whether the kernel counts its clock as synchronised (NTP, PTP); None: it does not say.

    A virtual machine whose host keeps its clock says False as well.
    """
    if sys.platform != "linux":
        return None
    try:
        state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR
