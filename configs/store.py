"""The database of a site, where it is not a file in the data folder."""

from typing import Annotated
from urllib.parse import parse_qsl

from pydantic import AfterValidator, Field

from configs.camera import Secret
from configs.fields import Model, fault
from configs.hosts import no_credentials, split_url

STORE_SCHEMES = ("postgresql",)

OPTIONS = ("host", "sslcert", "sslkey", "sslmode", "sslrootcert")
"""What the URL's query may set: a socket's folder, and encryption."""

_EXAMPLE = "postgresql://db.example:5432/streetwarden"


def _store_url(url: str) -> str:
    options = dict(parse_qsl(url.partition("?")[2]))
    # A socket of this machine has no host name: postgresql:///name?host=/run/postgresql
    socket = url.startswith("postgresql:///") and options.get("host", "").startswith("/")
    full = url.replace("///", "//localhost/", 1) if socket else url
    parts = split_url(full, STORE_SCHEMES)
    no_credentials(parts)
    if not parts.path.strip("/") or "/" in parts.path[1:]:
        raise fault("the URL names no database", f"write {_EXAMPLE}")
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise fault(
            "the URL's query sets more than it may",
            f"leave only {', '.join(OPTIONS)} in it; the password belongs under password:",
        )
    return url


StoreUrl = Annotated[str, AfterValidator(_store_url), Field(examples=[_EXAMPLE])]
"""postgresql://host:port/name, without user and password."""


class StoreDatabase(Model):
    """A PostgreSQL database of this site alone."""

    url: StoreUrl
    username: Annotated[str, Field(min_length=1)] | None = None
    password: Secret | None = None
