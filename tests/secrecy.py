"""Every log line of the whole suite is held against every secret that its tests use."""

import logging
from typing import Final

_KNOWN: Final = {
    "Ge-heim#1",
    "c2lnbmluZy1rZXktb2YtdGhpcnR5LXR3by1ieXRlcyE",
    "case-secret",
    "e65ee4f21c",
    "geheim",
    "hunter2",
    "j8f2-jurisdiction-token",
    "p@ss:w/rd%#?é",
    "p%40ss%3Aw%2Frd%25%23%3F%C3%A9",
    "s3cr3t /!/value",
    "s3cret",
    "s3cret-Pa55",
    "s3cret-key",
    "signing-key-of-thirty-two-bytes!",
    "test-token-for-the-api",
}
"""Keys, tokens and passwords of the tests' cameras, case systems, stores and APIs: each is odd
enough to stand in no log by chance."""


def register(secret: str) -> None:
    """Add a secret that is made for a run."""
    _KNOWN.add(secret)


def told_in(text: str) -> set[str]:
    """Return the secrets that stand in a text."""
    return {secret for secret in _KNOWN if secret in text}


class Listener(logging.Handler):
    """Reads everything that this process logs, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.heard = 0
        self._told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line where it holds a secret."""
        line = self.format(record)
        self.heard += 1
        if told_in(line):
            self._told.append(line)

    def taken(self) -> list[str]:
        """Return the lines with secrets since the last call."""
        told, self._told = self._told, []
        return told
