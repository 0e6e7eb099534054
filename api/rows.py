"""Cases and deliveries as rows for people and programs."""

from datetime import datetime
from typing import Any

from api.output import pixels, seconds
from cases import Case, CaseDetail, CasesError, Delivery, JournalEntry, Silence, custody_notes


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")


def case_row(delivery: Delivery) -> dict[str, Any]:
    """One row of `cases list`: a message to the case system and where it stands."""
    return {
        "id": delivery.violation_id,
        "camera": delivery.camera_id,
        "zone": delivery.zone_id,
        "kind": delivery.kind,
        "message": delivery.message.value,
        "channel": delivery.channel.value,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "case_id": delivery.remote_case_id,
        "standing": delivery.standing.value if delivery.standing else None,
        "created_at": _when(delivery.created_at),
        "delivered_at": _when(delivery.delivered_at),
        "next_attempt_at": _when(delivery.next_attempt_at),
        "error": delivery.last_error or None,
    }


def silence_row(silence: Silence) -> dict[str, Any]:
    """One row of `cases silences`."""
    return {
        "silence": silence.silence_id,
        "rejected": silence.violation_id,
        "camera": silence.camera_id,
        "zone": silence.zone_id,
        "kind": silence.kind,
        "xyxy": pixels(silence.box),
        "made_at": _when(silence.made_at),
        "until_at": _when(silence.until_at),
        "by": silence.by,
        "reason": silence.reason,
        "lifted_at": _when(silence.lifted_at),
        "lifted_by": silence.lifted_by,
    }


def case_detail_row(detail: CaseDetail) -> dict[str, Any]:
    """Everything about one case."""
    case = detail.case
    violation = case.violation
    return {
        "id": violation.violation_id,
        "key": case.case_key,
        "camera": violation.camera_id,
        "zone": violation.zone_id,
        "kind": violation.kind,
        "label": violation.label,
        "state": case.state.value,
        "review": case.review.value,
        "reason": case.reason or None,
        "opened_at": _when(violation.opened_at),
        "confirmed_at": _when(case.confirmed_at),
        "dwell_s": seconds(violation.dwell_s),
        "unseen_s": seconds(violation.unseen_s),
        "xyxy": pixels(violation.box),
        "manifest_sha256": case.manifest_sha256,
        "evidence": _evidence_row(case),
        "deliveries": [case_row(delivery) for delivery in detail.deliveries],
        "attempts": [
            {
                "number": attempt.number,
                "started_at": _when(attempt.started_at),
                "ended_at": _when(attempt.ended_at),
                "outcome": attempt.outcome.value if attempt.outcome else None,
                "error": attempt.error or None,
            }
            for attempt in detail.attempts
        ],
        "history": [
            {"at": _when(entry.at), "what": entry.what, "by": entry.by, "reason": entry.reason}
            for entry in detail.history
        ],
    }


def _evidence_row(case: Case) -> dict[str, Any] | None:
    """Say whether a case's evidence is there, under hold, removed, and who took copies."""
    if case.evidence_folder is None:
        return None
    try:
        notes = custody_notes(case.evidence_folder)
    except CasesError as error:
        return {"state": "unknown", "reason": str(error)}
    if notes.removed is not None:
        state, gone = "removed", notes.removed
        return {"state": state, "at": _when(gone.at), "by": gone.by, "reason": gone.reason}
    return {
        "state": "kept" if case.evidence_folder.is_dir() else "missing",
        "holds": [_act_row(entry) for entry in notes.holds],
        "exports": [_act_row(entry) for entry in notes.exports],
    }


def _act_row(entry: JournalEntry) -> dict[str, Any]:
    return {"at": _when(entry.at), "by": entry.by, "reason": entry.reason}
