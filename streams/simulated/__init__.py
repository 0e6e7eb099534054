"""A video file as an RTSP camera, with the faults that real cameras have.

For trying things out, for the demo and for tests. H.264 and H.265 over RTSP 1.0 with RTP inside
the same TCP connection; packets are passed on as they are in the file, nothing is re-encoded.
"""

from streams.simulated.camera import SimulatedCamera
from streams.simulated.fault import DEFAULT_AFTER_S, Fault, FaultKind
from streams.simulated.film import UnservableFileError
from streams.simulated.serve import serve

__all__ = [
    "DEFAULT_AFTER_S",
    "Fault",
    "FaultKind",
    "SimulatedCamera",
    "UnservableFileError",
    "serve",
]
