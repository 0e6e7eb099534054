"""What is said about a case after it went out: a clip, that the place is clear, a second look."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, TypeAdapter

from cases.payload import CaseMedia
from cases.store.rows import case_key
from cases.store.states import Answer, Message
from cases.wording import Language, moment, plain
from detectors import Violation

_REASON_LIMIT: Final = 300

Outcome = Literal["clip", "cleared", "discarded", "still_there", "cannot_tell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePayload:
    """Everything that any case system is told; the same at every attempt."""

    case_key: str
    kind: str
    """Of the violation."""
    outcome: Outcome
    language: Language
    text: str
    """Plain lines in the site's language."""
    at: AwareDatetime
    """When it was seen."""
    reason: str = ""
    media: tuple[CaseMedia, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON-able form, as the outbox stores it."""
        record: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return record

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "UpdatePayload":
        """Read what `to_json` made. Raises `ValueError` where it is something else."""
        return _ADAPTER.validate_python(dict(stored))


_ADAPTER: Final = TypeAdapter(UpdatePayload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """An update on its way: what is said, its own name, and the case that it belongs to."""

    update_id: str
    """Name of the delivery: what a second post of it is recognised by."""
    remote_id: str | None
    """The case's number; None where the case system never told one."""
    payload: UpdatePayload

    @property
    def key(self) -> str:
        """What stands in the text, so that the update can be found by it."""
        return f"SW-{self.update_id}"

    @property
    def text(self) -> str:
        """The text with the key in it."""
        label = _WORDS[self.payload.language]["key"]
        return f"{self.payload.text}\n{label.format(key=self.key)}"


def update_payload(
    violation: Violation,
    message: Message,
    *,
    at: datetime,
    language: Language,
    timezone: ZoneInfo,
    answer: Answer | None = None,
    discarded: bool = False,
    reason: str = "",
    media: tuple[CaseMedia, ...] = (),
) -> UpdatePayload:
    """Word an update. `answer` is what a second look has found, for `Message.ANSWER`.

    `reason` is the program's, in English; media lie below the evidence root. Raises `ValueError`
    for a message that is no update, or an answer that is missing.
    """
    outcome = _outcome(message, answer, discarded=discarded)
    words = _WORDS[language]
    lines = [words[outcome], words["at"].format(time=moment(at, timezone))]
    if message is Message.ANSWER:
        lines.insert(1, words["looked"])
    if reason:
        lines.append(words["reason"].format(reason=plain(reason, _REASON_LIMIT)))
    return UpdatePayload(
        case_key=case_key(violation.violation_id),
        kind=violation.kind,
        outcome=outcome,
        language=language,
        text="\n".join(lines),
        at=at,
        reason=plain(reason, _REASON_LIMIT),
        media=media,
    )


def _outcome(message: Message, answer: Answer | None, *, discarded: bool) -> Outcome:
    if message is Message.CLIP:
        return "clip"
    if message is Message.CLEARED:
        return "discarded" if discarded else "cleared"
    if message is Message.ANSWER and answer is not None:
        return _ANSWERS[answer]
    raise ValueError(f"{message} is no update, or the second look's answer is missing")


_ANSWERS: Final[Mapping[Answer, Outcome]] = {
    Answer.CLEARED: "cleared",
    Answer.STILL_THERE: "still_there",
    Answer.CANNOT_TELL: "cannot_tell",
}

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh-CN": {
        "clip": "现场视频片段。",
        "cleared": "现场已清除。",
        "discarded": "预警已解除，未形成案件。",
        "still_there": "问题仍在现场。",
        "cannot_tell": "摄像机无法判断现场情况。",
        "looked": "处置反馈后，摄像机已复看现场。",
        "at": "时间：{time}",
        "reason": "说明：{reason}",
        "key": "更新编号：{key}",
    },
    "en": {
        "clip": "A clip of the scene.",
        "cleared": "The place is clear.",
        "discarded": "The pre-alarm has come to nothing; there is no case.",
        "still_there": "It still stands there.",
        "cannot_tell": "The camera cannot tell.",
        "looked": "The camera has looked again after the case was said to be dealt with.",
        "at": "Time: {time}",
        "reason": "Reason: {reason}",
        "key": "Update key: {key}",
    },
}
