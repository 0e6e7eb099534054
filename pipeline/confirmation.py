"""A confirmed violation into evidence on disk and a row of the outbox."""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cases import (
    CaseEvent,
    Channel,
    Confirmation,
    Evidence,
    EvidenceError,
    EvidenceRequest,
    EvidenceWriter,
    Message,
    ModelFacts,
    Reserve,
    Review,
    Still,
    Store,
    case_payload,
    update_payload,
)
from configs import Camera, Place, Rule, Site, calendar
from detectors import KINDS, Moment, Violation, Zone
from pipeline.delivery import case_code, limits_of, profile_of
from pipeline.host_clock import synchronised
from pipeline.ingest import Ingest, IngestLost
from pipeline.one_place import OnePlace
from pipeline.plan import zone_of
from pipeline.routes import pre_alarm_channel, route_of
from pipeline.sight import Sight
from pipeline.spool import Spool
from streams import Excerpt, Picture, StreamError, decode_still

log = logging.getLogger(__name__)

CLIP_LEAD_S = 8.0
"""Seconds before the first sight (and before the confirmation) that a clip shows."""
STILL_TRIES = 3
STILL_AGAIN_S = 2.0
"""A lost ingest worker is back within seconds; then the still is asked for again."""
SAMPLED_SHARE = 10
"""`review: sampled` holds one case in this many."""


class Confirmer:
    """Collects the moments of a violation, writes its evidence, puts its case into the outbox."""

    def __init__(
        self,
        site: Site,
        *,
        store: Store,
        writer: EvidenceWriter,
        reserve: Reserve,
        spool: Spool,
        ingest: Ingest,
        sight: Sight,
    ) -> None:
        """Read the code profile and the holidays; raises ConfigError."""
        self._site = site
        self._store = store
        self._writer = writer
        self._reserve = reserve
        self._spool = spool
        self._ingest = ingest
        self._sight = sight
        self._profile = profile_of(site)
        self._days = calendar(site.site.holidays, site.file.parent)
        self._one_place = OnePlace(site, store)

    def confirm(self, violation: Violation) -> Callable[[], Confirmation]:
        """Write the evidence; the call that is returned commits violation and outbox row.

        Where the evidence cannot be written the case is held for a person, with the reason.
        """
        camera = self._site.camera(violation.camera_id)
        zone = zone_of(camera, violation.zone_id)
        review, reason = self._review(camera, violation)
        evidence: Evidence | None
        try:
            self._reserve.ready()
            evidence = self._writer.write(self._request(violation))
        except EvidenceError as error:
            log.exception("evidence could not be written", extra={"violation": str(violation)})
            evidence, review, reason = None, Review.HELD, f"no evidence: {error}"
        coded = self._profile.code(violation.kind, zone.kind) is not None
        route = route_of(self._site, coded=coded)
        payload = self._payload(violation, camera, zone, evidence, route.event)

        def commit() -> Confirmation:
            first = self._one_place.first_witness(violation)
            return self._store.confirm(
                violation,
                evidence,
                payload,
                review=Review.NONE if first else review,
                reason="" if first else reason,
                channel=route.channel,
                limits=limits_of(self._site),
                keep=route.keep,
                witness_of=first,
                same_place=self._one_place.others(violation),
            )

        return commit

    def pre_alarm(self, violation: Violation) -> tuple[dict[str, Any], Channel] | None:
        """Word a pre-alarm, and say whom it is for.

        None where nobody wants to hear of it, or has heard of it from another camera.
        """
        channel = pre_alarm_channel(self._site)
        if channel is None or self._one_place.was_told(violation):
            return None
        camera = self._site.camera(violation.camera_id)
        zone = zone_of(camera, violation.zone_id)
        return self._payload(violation, camera, zone, None, "opened"), channel

    def cleared(self, violation: Violation, reason: str, *, discarded: bool) -> dict[str, Any]:
        """Word what those are told who heard of a violation that is over."""
        return update_payload(
            violation,
            Message.CLEARED,
            at=violation.last_at,
            language=self._site.site.language,
            timezone=self._site.site.timezone,
            discarded=discarded,
            reason=reason,
        ).to_json()

    def _review(self, camera: Camera, violation: Violation) -> tuple[Review, str]:
        rule = _rule_of(camera, violation)
        wanted = rule.review if rule else "required"
        if wanted == "required":
            return Review.HELD, "the rule asks for a review"
        if KINDS[violation.kind].always_reviewed:
            return Review.HELD, f"every {violation.kind} is reviewed"
        if wanted == "sampled" and _drawn(violation.violation_id):
            return Review.HELD, "drawn for review"
        return Review.NONE, ""

    @property
    def writer(self) -> EvidenceWriter:
        """What writes this site's evidence."""
        return self._writer

    def about(self, violation: Violation) -> EvidenceRequest:
        """Say everything about a violation that goes into evidence but its pictures."""
        camera = self._site.camera(violation.camera_id)
        zone = zone_of(camera, violation.zone_id)
        rule = _rule_of(camera, violation)
        language = self._site.site.language
        return EvidenceRequest(
            violation=violation,
            title=case_code(self._profile, violation.kind, zone.kind).name(language),
            stills=(),
            entry_clip=(),
            place=camera.place_of(violation.zone_id or None),
            zone=zone if violation.zone_id else None,
            rule_dwell_s=_dwell_s(rule, violation.kind, zone.kind),
            rule=rule.model_dump(mode="json", by_alias=True) if rule else {},
            models=tuple(
                ModelFacts(entry.name, entry.sha256) for entry in self._sight.models_of(camera.id)
            ),
            clock=_clock(()),
        )

    def _request(self, violation: Violation) -> EvidenceRequest:
        stills = tuple(
            still
            for moment in violation.moments
            if (still := self._still(violation, moment)) is not None
        )
        return replace(
            self.about(violation),
            stills=stills,
            entry_clip=self._entry_clip(violation),
            confirmation_clip=self._confirmation_clip(violation),
            clock=_clock(stills),
        )

    def _still(self, violation: Violation, moment: Moment) -> Still | None:
        """Return the picture of a moment; None when it has none, or none can be had any more."""
        if moment.at_s is None or moment.captured_at is None or moment.box is None:
            return None
        path = self._spool.look(violation.violation_id, moment.at_s)
        try:
            excerpt, surroundings = self._spool.load_look(path)
            picture = self._decode(excerpt, moment.at_s)
        except (OSError, ValueError, StreamError) as error:
            log.warning(
                "a moment has no picture any more",
                extra={
                    "role": moment.role.value,
                    "violation": violation.violation_id,
                    "error": str(error),
                },
            )
            return None
        return Still(
            moment=moment,
            picture=picture,
            width=surroundings.width,
            height=surroundings.height,
            seen=surroundings.seen,
            excerpt=excerpt,
        )

    def _decode(self, excerpt: Excerpt, at_s: float) -> Picture:
        """Decode in the camera's worker, so that a crash in C does not take the store along."""
        for _ in range(STILL_TRIES):
            try:
                return self._ingest.still(excerpt, at_s)
            except IngestLost:
                time.sleep(STILL_AGAIN_S)
        log.warning("no ingest worker: decoding a still in the main process")
        return decode_still(excerpt, at_s)

    def _entry_clip(self, violation: Violation) -> tuple[Excerpt, ...]:
        """Return the packets around the first sight: what the ring still has, else the spool."""
        opened_s = violation.opened_at_s
        whole = self._ring(violation.camera_id, opened_s - CLIP_LEAD_S, violation.last_at_s)
        if whole and whole[0].packets[0].at_s <= opened_s:
            return whole
        return self._spool.load_entry(violation.violation_id)

    def _confirmation_clip(self, violation: Violation) -> tuple[Excerpt, ...]:
        """Return the packets up to the look that completed the dwell."""
        now_s = violation.last_at_s
        return self._ring(violation.camera_id, now_s - CLIP_LEAD_S, now_s)

    def _ring(self, camera_id: str, from_s: float, to_s: float) -> tuple[Excerpt, ...]:
        try:
            return self._ingest.excerpts(camera_id, from_s, to_s)
        except (IngestLost, LookupError, StreamError) as error:
            log.warning("no clip", extra={"camera": camera_id, "error": str(error)})
            return ()

    def _payload(
        self,
        violation: Violation,
        camera: Camera,
        zone: Zone,
        evidence: Evidence | None,
        event: CaseEvent,
    ) -> dict[str, Any]:
        place = camera.place_of(violation.zone_id or None)
        if place.lat is None and not place.address:
            # No case system takes a case from nowhere; the camera's name is at least findable.
            place = place.overridden_by(Place(address=camera.id))
        return case_payload(
            violation,
            evidence,
            evidence_root=self._writer.root,
            code=case_code(self._profile, violation.kind, zone.kind),
            place=place,
            language=self._site.site.language,
            timezone=self._site.site.timezone,
            event=event,
            area=self._site.site.area,
            days=self._days,
        ).to_json()


def _rule_of(camera: Camera, violation: Violation) -> Rule | None:
    """Find the rule a violation broke: of its kind, naming its zone."""
    for rule in camera.rules:
        if rule.kind == violation.kind and (not rule.zones or violation.zone_id in rule.zones):
            return rule
    return None


def _dwell_s(rule: Rule | None, kind: str, zone_kind: str) -> float:
    if rule is not None and rule.dwell_s is not None:
        return rule.dwell_s
    return KINDS[kind].dwell_s(zone_kind)


def _drawn(violation_id: str) -> bool:
    """Draw one in SAMPLED_SHARE, the same ones at every restart."""
    digest = hashlib.sha256(violation_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") % SAMPLED_SHARE == 0


def _clock(stills: tuple[Still, ...]) -> dict[str, Any]:
    """Say what is known about the times: where they come from."""
    offsets = sorted(
        {round(still.excerpt.utc_offset_s, 3) for still in stills if still.excerpt is not None}
    )
    return {
        "source": "host clock, anchored to the camera's timeline (docs/time.md)",
        "utc_offsets_s": offsets,
        "synchronised": synchronised(),
    }
