"""What an eGova platform answers: `{success, code, message, result, uid, hasError}`.

`success` and `hasError` contradict `code` on good answers of some versions, so neither is asked:
a report was taken when the answer names its record, and an error is what has a negative code.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from cases.wording import plain

_TEXT_LIMIT: Final = 300
_ID_LIMIT: Final = 60
"""Of each of the two numbers; the store keeps 128 characters."""

_CASE: Final = "(?:工单|案卷|案件|记录|数据)"
_ABSENT: Final = re.compile(
    rf"{_CASE}(?:信息)?(?:不存在|未找到)|(?:未|没有)(?:找到|查询?到).{{0,6}}{_CASE}"
)
_ABSENT_CODES: Final = frozenset({-500002, -500003})
"""Data, and record abnormal: what a question for an unknown case may be answered with."""

_ROWS: Final = ("records", "rows", "list", "data", "recInfo")


class NotUnderstood(ValueError):  # noqa: N818  # named after what it is, as its neighbours are
    """The body is no answer of the platform."""


class IdTooLong(NotUnderstood):
    """A number that cannot be kept whole: cut, it would name something else."""


class Sort(StrEnum):
    """What can be done about an answer."""

    GOOD = "good"
    LOGIN = "login"
    """The token is not (or no longer) good; what was asked for has not been done."""
    REFUSED = "refused"
    """Understood, and refused for good."""
    TROUBLE = "trouble"
    """The platform failed; what was asked for may have been done."""


_SORTS: Final[Mapping[int, Sort]] = {
    0: Sort.GOOD,
    -400001: Sort.LOGIN,  # authentication
    -400005: Sort.LOGIN,  # client authentication
    -400006: Sort.LOGIN,  # the account that acts for the client: mended on the platform
    -400002: Sort.REFUSED,  # parameters
    -400003: Sort.REFUSED,  # forbidden
    -400004: Sort.REFUSED,  # unknown action
}
"""-500001 unknown, -500002 data, -500003 record, -1 and whatever comes later: trouble."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An envelope."""

    code: int | None
    message: str
    """One line."""
    result: Any = field(repr=False)
    """It holds tokens where tokens were asked for."""
    uid: str

    @property
    def sort(self) -> Sort:
        """What can be done about it."""
        return Sort.TROUBLE if self.code is None else _SORTS.get(self.code, Sort.TROUBLE)

    @property
    def says_absent(self) -> bool:
        """True where it says in words that there is no such record."""
        return self.code in _ABSENT_CODES and _ABSENT.search(self.message) is not None

    def __str__(self) -> str:
        return f"code {self.code}" + (f": {self.message}" if self.message else "")


@dataclass(frozen=True, slots=True)
class Record:
    """A case as the platform keeps it."""

    number: str
    """recId and taskNum, with a stroke between them; empty where it names neither."""
    status: str
    """As the platform words it; empty where it does not say."""


def answer(body: bytes) -> Answer:
    """Read an envelope. Raises `NotUnderstood`."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise NotUnderstood("no JSON") from None
    if not isinstance(parsed, dict) or not {"code", "result", "message"} & parsed.keys():
        raise NotUnderstood("JSON of another form")
    return Answer(
        code=_code(parsed.get("code")),
        message=plain(str(parsed.get("message") or ""), _TEXT_LIMIT),
        result=parsed.get("result"),
        uid=str(parsed.get("uid") or ""),
    )


def record(result: Any, case_key: str | None, status_keys: tuple[str, ...]) -> Record | None:
    """Find a case (key None: the first) in a result; None where it is empty or about others only.

    Raises `NotUnderstood` where something stands there that may be it.
    """
    rows = list(_objects(result))
    if not rows and result not in (None, "", [], {}):
        raise NotUnderstood("a result of another form")
    named = [row for row in rows if row.get("caseId") is not None]
    if named and case_key is not None:
        rows = [row for row in named if str(row["caseId"]) == case_key]
    if not rows:
        return None
    found = Record(_number(rows[0]), _status(rows[0], status_keys))
    if not found.number and not named:
        raise NotUnderstood("a result that names neither case nor record")
    return found


def _objects(result: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(result, dict):
        inner = next((result[key] for key in _ROWS if isinstance(result.get(key), list)), None)
        if inner is None:
            inner = next((result[key] for key in _ROWS if isinstance(result.get(key), dict)), None)
        if inner is not None and _number(result) == "":
            yield from _objects(inner)
        elif result:
            yield result
    elif isinstance(result, list):
        yield from (row for row in result if isinstance(row, dict))


def _number(row: Mapping[str, Any]) -> str:
    parts = [_id(row.get("recId")), _id(row.get("taskNum"))]
    return "/".join(part for part in parts if part)


def _status(row: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    texts = (plain(str(row[key]), _ID_LIMIT) for key in keys if row.get(key) not in (None, ""))
    return next(texts, "")


def _id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    text = str(value)
    if len(text) > _ID_LIMIT:
        raise IdTooLong(f"a record number of {len(text)} characters: at most {_ID_LIMIT} are kept")
    return plain(text, _ID_LIMIT)


def _code(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    text = str(value)
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None
