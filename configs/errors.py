"""What a configuration can get wrong.

    ValueError
        ConfigError      somebody must change the named file (or the environment) and start again

A ConfigWarning is not raised: it travels with the loaded site, and `check` shows it.
"""

from dataclasses import dataclass
from pathlib import Path


class ConfigError(ValueError):
    """One thing wrong with a configuration; `str()` is the one message a person needs.

    Never carries a secret: values that came from the environment are named, not shown.
    """

    def __init__(
        self,
        file: Path,
        key: str,
        problem: str,
        remedy: str,
        *,
        line: int | None = None,
        others: "tuple[ConfigError, ...]" = (),
    ) -> None:
        super().__init__(file, key, problem, remedy)
        self.file = file
        self.key = key
        """Such as `cameras[0].zones[1].polygon`; empty when the whole file is meant."""
        self.problem = problem
        self.remedy = remedy
        self.line = line
        """Line in the file, from 1, where known."""
        self.others = others
        """Further errors of the same file, found in the same reading."""

    def __str__(self) -> str:
        """Say which file, which key, what is wrong, what to write instead."""
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        subject = f"{self.key}: " if self.key else ""
        return f"{place}: {subject}{self.problem}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class ConfigWarning:
    """Something in a site file that works but should be written otherwise."""

    key: str
    problem: str
    remedy: str
