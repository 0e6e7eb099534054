"""The listener on all logs of the suite would notice."""

import logging

import pytest

from tests.secrecy import Listener, told_in

KEY = "s3cret-key"


def test_a_secret_in_a_log_line_is_heard(log_listener: Listener) -> None:
    """In the message, its arguments, and in the traceback."""
    heard = log_listener.heard
    logging.getLogger("cases").warning("posted with %s", KEY)
    error = ValueError(KEY)
    logging.getLogger("streams").error("refused", exc_info=error)
    logging.getLogger("streams").warning("nothing to hear")
    assert log_listener.heard == heard + 3
    assert len(log_listener.taken()) == 2


@pytest.mark.parametrize("text", ["", "SW-0123456789abcdef0123", "rtsp://127.0.0.1:8554/cam0"])
def test_what_is_no_secret_is_none(text: str) -> None:
    """Case keys and addresses stand in logs."""
    assert told_in(text) == set()
