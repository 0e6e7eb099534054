"""Pictures, in batches, into detections. Knows nothing of cameras or time."""

from models.detections import Detections

__all__ = ["Detections"]
