"""Evidence on disk: stills, packets, clip and a manifest that is chained to the one before."""

from cases.evidence.caption import clip_caption
from cases.evidence.custody import Custody, CustodyNotes, custody_notes
from cases.evidence.evidence import Evidence, EvidenceFile, FileKind
from cases.evidence.journal import Act, Journal, JournalEntry, holds
from cases.evidence.keys import PublicKeys, SigningKey, read_keys
from cases.evidence.manifest import read_evidence
from cases.evidence.request import EvidenceRequest, ModelFacts, SeenThing, Still
from cases.evidence.shown import LEAST_LOOKS, LookSeen, ShownJob, make_shown
from cases.evidence.supplement import (
    CLIP_SUPPLEMENT,
    Supplement,
    shown_clip,
    supplement_folder,
    supplements_of,
)
from cases.evidence.tombstone import Tombstone, read_tombstone, tombstone_path
from cases.evidence.verdict import FileVerdict, Verdict
from cases.evidence.verification import keys_beside, verify
from cases.evidence.writer import EvidenceWriter

__all__ = [
    "CLIP_SUPPLEMENT",
    "LEAST_LOOKS",
    "Act",
    "Custody",
    "CustodyNotes",
    "Evidence",
    "EvidenceFile",
    "EvidenceRequest",
    "EvidenceWriter",
    "FileKind",
    "FileVerdict",
    "Journal",
    "JournalEntry",
    "LookSeen",
    "ModelFacts",
    "PublicKeys",
    "SeenThing",
    "ShownJob",
    "SigningKey",
    "Still",
    "Supplement",
    "Tombstone",
    "Verdict",
    "clip_caption",
    "custody_notes",
    "holds",
    "keys_beside",
    "make_shown",
    "read_evidence",
    "read_keys",
    "read_tombstone",
    "shown_clip",
    "supplement_folder",
    "supplements_of",
    "tombstone_path",
    "verify",
]
