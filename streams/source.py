"""Where a camera's stream comes from, and how to name it without its password."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

SCHEMES = ("rtsp", "rtsps", "http", "https", "file")
"""Nothing else is opened: FFmpeg knows protocols that read devices or join files."""

_SECRET_FIELD = re.compile(
    r"(?i)((?<![a-z])(?:pass(?:word|wd)?|pwd|pw|secret|token|api_?key|auth)=)[^&/?#;]*"
)
"""Some cameras want the password in the path (`/user=admin_password=x_channel=1`) or the query."""


@dataclass(frozen=True, slots=True, repr=False)
class Source:
    """A stream's address. Its password is in `password` only and in nothing that is printed.

    A user name and password inside the URL are moved into the fields, so that `url` can be shown.
    Raises ValueError for a scheme outside SCHEMES, a network URL without a host, or a bad port.
    """

    url: str
    """Without user name and password."""
    username: str | None = None
    password: str | None = field(default=None)

    def __post_init__(self) -> None:
        """Take credentials out of the URL and refuse what is never opened."""
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError:
            raise ValueError("the URL is malformed (host or port)") from None
        if parts.scheme not in SCHEMES:
            raise ValueError(
                f"scheme {parts.scheme or '(none)'!r} is not one of {', '.join(SCHEMES)}"
            )
        if parts.scheme == "file":
            if not parts.path:
                raise ValueError("a file URL needs a path")
            return
        if not parts.hostname:
            raise ValueError(f"a {parts.scheme} URL needs a host")
        if "@" in parts.netloc:
            bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
            object.__setattr__(self, "url", bare)
            if self.username is None and parts.username is not None:
                object.__setattr__(self, "username", unquote(parts.username))
            if self.password is None and parts.password is not None:
                object.__setattr__(self, "password", unquote(parts.password))

    @classmethod
    def of_file(cls, path: Path) -> "Source":
        """Name a file on this machine."""
        return cls(path.resolve().as_uri())

    @property
    def scheme(self) -> str:
        """One of SCHEMES."""
        return urlsplit(self.url).scheme

    @property
    def host(self) -> str | None:
        """Host name or address; None for a file."""
        return urlsplit(self.url).hostname

    @property
    def is_file(self) -> bool:
        """True for a file on this machine."""
        return self.scheme == "file"

    @property
    def path(self) -> Path:
        """The file of a file source. Raises ValueError for others."""
        if not self.is_file:
            raise ValueError(f"{self.safe_url} is no file")
        return Path(unquote(urlsplit(self.url).path))

    @property
    def safe_url(self) -> str:
        """The URL for people and logs: no user name, no password, wherever they were."""
        return _SECRET_FIELD.sub(r"\1***", self.url)

    def url_with_credentials(self) -> str:
        """Return the URL for the decoder's eyes only; never log it, never put it into an error."""
        if self.username is None:
            return self.url
        parts = urlsplit(self.url)
        login = quote(self.username, safe="")
        if self.password is not None:
            login += ":" + quote(self.password, safe="")
        return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))

    def __repr__(self) -> str:
        """Show the safe URL."""
        return f"Source({self.safe_url!r})"

    def __str__(self) -> str:
        """Show the safe URL."""
        return self.safe_url
