"""eGova (数字政通) V22: the client that reports cases to a city's platform and looks them up."""

from cases.egova.client import Egova
from cases.egova.report import Agreement
from cases.egova.seal import BadPublicKey, sealed
from cases.transport import AddressRefused

__all__ = ["AddressRefused", "Agreement", "BadPublicKey", "Egova", "sealed"]
