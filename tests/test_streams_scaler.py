"""Pictures are shrunk plane by plane: the right size, the right colours, every pixel counted."""

import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from hypothesis import given
from hypothesis import strategies as st

from streams.scaler import SCALING, Scaler, scaled_size
from streams.shrink import shrunk


@pytest.mark.parametrize(
    ("size", "longest_px", "expected"),
    [
        ((1920, 1080), 640, (640, 360)),
        ((1080, 1920), 640, (360, 640)),  # portrait
        ((640, 360), 640, (640, 360)),
        ((352, 288), 640, (352, 288)),  # never enlarged
        ((2592, 1944), 416, (416, 312)),
        ((5000, 3), 100, (100, 1)),
    ],
)
def test_scaling_keeps_the_aspect_ratio(
    size: tuple[int, int], longest_px: int, expected: tuple[int, int]
) -> None:
    """The longer side is at most what was asked for."""
    assert scaled_size(*size, longest_px) == expected


def test_a_scaled_picture_owns_its_memory() -> None:
    """RGB, (h, w, 3), not a view into the decoder's frame."""
    picture = Scaler().picture(drawn(640, 360, "yuv420p"), 320)
    assert picture.shape == (180, 320, 3)
    assert picture.dtype == np.uint8
    assert picture.base is None
    assert picture.flags.c_contiguous
    assert picture[5, 315, 0] > picture[5, 315, 1] + 80  # red grows to the right, green downwards


def drawn(width: int, height: int, kind: str) -> VideoFrame:
    """Draw stripes, a slope and colours as a frame of a format."""
    y, x = np.mgrid[:height, :width]
    picture = np.dstack([(x * 255) // width, (y * 255) // height, 40 + 160 * (x // 60 % 2)])
    return VideoFrame.from_ndarray(picture.astype(np.uint8), "rgb24").reformat(
        format=kind, interpolation=Interpolation.AREA | Interpolation.ACCURATE_RND
    )


@pytest.mark.parametrize("kind", ["yuv420p", "yuvj420p"])
@pytest.mark.parametrize(
    "size",
    [
        (1920, 1080),
        (1080, 1920),
        (3840, 2160),  # halved twice
        (1280, 960),
        (2592, 1944),
        (1022, 766),  # padded lines, odd when halved
        (641, 361),
    ],
)
def test_planes_show_what_swscale_shows(size: tuple[int, int], kind: str) -> None:
    """Shrunk plane by plane a picture is what swscale makes of it, to within its own rounding."""
    frame = drawn(*size, kind)
    ours = Scaler().picture(frame, 512).astype(int)
    theirs = Scaler(Interpolation.AREA | Interpolation.ACCURATE_RND).picture(frame, 512).astype(int)
    assert ours.shape == theirs.shape
    inside = np.abs(ours - theirs)[2:-2, 2:-2]
    assert inside.mean() < 2.5
    assert np.abs((ours - theirs).mean(axis=(0, 1))).max() < 2.0  # no colour is shifted


def test_what_the_colours_mean_is_kept() -> None:
    """The same planes are other colours by BT.709 or in full range: swscale is told of it."""
    frame = drawn(1920, 1080, "yuv420p")
    shown = []
    for space, span in (
        (Colorspace.ITU601, ColorRange.MPEG),
        (Colorspace.ITU709, ColorRange.MPEG),
        (Colorspace.ITU601, ColorRange.JPEG),
    ):
        frame.colorspace, frame.color_range = space, span
        ours = Scaler().picture(frame, 512).astype(int)
        assert np.abs(ours - Scaler(SCALING).picture(frame, 512)).mean() < 3.0
        shown.append(ours)
    assert np.abs(shown[0] - shown[1]).mean() > 3.0


@pytest.mark.parametrize("kind", ["yuv444p", "yuv422p", "yuv420p10le", "nv12", "gray"])
def test_other_planes_are_left_to_swscale(kind: str) -> None:
    """Ten bits, other chroma, chroma in one plane."""
    frame = drawn(1280, 720, kind)
    assert np.array_equal(Scaler().picture(frame, 512), Scaler(SCALING).picture(frame, 512))


@given(high=st.integers(1, 300), wide=st.integers(1, 300), data=st.data())
def test_a_shrunk_plane_has_the_size_and_levels_asked_for(
    high: int, wide: int, data: st.DataObject
) -> None:
    """A flat plane stays what it is; of any other nothing is darker or lighter than before."""
    height, width = data.draw(st.integers(1, high)), data.draw(st.integers(1, wide))
    flat = shrunk(np.full((high, wide), 77, np.uint8), width, height)
    assert flat.shape == (height, width)
    assert (flat == 77).all()
    checks = np.add.outer(np.arange(high) % 3, np.arange(wide) % 2).astype(np.uint8) * np.uint8(60)
    small = shrunk(checks, width, height)
    assert int(checks.min()) <= int(small.min()) <= int(small.max()) <= int(checks.max())


def test_no_pixel_is_left_out() -> None:
    """A line of one pixel shows in what is shrunk, wherever it lies: 68 of 255 would be its share.

    The linear part weighs unevenly; where it is worst an eighth is left.
    """
    shown = []
    for at in range(40, 120):
        plane = np.zeros((1080, 1920), np.uint8)
        plane[:, at] = 255
        shown.append(int(shrunk(plane, 512, 288).max()))
    assert min(shown) >= 68 // 8
    assert sorted(shown)[len(shown) // 10] >= 68 // 4
