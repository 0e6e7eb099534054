"""What can go wrong with a stream, by what can be done about it.

StreamError              reason: why; source: the safe URL
├── RetryError           try again soon: refused, unknown_host, timeout, stalled, ended
├── RestError            leave it alone for a while, cameras lock accounts: auth
└── FixError             someone must change the source or the camera: not_found, codec

A running camera retries a FixError too (cameras answer nonsense while they start), at the same
pace as a RetryError; only RestError changes the pace.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a camera gives no packets; the words of /health and of the metrics."""

    REFUSED = "refused"
    """The host is there, but nobody listens on the port, or the camera turns everyone away."""
    UNKNOWN_HOST = "unknown_host"
    """The name does not resolve."""
    AUTH = "auth"
    """The camera refuses the user name or password."""
    NOT_FOUND = "not_found"
    """The camera answers, but knows no such path; or the file is not there or not readable."""
    CODEC = "codec"
    """What comes is no video that can be decoded."""
    TIMEOUT = "timeout"
    """Nobody answers: no route, or opening took longer than the deadline."""
    STALLED = "stalled"
    """It was open, then no packet came for longer than the deadline."""
    ENDED = "ended"
    """The other side closed the stream, or the file is over."""


class StreamError(Exception):
    """A stream could not be opened or read. The text never holds a password."""

    def __init__(self, reason: Reason, source: str, message: str) -> None:
        super().__init__(f"{source}: {reason.value}: {message}")
        self.reason = reason
        self.source = source
        """The safe URL."""
        self.message = message

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process."""
        return type(self), (self.reason, self.source, self.message)


class RetryError(StreamError):
    """Try again soon."""


class RestError(StreamError):
    """Leave the camera alone for a while."""


class FixError(StreamError):
    """Trying again helps only after the source or the camera was changed."""


_BRANCH: dict[Reason, type[StreamError]] = {
    Reason.REFUSED: RetryError,
    Reason.UNKNOWN_HOST: RetryError,
    Reason.TIMEOUT: RetryError,
    Reason.STALLED: RetryError,
    Reason.ENDED: RetryError,
    Reason.AUTH: RestError,
    Reason.NOT_FOUND: FixError,
    Reason.CODEC: FixError,
}


def stream_error(reason: Reason, source: object, message: str) -> StreamError:
    """Make the error of the branch that a reason belongs to; `source` is shown with str()."""
    return _BRANCH[reason](reason, str(source), message)
