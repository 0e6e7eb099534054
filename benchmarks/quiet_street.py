"""A made 1080p stream of a street on which nothing happens: a rendered still and a sensor's noise.

H.264, 25 pictures a second, a key frame every two seconds, about 2 Mbit/s: what most street cameras
send for most of the night. It needs no data but the bundled demo.
"""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext

DEMO = Path(__file__).resolve().parent.parent / "configs" / "demo" / "parked-car.mp4"
WIDTH, HEIGHT, FPS, GOP = 1920, 1080, 25, 50
NOISE_LEVELS = 2.0
_NOISES = 7


def write_quiet_street(path: Path, *, seconds: int = 20, gop: int = GOP) -> Path:
    """Encode the stream; `gop`: pictures from one key frame to the next."""
    with av.open(str(DEMO)) as demo:
        first = next(demo.decode(video=0)).to_ndarray(format="rgb24")
    still = cv2.resize(first, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    random = np.random.default_rng(5)
    noises = [
        random.normal(0.0, NOISE_LEVELS, (HEIGHT, WIDTH, 1)).astype(np.float32)
        for _ in range(_NOISES)
    ]
    shown = [np.clip(still + noise, 0, 255).astype(np.uint8) for noise in noises]
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS)
        context: VideoCodecContext = stream.codec_context
        context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context.time_base, context.bit_rate, context.gop_size = Fraction(1, FPS), 2_000_000, gop
        context.options = {"preset": "veryfast", "x264-params": "scenecut=0:bframes=0"}
        for number in range(FPS * seconds):
            picture = shown[number * 3 % _NOISES]
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path
