"""Signed webhooks: cases as CloudEvents, posted to whoever wants to hear of them."""

from cases.transport import AddressRefused
from cases.webhook.client import Webhook
from cases.webhook.event import case_event
from cases.webhook.signature import BadSignature, sign, verify_signature

__all__ = ["AddressRefused", "BadSignature", "Webhook", "case_event", "sign", "verify_signature"]
