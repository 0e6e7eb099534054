"""Whether a camera's pictures show the street they should show, look by look and over time.

One untrustworthy look is no evidence at once; it takes several in a row to say of a camera that it
is covered, moved or blurred, and several good ones to take that back (docs/picture-state.md).
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from detectors import PictureState
from streams import Frame, Picture
from streams.condition import (
    Fields,
    Measurement,
    Registration,
    View,
    changed_share,
    compared_part,
    measure,
)

log = logging.getLogger(__name__)

BLACKEST = 12
"""Luma that 1 % of a black picture exceed: black has noise, and limited-range black is not 0."""
DARK = 32
"""Luma that 5 % of a picture must exceed: a street under one lamp does."""
WHITE_SHARE = 0.5
SMEARED_SHARE = 0.08
"""Rows that only repeat the one above, from which a picture counts as damaged."""
SMOOTH = 0.35
"""A picture without any detail above this is a cover, or fog."""
LOST_SHARE = 0.63
"""Lasting detail that must be hidden: a bus that fills half the picture is no cover."""
SOFT = 0.77
"""Fine detail left of a picture that is out of focus (rain, fog and noise leave 0.89 or more)."""
MOVED_SHARE = 0.0175
"""Movement, in widths of the picture, from which zones no longer lie where they were drawn. Poles
sway and sag by up to 0.015 (docs/picture-state.md)."""
BACK_SHARE = 0.0125
"""A camera that was moved is back in place below this."""
UNLIKE_SHARE = 0.13
"""With fewer landmarks in place than this, and none elsewhere, a picture shows another place."""
UNCHANGED_SHARE = 0.06
"""Detail that may differ in a frozen picture: a clock drawn in later."""
FROZEN_S = 20.0
FROZEN_LOOKS = 3
SETTLED_LOOKS = 3
SETTLED_S = 4.0
"""As many looks, over as long, until a camera's state is another one."""
LEARN_EVERY_S = 1.0
"""Looks closer together show the same passers-by."""
REFRESH_S = 60.0
"""A reference follows the seasons by one look a minute."""
DAY_LUMA, NIGHT_LUMA = 70.0, 55.0
"""Mean brightness from which it is day, and below which it is night; between, what it was."""


class Light(StrEnum):
    """Each has a reference of its own: by night other edges show."""

    DAY = "day"
    NIGHT = "night"


class Album(Protocol):
    """Keeps the references of one camera over restarts."""

    def load(self) -> tuple[dict[Light, View], bool]:
        """Return what was kept, and whether the camera was moved when it was kept."""

    def save(self, views: dict[Light, View], *, moved: bool) -> None:
        """Keep them."""

    def accepted(self) -> bool:
        """Whether a person has accepted the present view since the last load or save."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What is known of a camera's picture at a moment."""

    state: PictureState = PictureState.OK
    """Over several looks."""
    since: datetime | None = None
    """captured_at of the first look in this state; None before the first look."""
    look_state: PictureState = PictureState.OK
    """Of the last look alone."""
    references: tuple[str, ...] = ()
    """For which light a reference was learnt: day, night."""
    registrable: bool = False
    """Whether the reference has enough landmarks to tell a movement."""
    shift_share: float | None = None
    """Movement of the last look against the reference, in widths of the picture."""


class PictureJudge:
    """Judges the looks of one camera, in order. Called by one thread; `condition` by any.

    The same looks give the same states. Learns the view's reference from clear looks.
    """

    def __init__(self, camera_id: str, album: Album | None = None) -> None:
        self._camera_id = camera_id
        self._album = album
        self._views: dict[Light, View] = {}
        self._light = Light.DAY
        self._before: Picture | None = None
        """compared_part() of the look before."""
        self._fields: Fields | None = None
        self._place: Registration | None = None
        """Of the last look that was measured."""
        self._changed_s = 0.0
        """When the picture last changed."""
        self._unchanged_looks = 0
        self._learnt_s: float | None = None
        self._run = _Run()
        self.condition = Condition()
        if album is not None:
            self._take_up(album)

    @property
    def still(self) -> bool:
        """Whether the last look showed the picture of the one before: it may be frozen."""
        return self._unchanged_looks > 0

    def judge(self, frame: Frame, *, same: bool = False) -> PictureState:
        """Say whether this look can be trusted.

        same: it shows no change against the last picture that a model saw. Where that was in order
        this one is, unless it is exactly the same one for too long.
        """
        if self._album is not None and self._run.moved and self._album.accepted():
            log.info("a new view was accepted", extra={"camera": self._camera_id})
            self._views, self._run, self._learnt_s = {}, _Run(), None
        now = compared_part(frame.picture)
        view = self._compared()
        if same and self._fields is not None and self._in_order(view):
            before, self._before = self._before, now
            share = changed_share(now, before, self._fields)
            frozen = self._frozen(frame.at_s, share)
            state = PictureState.FROZEN if frozen else PictureState.OK
            self._settle(frame, state, self._place)
            return state
        fields, found = measure(frame.picture, now, self._before, view, self._height_px())
        self._before, self._fields, self._place = now, fields, found.registration
        self._turn(fields.luma)
        state = self._state(frame, found)
        if state is PictureState.OK:
            self._learn(frame.at_s, fields, view)
        self._settle(frame, state, found.registration)
        return state

    def _in_order(self, view: View | None) -> bool:
        """Whether the last look was, and nothing is to be learnt from this one."""
        ok = PictureState.OK
        known = view is not None and view.ready and view is self._views.get(self._light)
        return known and self.condition.look_state is ok and self._run.state is ok

    def _take_up(self, album: Album) -> None:
        self._views, moved = album.load()
        if moved:
            self._run = _Run(PictureState.MOVED)
            self.condition = Condition(PictureState.MOVED, look_state=PictureState.MOVED)

    def _height_px(self) -> int | None:
        return next((view.height_px for view in self._views.values()), None)

    def _turn(self, luma: float) -> None:
        if luma >= DAY_LUMA:
            self._light = Light.DAY
        elif luma < NIGHT_LUMA:
            self._light = Light.NIGHT

    def _compared(self) -> View | None:
        """Return the reference to compare with: that of the present light, else the other one."""
        own = self._views.get(self._light)
        if own is not None and own.ready:
            return own
        return next((view for view in self._views.values() if view.ready), own)

    def _state(self, frame: Frame, found: Measurement) -> PictureState:
        frozen = self._frozen(frame.at_s, found.changed_share)
        state = _plain_state(found)
        if state is PictureState.OK and frozen:
            return PictureState.FROZEN
        if state is not PictureState.OK:
            return state
        place = found.registration
        limit = BACK_SHARE if self._run.moved else MOVED_SHARE
        in_place = place is not None and place.agreeing > 0 and place.shift_share <= limit
        if place is not None and place.agreeing and not in_place:
            return PictureState.MOVED
        if found.softness is not None and found.softness < SOFT:
            return PictureState.BLURRED
        if self._run.moved and not in_place:
            return PictureState.MOVED
        return PictureState.MOVED if self._elsewhere(found) else PictureState.OK

    def _elsewhere(self, found: Measurement) -> bool:
        """Nothing is where it was.

        Believed only in the light that the reference knows, and in a view with lasting detail:
        the few marks of an empty road drown in rain.
        """
        own, place = self._views.get(self._light), found.registration
        if place is None or place.agreeing or own is None or not own.ready:
            return False
        if found.lost_share is None:
            return False
        return place.near < UNLIKE_SHARE * place.landmarks

    def _frozen(self, at_s: float, changed_share: float | None) -> bool:
        if changed_share is None or changed_share > UNCHANGED_SHARE or at_s < self._changed_s:
            self._changed_s, self._unchanged_looks = at_s, 0
            return False
        self._unchanged_looks += 1
        return self._unchanged_looks >= FROZEN_LOOKS and at_s - self._changed_s >= FROZEN_S

    def _learn(self, at_s: float, fields: Fields, compared: View | None) -> None:
        own = self._views.setdefault(self._light, View())
        every_s = REFRESH_S if own.ready else LEARN_EVERY_S
        if self._learnt_s is not None and 0 <= at_s - self._learnt_s < every_s:
            return
        place = (
            None
            if compared is None or not compared.ready
            else compared.register(fields, exact=True)
        )
        if own.ready and place is not None and not place.agreeing:
            return  # Hidden by a bus, or by snow: nothing says that this is the view.
        self._learnt_s = at_s
        was_ready = own.ready
        own.learn(fields, place)
        if self._album is not None and ((own.ready and not was_ready) or self._due()):
            self._album.save(self._views, moved=False)

    def _due(self) -> bool:
        """Whether refreshed references should be written again: about once an hour."""
        view = self._views[self._light]
        return view.ready and view.looks % 60 == 0

    def _settle(self, frame: Frame, state: PictureState, place: Registration | None) -> None:
        before = self._run.state
        self._run.take(state, frame.at_s)
        now = self._run.state
        if now is not before:
            _tell(self._camera_id, now)
            if self._album is not None and PictureState.MOVED in {now, before}:
                self._album.save(self._views, moved=now is PictureState.MOVED)
        known = self.condition
        since = known.since if now is before and known.since else frame.captured_at
        compared = self._compared()
        self.condition = Condition(
            state=now,
            since=since,
            look_state=state,
            references=tuple(light for light, view in self._views.items() if view.ready),
            registrable=compared is not None and compared.registrable,
            shift_share=place.shift_share if place is not None and place.agreeing else None,
        )


class _Run:
    """A camera's state over looks: it changes when enough looks in a row say otherwise."""

    def __init__(self, state: PictureState = PictureState.OK) -> None:
        self.state = state
        self._looks = 0
        self._since_s = 0.0
        self._other: PictureState | bool | None = None

    @property
    def moved(self) -> bool:
        return self.state is PictureState.MOVED

    def take(self, state: PictureState, at_s: float) -> None:
        """Count a look. From ok, faults in a row need not be the same: the last one is named."""
        if state is self.state:
            self._looks = 0
            return
        other = True if self.state is PictureState.OK else state
        if not self._looks or other != self._other or at_s < self._since_s:
            self._looks, self._since_s, self._other = 0, at_s, other
        self._looks += 1
        if self._looks >= SETTLED_LOOKS and at_s - self._since_s >= SETTLED_S:
            self.state, self._looks = state, 0


def _plain_state(found: Measurement) -> PictureState:
    """Judge by light, damage and cover: what needs no comparison of places."""
    faults: tuple[tuple[PictureState, bool], ...] = (
        (PictureState.BLACK, found.brightest <= BLACKEST),
        (PictureState.OVEREXPOSED, found.white_share >= WHITE_SHARE),
        (PictureState.DARK, found.bright <= DARK),
        (PictureState.CORRUPT, found.smeared_share >= SMEARED_SHARE),
        (
            PictureState.COVERED,
            found.detail < SMOOTH or (found.lost_share or 0.0) >= LOST_SHARE,
        ),
    )
    return next((state for state, holds in faults if holds), PictureState.OK)


def _tell(camera_id: str, state: PictureState) -> None:
    level = logging.INFO if state is PictureState.OK else logging.WARNING
    text = "picture is in order again" if state is PictureState.OK else "picture cannot be trusted"
    log.log(level, text, extra={"camera": camera_id, "state": state.value})
