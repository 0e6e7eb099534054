"""FFmpeg's errors into ours, at the one edge where they enter.

FFmpeg often does not say what happened: a time-out while opening and garbage from a camera are the
same InvalidDataError, an unknown host is a bare input/output error. `clear_reason` answers only
where the error is clear; the rest is for `streams.diagnosis`, which asks the host itself. Every
FFmpeg error carries the URL with its password: `scrub` takes it out before the error is chained.
"""

import av
import av.error

from streams.errors import Reason

_CLEAR: tuple[tuple[type[av.error.FFmpegError], Reason, str], ...] = (
    (av.error.HTTPUnauthorizedError, Reason.AUTH, "it refuses the user name or password"),
    (av.error.HTTPForbiddenError, Reason.AUTH, "it forbids access to this user"),
    (av.error.HTTPClientError, Reason.NOT_FOUND, "it knows no such path"),
    (av.error.HTTPServerError, Reason.REFUSED, "it answers with a server error"),
    (av.error.ConnectionRefusedError, Reason.REFUSED, "nobody listens on the port"),
    (av.error.ConnectionResetError, Reason.REFUSED, "it closes the connection"),
    (av.error.ConnectionAbortedError, Reason.REFUSED, "it closes the connection"),
    (av.error.BrokenPipeError, Reason.REFUSED, "it closes the connection"),
    (av.error.TimeoutError, Reason.TIMEOUT, "no answer in time"),
    (av.error.ExitError, Reason.TIMEOUT, "no answer in time"),
    (av.error.FileNotFoundError, Reason.NOT_FOUND, "no such file"),
    (av.error.NotADirectoryError, Reason.NOT_FOUND, "no such file"),
    (av.error.PermissionError, Reason.NOT_FOUND, "it may not be read"),
    (av.error.IsADirectoryError, Reason.CODEC, "a folder, not a video"),
    (av.error.LookupError, Reason.CODEC, "a format or codec that is not supported"),
    (av.error.PatchWelcomeError, Reason.CODEC, "a format or codec that is not supported"),
    (av.error.NotImplementedError, Reason.CODEC, "a format or codec that is not supported"),
    (av.error.EOFError, Reason.ENDED, "it closed the stream"),
)
"""First match wins. LookupError is what FFmpeg's "no such demuxer, decoder, protocol" share."""

UNREADABLE = "not a video, or damaged, or of a format that is not supported"


def clear_reason(error: av.error.FFmpegError) -> tuple[Reason, str] | None:
    """Return what an error means for the source, with words; None when it does not tell."""
    for kind, reason, message in _CLEAR:
        if isinstance(error, kind):
            return reason, message
    return None


def scrub(error: av.error.FFmpegError) -> av.error.FFmpegError:
    """Take the URL and FFmpeg's last log line out of an error, in place, and return it."""
    error.args = (error.errno, error.strerror)
    return error
