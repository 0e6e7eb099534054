"""What the kernel says of the clock, read without changing it."""

import ctypes
import struct
import time

from pipeline.host_clock import synchronised

STA_UNSYNC = 0x40
STATUS_AT = 40
"""Bytes before `status` in struct timex where a long has eight."""


def test_it_is_the_kernels_own_word() -> None:
    """The state that adjtimex returns agrees with the flag that it fills in."""
    buffer = ctypes.create_string_buffer(512)
    state = ctypes.CDLL(None).adjtimex(buffer)
    (status,) = struct.unpack_from("i", buffer.raw, STATUS_AT)
    said = synchronised()
    if state >= 0 and ctypes.sizeof(ctypes.c_long) == 8:
        assert said is not bool(status & STA_UNSYNC)
    else:
        assert said is None


def test_asking_changes_nothing() -> None:
    """The clock goes on as before."""
    before_s = time.time() - time.monotonic()
    for _ in range(100):
        synchronised()
    assert abs(time.time() - time.monotonic() - before_s) < 0.05
