"""What `check` finds in a site that has the right shape."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from configs import ConfigError, Site


class Gravity(StrEnum):
    """Whether a site may run with it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: which file, which key, what is wrong, what to write instead."""

    file: Path
    key: str
    """Such as `cameras[0].rules[1].zones[0]`; empty when the whole file is meant."""
    problem: str
    remedy: str
    level: Gravity
    line: int | None = None
    """Line in the file, from 1, where known."""

    def __str__(self) -> str:
        """Say it in one message."""
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        subject = f"{self.key}: " if self.key else ""
        return f"{place}: {subject}{self.problem}; {self.remedy}"

    @classmethod
    def of_config_error(cls, error: ConfigError) -> "Problem":
        """Say the same as a configuration's error."""
        return cls(error.file, error.key, error.problem, error.remedy, Gravity.ERROR, error.line)


class Findings:
    """Collects the problems of one site file."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._problems: list[Problem] = []

    def error(self, key: str, problem: str, remedy: str) -> None:
        """Note something with which the site must not run."""
        self._note(key, problem, remedy, Gravity.ERROR)

    def warn(self, key: str, problem: str, remedy: str) -> None:
        """Note something that works but is probably not meant."""
        self._note(key, problem, remedy, Gravity.WARNING)

    def add(self, problem: Problem) -> None:
        """Note a problem of another file."""
        self._problems.append(problem)

    def __iter__(self) -> Iterator[Problem]:
        """Errors first, each group in the order of the file."""
        return iter(
            sorted(self._problems, key=lambda each: (each.level is Gravity.WARNING, each.line or 0))
        )

    def _note(self, key: str, problem: str, remedy: str, level: Gravity) -> None:
        line, around = self._site.line_of(key), key
        while line is None and around:
            around = around[: max(around.rfind("."), around.rfind("["), 0)]
            line = self._site.line_of(around)
        self._problems.append(Problem(self._site.file, key, problem, remedy, level, line))
