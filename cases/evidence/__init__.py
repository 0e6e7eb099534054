"""Evidence on disk: stills, packets, clip and a manifest that is chained to the one before."""

from cases.evidence.evidence import Evidence, EvidenceFile, FileKind
from cases.evidence.keys import PublicKeys, SigningKey, read_keys
from cases.evidence.manifest import read_evidence
from cases.evidence.request import EvidenceRequest, ModelFacts, SeenThing, Still
from cases.evidence.verdict import FileVerdict, Verdict
from cases.evidence.verification import verify
from cases.evidence.writer import EvidenceWriter

__all__ = [
    "Evidence",
    "EvidenceFile",
    "EvidenceRequest",
    "EvidenceWriter",
    "FileKind",
    "FileVerdict",
    "ModelFacts",
    "PublicKeys",
    "SeenThing",
    "SigningKey",
    "Still",
    "Verdict",
    "read_evidence",
    "read_keys",
    "verify",
]
