"""No picture of a damaged H.264 packet reaches the rules, whatever damaged it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from detectors import PictureState
from pipeline.condition import PictureJudge
from streams import Source
from streams.decoder import KeyDecoder
from streams.demuxer import Demuxer
from streams.packet import CodecParameters, Packet
from streams.scaler import Scaler
from tests.clips import Recipe, make_clip
from tests.faults import judged, pictures


def packets(file: Path) -> list[tuple[Packet, CodecParameters]]:
    """Read every packet of a clip."""
    with Demuxer(Source.of_file(file)) as demuxer:
        return [
            (unit.placed(float(number)), unit.parameters)
            for number, unit in enumerate(demuxer.units())
        ]


def damaged(data: bytes, how: str, random: np.random.Generator) -> bytes:
    """Damage a packet past its first quarter: bytes turned over, lost, cut off or zeroed."""
    made = bytearray(data)
    start = len(made) // 4
    if how == "turned":
        for place in random.integers(start, len(made), 6):
            made[place] ^= 0xFF
    elif how == "lost":
        at = int(random.integers(start, len(made) - 1400))
        del made[at : at + 1400]
    elif how == "cut":
        del made[len(made) // 2 :]
    else:
        at = int(random.integers(start, len(made) - 1400))
        made[at : at + 1400] = bytes(1400)
    return bytes(made)


def test_damaged_packets_give_no_picture_that_is_believed(
    tmp_path: Path, shared_data: Path
) -> None:
    """Of key packets damaged in four ways the decoder hands out nothing, or what is called so."""
    street = pictures(shared_data / "videos" / "city_road.avi")
    recipe = Recipe(width=640, height=360, fps=1, seconds=12, gop=1)
    clip = make_clip(tmp_path / "keys.mp4", recipe, lambda number: street[number].copy())
    whole = packets(clip)
    decoder, scaler, judge = KeyDecoder(), Scaler(), PictureJudge("cam")
    sound = [decoder.decode(packet, parameters) for packet, parameters in whole]
    looks = [scaler.picture(frame, 640) for frame in sound if frame is not None]
    assert len(looks) == 12
    assert set(judged(looks, judge)) == {PictureState.OK}
    random = np.random.default_rng(11)
    believed, tried = 0, 0
    for how in ("turned", "lost", "cut", "zeroed"):
        for packet, parameters in whole:
            spoilt = replace(packet, data=damaged(packet.data, how, random))
            frame = decoder.decode(spoilt, parameters)
            tried += 1
            if frame is not None:
                state = judged([scaler.picture(frame, 640)], judge, from_s=100.0 + tried)[0]
                believed += state is PictureState.OK
    assert tried == 48
    assert believed == 0
