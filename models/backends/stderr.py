"""Keeping a library's own words out of stderr while it is loaded."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def without_lines(marker: bytes) -> Iterator[None]:
    """Drop what is written to file descriptor 2 in lines with a marker; the rest comes after.

    For libraries that write there from C before anything of theirs can be set.
    """
    try:
        own = os.dup(_STDERR)
    except OSError:  # a service without stderr
        yield
        return
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), _STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(own, _STDERR)
            os.close(own)
            written.seek(0)
            for line in written:
                if marker not in line:
                    os.write(_STDERR, line)
