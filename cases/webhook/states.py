"""What a receiver answers when it is asked how its cases stand."""

import json
from collections.abc import Collection, Mapping
from typing import Final

from cases.system import RemoteCase, Transient
from cases.wording import plain

_TEXT_LIMIT: Final = 300


def states_of(body: bytes, wanted: Collection[str]) -> Mapping[str, RemoteCase]:
    """Read `{"cases": [{"id": .., "state": .., "notes": ..}]}`. Raises `Transient`."""
    try:
        rows = json.loads(body)["cases"]
        found = [
            RemoteCase(
                str(row["id"]),
                plain(str(row["state"]), _TEXT_LIMIT),
                plain(str(row.get("notes") or ""), _TEXT_LIMIT),
            )
            for row in rows
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Transient("the receiver's answer tells no states") from error
    return {case.remote_id: case for case in found if case.remote_id in wanted}
