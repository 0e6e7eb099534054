"""What a case system's words for a case's state mean: data files, one for each kind of system."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from configs.document import read_document
from configs.errors import ConfigError
from configs.fields import Model
from configs.messages import config_error, suggestion

STATES_FOLDER = Path(__file__).parent / "states"

Means = Literal[
    "received", "working", "dealt_with", "closed", "false_alarm", "duplicate", "refused"
]


class StateRow(Model):
    """One word of a case system. The first row that fits is taken."""

    state: Annotated[str, Field(min_length=1, max_length=100, examples=["closed"])]
    """As the system writes it; capitals, blanks, hyphens and underscores make no difference."""
    notes: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    """Where given, one of these stands in the notes as well."""
    means: Means


class CaseStates(Model):
    """The words of one case system."""

    states: Annotated[tuple[StateRow, ...], Field(min_length=1)]
    """Tried in this order."""

    def meaning(self, state: str, notes: str) -> Means | None:
        """Look up what a state means; None where no row fits."""
        word, text = _word(state), notes.casefold()
        for row in self.states:
            if _word(row.state) == word and (
                not row.notes or any(note.casefold() in text for note in row.notes)
            ):
                return row.means
        return None


def _word(text: str) -> str:
    return "".join(text.replace("_", " ").replace("-", " ").split()).casefold()


def bundled_states() -> Mapping[str, Path]:
    """Return the bundled files by the kind of case system that they are for."""
    return {file.stem: file for file in sorted(STATES_FOLDER.glob("*.yaml"))}


def case_states(kind_or_path: str, base: Path | None = None) -> CaseStates:
    """Read a file of states: a bundled one by the kind of system; with "/" or ".yaml" a file.

    Paths are relative to `base`. Raises ConfigError.
    """
    if "/" in kind_or_path or kind_or_path.endswith((".yaml", ".yml")):
        file = (base or Path()) / kind_or_path
    else:
        found = bundled_states().get(kind_or_path)
        if found is None:
            raise ConfigError(
                Path(kind_or_path),
                "",
                "unknown file of states",
                f"{suggestion(kind_or_path, bundled_states())} (or the path of a .yaml file)",
            )
        file = found
    document = read_document(file)
    try:
        return CaseStates.model_validate(document.data)
    except ValidationError as error:
        raise config_error(error, CaseStates, document) from None
