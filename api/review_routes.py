"""What people decide about cases, over HTTP: the same words as `streetwarden cases`."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.rows import case_detail_row
from cases import NotFound, StoreError, WrongState
from pipeline import (
    LONGEST_NAME,
    Runner,
    approve_case,
    refute_case,
    reject_case,
    retry_case,
)

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Word(BaseModel):
    """Who says so, and perhaps why."""

    model_config = ConfigDict(extra="forbid")

    by: Name
    reason: Text = ""


class Refusal(Word):
    """Who says no, and why."""

    reason: Why


def add_review_routes(app: FastAPI, runner: Runner) -> None:
    """Register what changes a case; each answers with the case as it stands afterwards."""
    site, store = runner.site, runner.store

    @app.post("/cases/{violation_id}/approve")
    def approve(violation_id: str, word: Word) -> dict[str, Any]:
        _decide(lambda: approve_case(site, store, violation_id, by=word.by, reason=word.reason))
        return case_detail_row(store.case(violation_id))

    @app.post("/cases/{violation_id}/reject")
    def reject(violation_id: str, word: Refusal) -> dict[str, Any]:
        _decide(lambda: reject_case(site, store, violation_id, by=word.by, reason=word.reason))
        return case_detail_row(store.case(violation_id))

    @app.post("/cases/{violation_id}/refute")
    def refute(violation_id: str, word: Refusal) -> dict[str, Any]:
        _decide(lambda: refute_case(site, store, violation_id, by=word.by, reason=word.reason))
        return case_detail_row(store.case(violation_id))

    @app.post("/cases/{violation_id}/retry")
    def retry(violation_id: str, word: Word) -> dict[str, Any]:
        _decide(lambda: retry_case(store, violation_id, by=word.by, reason=word.reason))
        return case_detail_row(store.case(violation_id))

    @app.post("/cases/{violation_id}/look")
    def look(violation_id: str, word: Word) -> dict[str, Any]:
        _decide(lambda: store.second_looks.ask(violation_id, by=word.by))
        return case_detail_row(store.case(violation_id))


def _decide(decision: Callable[[], object]) -> None:
    try:
        decision()
    except NotFound:
        raise HTTPException(404, "no such case") from None
    except WrongState as error:
        raise HTTPException(409, str(error)) from error
    except StoreError as error:
        raise HTTPException(503, str(error)) from error
