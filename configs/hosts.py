"""Addresses: which schemes may be written, and which hosts may be spoken to."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, Field, ValidationError

from configs.fields import Model, fault

CAMERA_SCHEMES = ("rtsp", "rtsps", "http", "https", "file")
CASE_SCHEMES = ("http", "https")

ALLOW_VARIABLE = "STREETWARDEN_ALLOW"
"""Environment variable by which a fleet fixes the allow-lists of every site file."""


def split_url(url: str, schemes: Iterable[str]) -> SplitResult:
    """Take a URL apart; raises a validator's error that never shows what may hold a password."""
    allowed = ", ".join(schemes)
    scheme = url.partition(":")[0].lower()
    if scheme not in schemes:
        shown = repr(scheme[:20]) if ":" in url else "no scheme at all"
        raise fault(f"a URL with {shown}", f"write a URL that starts with one of {allowed}")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise fault(
            "the URL cannot be read",
            f"write {scheme}://host:port/path; a user and a password belong under username: "
            "and password:",
        ) from None
    if scheme != "file" and not parts.hostname:
        raise fault("the URL names no host", f"write {scheme}://host:port/path")
    if not url.isprintable() or (" " in url and scheme != "file"):
        raise fault("the URL holds blanks or control characters", "write %20 for a blank")
    return parts


def no_credentials(parts: SplitResult) -> None:
    """Refuse a URL that holds a user or a password."""
    if parts.username is not None or parts.password is not None:
        raise fault(
            "the URL holds a user or a password",
            "write them under username: and password:",
        )


def _camera_url(url: str) -> str:
    parts = split_url(url, CAMERA_SCHEMES)
    no_credentials(parts)
    if parts.scheme == "file" and (
        parts.netloc not in ("", "localhost") or not parts.path or "\0" in unquote(parts.path)
    ):
        raise fault(
            "the URL names no file of this machine", "write file:clip.mp4, beside this file"
        )
    return url


def _case_url(url: str) -> str:
    no_credentials(split_url(url, CASE_SCHEMES))
    return url


CameraUrl = Annotated[
    str, AfterValidator(_camera_url), Field(examples=["rtsp://192.0.2.10:554/stream1"])
]
"""rtsp, rtsps, http, https or file; without user and password."""

CaseUrl = Annotated[
    str, AfterValidator(_case_url), Field(examples=["https://cases.example/open311/v2"])
]
"""http or https; without user and password."""


def host_of(url: str) -> str | None:
    """Name or address of the machine that a URL speaks to, in lower case; None for a file."""
    parts = urlsplit(url)
    return None if parts.scheme == "file" else parts.hostname


def host_allowed(host: str, allowed: Iterable[str]) -> bool:
    """Tell whether an allow-list holds a host: by its exact name or address, or by a network."""
    host = host.lower().rstrip(".")
    return any(_matches(host, entry) for entry in allowed)


def _matches(host: str, entry: str) -> bool:
    if host == entry.lower().rstrip("."):
        return True
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        return False


def _host(entry: str) -> str:
    remedy = "write a host name, an IP address or a network such as 10.1.0.0/16"
    if not entry or "://" in entry or "*" in entry or entry != entry.strip():
        raise fault("<value> is no host", remedy)
    if "/" in entry:
        try:
            ip_network(entry, strict=False)
        except ValueError:
            raise fault("<value> is no network", remedy) from None
    elif ":" in entry:
        try:
            ip_address(entry)
        except ValueError:
            raise fault("<value> is no host (ports are not named here)", remedy) from None
    return entry.lower()


Host = Annotated[str, AfterValidator(_host), Field(examples=["10.1.0.0/16"])]


class Allow(Model):
    """Hosts that may be spoken to: exact names, addresses, or networks.

    In a site file an empty list means: exactly the hosts that the file's own URLs name. A loaded
    site carries the lists in force.
    """

    camera_hosts: tuple[Host, ...] = ()
    case_hosts: tuple[Host, ...] = ()


class FixedAllow(Model):
    """Allow-lists fixed from outside; one that is absent is not fixed, an empty one allows none."""

    camera_hosts: tuple[Host, ...] | None = None
    case_hosts: tuple[Host, ...] | None = None


def fixed_allow(environ: Mapping[str, str]) -> FixedAllow | None:
    """Read STREETWARDEN_ALLOW: JSON such as {"camera_hosts": ["10.1.0.0/16"], "case_hosts": []}.

    Raises ValueError with the problem and the remedy when it is set and cannot be read.
    """
    text = environ.get(ALLOW_VARIABLE)
    if text is None:
        return None
    try:
        return FixedAllow.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        text = first["msg"].replace("<value>", repr(first["input"]))
        raise ValueError(f"{key}: {text}" if key else text) from None
