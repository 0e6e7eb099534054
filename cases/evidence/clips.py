"""Which clips a violation has: how the thing came, how it stood at the end, or both in one."""

from collections.abc import Sequence

from cases.evidence.request import EvidenceRequest
from streams import Excerpt

ENTRY_NAME = "clip"
CONFIRMATION_NAME = "clip-confirmation"
NO_PACKETS = "no packets"


def clips_of(request: EvidenceRequest) -> dict[str, tuple[Excerpt, ...]]:
    """Return the excerpts of each clip by its name; overlapping clips become one."""
    entry = _playing(request.entry_clip)
    confirmation = _playing(request.confirmation_clip)
    if entry and confirmation and _overlap(entry, confirmation):
        return {ENTRY_NAME: (*entry, *confirmation)}
    return {ENTRY_NAME: entry, CONFIRMATION_NAME: confirmation}


def _playing(excerpts: Sequence[Excerpt]) -> tuple[Excerpt, ...]:
    """Leave out a clip of one picture: the still beside it shows that."""
    return tuple(excerpts) if sum(len(one.packets) for one in excerpts) > 1 else ()


def _overlap(entry: Sequence[Excerpt], confirmation: Sequence[Excerpt]) -> bool:
    ends_s = max(packet.at_s for one in entry for packet in one.packets)
    begins_s = min(packet.at_s for one in confirmation for packet in one.packets)
    return begins_s <= ends_s
