"""Cameras (RTSP, files) into timed frames and packets. Knows nothing of models or rules."""

from streams.camera import CameraSpec, CameraState, Mode, State
from streams.errors import FixError, Reason, RestError, RetryError, StreamError
from streams.film import sampled, write_film
from streams.frame import Frame, Picture
from streams.group import Group
from streams.hardware import Hardware, Wanted
from streams.mux import mux
from streams.packet import CodecParameters, Excerpt, Packet
from streams.probe import Probe, probe
from streams.reader import FileInfo, FileReader
from streams.source import Source
from streams.spool import load_excerpt, save_excerpt
from streams.still import decode_still

__all__ = [
    "CameraSpec",
    "CameraState",
    "CodecParameters",
    "Excerpt",
    "FileInfo",
    "FileReader",
    "FixError",
    "Frame",
    "Group",
    "Hardware",
    "Mode",
    "Packet",
    "Picture",
    "Probe",
    "Reason",
    "RestError",
    "RetryError",
    "Source",
    "State",
    "StreamError",
    "Wanted",
    "decode_still",
    "load_excerpt",
    "mux",
    "probe",
    "sampled",
    "save_excerpt",
    "write_film",
]
