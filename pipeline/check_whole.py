"""Whether a rule without zones can mean the whole picture."""

from collections.abc import Mapping
from types import MappingProxyType

from configs import Rule
from detectors import KindSpec
from pipeline.problem import Findings

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "beyond_storefront": "one shop's frontage",
        "damaged_sign": "one sign",
        "floating_debris": "water",
    }
)
"""Kinds of which the zone is the shop, the sign, the water, and what all of it would be."""
DOUBTFUL: Mapping[str, str] = MappingProxyType(
    {
        "bike_disorder": "one pavement: two-wheelers anywhere in sight count",
        "crowd_density": "one place to gather: who passes anywhere in sight counts",
        "muck_spill": "the road: what lies beside it counts as well",
    }
)
"""Kinds of which some cameras see nothing but the place."""


def check_whole(rule: Rule, spec: KindSpec, path: str, findings: Findings) -> None:
    """Say where a rule without zones accuses in more than it can mean."""
    if rule.zones:
        return
    wanted = ", ".join(sorted(spec.zone_kinds))
    for kinds, note in ((REFUSED, findings.error), (DOUBTFUL, findings.warn)):
        if rule.kind in kinds:
            note(
                f"{path}.zones",
                f"without zones {rule.kind} takes the whole picture for {kinds[rule.kind]}",
                f"draw a zone of kind {wanted} around each, and name it under the rule's zones:"
                if kinds is REFUSED
                else f"name a zone of kind {wanted} under the rule's zones:",
            )
