"""Cameras (RTSP, files) into timed frames and packets. Knows nothing of models or rules."""

from streams.frame import Frame, Picture
from streams.packet import CodecParameters, Excerpt, Packet

__all__ = ["CodecParameters", "Excerpt", "Frame", "Packet", "Picture"]
