"""Open311 GeoReport v2 client."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Literal

from cases.payload import CasePayload
from cases.system import Receipt, RemoteCase


class Open311:
    """A GeoReport v2 server as a `CaseSystem`."""

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        allow_hosts: Collection[str] = (),
        *,
        jurisdiction_id: str | None = None,
        media: Literal["multipart", "none"] = "multipart",
        media_root: Path | None = None,
        deadline_s: float = 25.0,
    ) -> None:
        raise NotImplementedError

    def find(self, case_key: str, since: datetime) -> RemoteCase | None:
        """Look up the case that carries this key."""
        raise NotImplementedError

    def post(self, case: CasePayload) -> Receipt:
        """Post a case, once."""
        raise NotImplementedError

    def close(self) -> None:
        """Give connections back."""
