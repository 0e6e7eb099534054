"""How long a server asks to be left alone."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_LIMIT_S: Final = 3600.0
"""A server that asks for more is asked again after an hour."""


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, at most an hour; None where it says nothing."""
    if text is None:
        return None
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), _LIMIT_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now).total_seconds()), _LIMIT_S)
