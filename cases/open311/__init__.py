"""Open311 GeoReport v2: the client that posts cases to a city's server and finds them again."""

from cases.open311.client import Open311
from cases.open311.facts import attribute_facts, unknown_facts
from cases.transport import AddressRefused

__all__ = ["AddressRefused", "Open311", "attribute_facts", "unknown_facts"]
