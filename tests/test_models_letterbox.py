"""Where pictures lie in the input, and the way back."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.letterbox import Placement, Size, centred, stretched, top_left
from models.tensors import InputTensor, Pixels, allocate

RGB = Pixels(order=(0, 1, 2), mean=(0, 0, 0), divisor=(255, 255, 255))
BGR = Pixels(order=(2, 1, 0), mean=(10, 20, 30), divisor=(2, 3, 4))

sizes = st.tuples(st.integers(1, 3000), st.integers(1, 3000))
targets = st.tuples(st.integers(1, 40), st.integers(1, 40)).map(lambda s: (32 * s[0], 32 * s[1]))
places = st.sampled_from([centred, top_left, stretched])
fractions = st.lists(st.floats(0, 1), min_size=4, max_size=4)


@settings(deadline=None)  # machines are slow at times
@given(sizes, targets, places, fractions)
def test_the_way_back_is_exact(picture: Size, target: Size, place: object, at: list[float]) -> None:
    """A box of the picture goes into the input and comes back to where it was."""
    placement: Placement = place(picture, target)  # type: ignore[operator]  # sampled functions
    height, width = picture
    x0, x1 = sorted(at[:2])
    y0, y1 = sorted(at[2:])
    box = np.array([[x0 * width, y0 * height, x1 * width, y1 * height]], np.float32)
    back = placement.to_picture(placement.to_input(box))
    # float32 keeps 7 digits of a number up to the input's side, seen at the picture's scale.
    scale = max(width / placement.width, height / placement.height, 1)
    np.testing.assert_allclose(back, box, atol=1e-3 * scale, rtol=1e-5)


@settings(deadline=None)  # machines are slow at times
@given(sizes, targets, places)
def test_the_picture_lies_inside_the_input(picture: Size, target: Size, place: object) -> None:
    """The resized picture has at least a pixel and never leaves the input."""
    placement: Placement = place(picture, target)  # type: ignore[operator]  # sampled functions
    assert 1 <= placement.height <= target[0] - placement.top
    assert 1 <= placement.width <= target[1] - placement.left
    assert placement.top >= 0
    assert placement.left >= 0


@settings(deadline=None)  # machines are slow at times
@given(sizes, targets)
def test_what_leaves_the_picture_is_cut(picture: Size, target: Size) -> None:
    """A box over the whole input comes back as the whole picture, no further."""
    placement = centred(picture, target)
    box = np.array([[-50, -50, target[1] + 50, target[0] + 50]], np.float32)
    expected = [[0, 0, picture[1], picture[0]]]
    np.testing.assert_allclose(placement.to_picture(box), expected, rtol=1e-6)


@settings(deadline=None)  # machines are slow at times
@given(sizes, st.sampled_from([8, 32, 64]), fractions)
def test_free_sizes_lose_the_border_and_nothing_else(
    picture: Size, stride: int, at: list[float]
) -> None:
    """The picture is as large as in the square, in the least input of whole strides; exact back."""
    cut, full = centred(picture, (640, 640), stride), centred(picture, (640, 640))
    assert (cut.height, cut.width) == (full.height, full.width)
    assert cut.input[0] % stride == cut.input[1] % stride == 0
    assert cut.height <= cut.input[0] < cut.height + stride
    assert cut.width <= cut.input[1] < cut.width + stride
    box = np.array([sorted(at)], np.float32) * min(picture)
    there_and_back = cut.to_picture(cut.to_input(box))
    scale = max(picture[0] / cut.height, picture[1] / cut.width, 1)
    np.testing.assert_allclose(there_and_back, box, atol=1e-3 * scale, rtol=1e-5)


@pytest.mark.parametrize(
    ("picture", "target", "expected"),
    [
        ((1080, 1920), (640, 640), (140, 0, 360, 640)),  # the usual street camera
        ((427, 640), (640, 640), (106, 0, 427, 640)),  # odd border: the thinner side on top
        ((640, 427), (640, 640), (0, 106, 640, 427)),  # same, at the left
        ((720, 1280), (384, 640), (12, 0, 360, 640)),  # an input that is no square
        ((100, 100), (640, 640), (0, 0, 640, 640)),  # enlarged
        ((1, 3000), (640, 640), (319, 0, 1, 640)),  # a thin one keeps a row of pixels
    ],
)
def test_centred_as_ultralytics_does(
    picture: Size, target: Size, expected: tuple[int, int, int, int]
) -> None:
    """Top, left, height, width as ultralytics 8.4.190's LetterBox gave them."""
    placement = centred(picture, target)
    assert expected == (placement.top, placement.left, placement.height, placement.width)


@pytest.mark.parametrize("size", [(1080, 1920), (90, 160), (300, 200), (64, 96), (97, 31)])
@pytest.mark.parametrize("pixels", [RGB, BGR])
@pytest.mark.parametrize("place", [centred, top_left, stretched])
def test_pixels_arrive_as_a_plain_reference_puts_them(
    size: Size, pixels: Pixels, place: object
) -> None:
    """The tensor equals resize, border and blob done step by step, each in fresh memory."""
    picture = np.random.default_rng(5).integers(0, 256, (*size, 3), np.uint8)
    placement: Placement = place(size, (64, 96))  # type: ignore[operator]  # parametrized functions
    tensor = allocate(2, (64, 96), np.float32, pixels)
    tensor.write(1, picture, placement)
    np.testing.assert_allclose(tensor.blob[1], reference(picture, placement, pixels), atol=1e-5)


def reference(picture: np.ndarray, placement: Placement, pixels: Pixels) -> np.ndarray:
    """Lay a picture into the input the slow way."""
    resized = picture
    if picture.shape[:2] != (placement.height, placement.width):
        resized = cv2.resize(picture, (placement.width, placement.height))
    laid = cv2.copyMakeBorder(
        resized,
        placement.top,
        placement.input[0] - placement.top - placement.height,
        placement.left,
        placement.input[1] - placement.left - placement.width,
        cv2.BORDER_CONSTANT,
        value=(114, 114, 114),
    )
    ordered = laid[:, :, list(pixels.order)].astype(np.float64)
    return ((ordered - pixels.mean) / pixels.divisor).transpose(2, 0, 1)


def test_a_tensor_is_filled_in_place_and_forgets_the_picture_before() -> None:
    """Pictures of other shapes reuse the memory and leave nothing of the last one in the border."""
    rng = np.random.default_rng(6)
    tensor: InputTensor = allocate(1, (64, 64), np.float32, RGB)
    address = tensor.blob.ctypes.data
    for size in [(40, 80), (80, 40), (64, 64), (40, 80), (1, 50)]:
        picture = rng.integers(0, 256, (*size, 3), np.uint8)
        placement = centred(size, (64, 64))
        tensor.write(0, picture, placement)
        np.testing.assert_allclose(tensor.blob[0], reference(picture, placement, RGB), atol=1e-6)
    assert tensor.blob.ctypes.data == address


def test_pictures_may_be_views() -> None:
    """A mirrored or cropped view gives the same tensor as its copy."""
    picture = np.random.default_rng(7).integers(0, 256, (90, 160, 3), np.uint8)
    for view in (picture[:, ::-1], picture[10:50, 20:90], picture[:, :, ::-1]):
        size = (view.shape[0], view.shape[1])
        seen, copied = (allocate(1, (64, 64), np.float32, RGB) for _ in range(2))
        seen.write(0, view, centred(size, (64, 64)))
        copied.write(0, view.copy(), centred(size, (64, 64)))
        np.testing.assert_array_equal(seen.blob, copied.blob)
