"""Sources and errors: what is opened, and that no password is ever shown."""

import pickle
import traceback
from pathlib import Path

import av
import av.error
import pytest

from streams import FixError, Reason, RestError, RetryError, Source, StreamError
from streams.errors import stream_error
from streams.translation import clear_reason, scrub

PASSWORD = "p@ss:w/rd%#?é"


@pytest.mark.parametrize(
    "source",
    [
        Source("rtsp://10.0.0.1:8554/cam0", "viewer", PASSWORD),
        Source("rtsp://viewer:p%40ss%3Aw%2Frd%25%23%3F%C3%A9@10.0.0.1:8554/cam0"),
    ],
    ids=["fields", "inside the URL"],
)
def test_a_password_is_never_shown(source: Source) -> None:
    """Wherever it came from, it is in one field and in the decoder's URL, nowhere else."""
    assert source.password == PASSWORD
    shown = f"{source} {source!r} {source.url} {source.safe_url} {[source]} {source.host}"
    assert "p@ss" not in shown
    assert "p%40ss" not in shown
    assert "viewer" not in shown
    assert source.url == "rtsp://10.0.0.1:8554/cam0"
    assert source.url_with_credentials() == (
        "rtsp://viewer:p%40ss%3Aw%2Frd%25%23%3F%C3%A9@10.0.0.1:8554/cam0"
    )


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("rtsp://h/user=admin&password=geheim&channel=1", "user=admin&password=***&channel=1"),
        ("rtsp://h/user=admin_password=geheim_channel=1", "user=admin_password=***"),
        ("http://h/video?u=x&pwd=geheim", "u=x&pwd=***"),
        ("https://h/video?token=geheim#x", "token=***#x"),
    ],
)
def test_passwords_in_path_and_query_are_masked(url: str, safe: str) -> None:
    """Some cameras take the password in the path; it is not shown either."""
    source = Source(url)
    assert str(source).endswith(safe)
    assert "geheim" not in f"{source!r}{source}"
    assert source.url_with_credentials() == url


@pytest.mark.parametrize(
    "url",
    [
        "udp://239.0.0.1:5000",  # outside the list
        "concat:a.mp4|b.mp4",
        "ftp://h/x",
        "/a/path.mp4",  # no scheme
        "rtsp:///cam0",  # no host
        "rtsp://h:port/cam0",
        "rtsp://[::1/cam0",
        "file:",
    ],
)
def test_what_is_never_opened_is_refused(url: str) -> None:
    """A scheme outside the list, no host, a port that is none."""
    with pytest.raises(ValueError, match=r"scheme|host|path|malformed"):
        Source(url)


def test_a_file_keeps_its_name() -> None:
    """Blanks, percent signs and Chinese in a file's name survive the way through a URL."""
    path = Path("/videos/营口路 50%/a#b?.mp4")
    assert Source.of_file(path).path == path
    assert Source.of_file(path).is_file


def test_every_reason_has_one_branch() -> None:
    """What can be done about it: try again, leave it alone, change something."""
    branches = {reason: type(stream_error(reason, "x", "y")) for reason in Reason}
    assert branches[Reason.AUTH] is RestError
    assert branches[Reason.CODEC] is branches[Reason.NOT_FOUND] is FixError
    others = set(Reason) - {Reason.AUTH, Reason.CODEC, Reason.NOT_FOUND}
    assert {branches[reason] for reason in others} == {RetryError}


def test_an_error_crosses_a_process() -> None:
    """Kind, reason and text survive pickling."""
    error = stream_error(Reason.AUTH, Source("rtsp://u:pw@h/x"), "refused")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own object
    assert (type(copy), copy.reason, str(copy)) == (RestError, Reason.AUTH, str(error))


def test_every_error_of_ffmpeg_is_told_apart_or_left_to_the_diagnosis() -> None:
    """A new class in PyAV must be thought about: these are the ones that tell nothing."""
    unclear = {
        kind.__name__
        for kind in vars(av.error).values()
        if isinstance(kind, type)
        and issubclass(kind, av.error.FFmpegError)
        and clear_reason(kind(1, "text")) is None
    }
    assert unclear == {
        "ArgumentError",
        "BlockingIOError",
        "BufferTooSmallError",
        "BugError",
        "ChildProcessError",
        "ExperimentalError",
        "ExternalError",
        "FFmpegError",
        "FileExistsError",
        "HTTPError",
        "InputChangedError",
        "InterruptedError",
        "InvalidDataError",
        "MemoryError",
        "OSError",
        "OutputChangedError",
        "OverflowError",
        "ProcessLookupError",
        "PyAVCallbackError",
        "UndefinedError",
        "UnknownError",
    }


def test_a_traceback_shows_no_password() -> None:
    """FFmpeg's error carries the URL; the one chained to ours does not."""
    source = Source("rtsp://127.0.0.1:1/x", "viewer", "geheim")
    try:
        try:
            av.open(source.url_with_credentials(), timeout=2.0)
        except av.error.FFmpegError as error:
            raw = str(error)
            raise stream_error(Reason.REFUSED, source, "closed") from scrub(error)
    except StreamError:
        text = traceback.format_exc()
    assert "geheim" in raw  # the reason for all this
    assert "Connection refused" in text
    assert "geheim" not in text
