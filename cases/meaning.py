"""What a case system's words mean here; a word that nobody has explained is named once."""

import logging
import threading
from typing import Final

from cases.store import Standing
from cases.system import RemoteCase
from configs import CaseStates

logger = logging.getLogger(__name__)

_NAMED: Final = 200
"""Unknown words that are remembered; a system that invents one for each case fills no memory."""


class Meaning:
    """The words of one case system. Thread-safe."""

    def __init__(self, states: CaseStates) -> None:
        self._states = states
        self._unknown: set[str] = set()
        self._lock = threading.Lock()

    def of(self, case: RemoteCase) -> Standing | None:
        """Tell how a case stands; None for a word that is not in the file."""
        found = self._states.meaning(case.status, case.notes)
        if found is not None:
            return Standing(found)
        with self._lock:
            new = case.status not in self._unknown and len(self._unknown) < _NAMED
            if new:
                self._unknown.add(case.status)
        if new:
            logger.warning(
                "the case system says %r of a case, which nobody has explained: "
                "add it to the file of case_system.states",
                case.status,
            )
        return None

    @property
    def unknown(self) -> int:
        """How many words of the case system are not in the file."""
        with self._lock:
            return len(self._unknown)
