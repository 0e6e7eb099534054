"""Picture files: read as OpenCV reads them, or refused with a word."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from models import PictureError, read_picture
from models.pictures import MAX_BYTES


@pytest.fixture
def street() -> np.ndarray:
    """Return a picture of 40x60 whose corners differ."""
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:20, :30], picture[:20, 30:], picture[20:, :30] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    return picture


def write(path: Path, picture: np.ndarray) -> Path:
    """Write an RGB picture."""
    assert cv2.imwrite(str(path), picture[:, :, ::-1])
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".png", ".bmp", ".JPG"])
def test_pictures_come_as_rgb(tmp_path: Path, street: np.ndarray, suffix: str) -> None:
    """Every kind is read, red first."""
    picture = read_picture(write(tmp_path / f"street{suffix}", street))
    assert picture.shape == (40, 60, 3)
    assert picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - street).mean() < 5


def test_pixels_are_those_of_imread(shared_data: Path) -> None:
    """The same file gives the same pixels as cv2.imread."""
    for file in sorted((shared_data / "images" / "vehicles").glob("*.jpg"))[::30]:
        bgr = cv2.imread(str(file))
        assert bgr is not None
        np.testing.assert_array_equal(read_picture(file), bgr[:, :, ::-1])


@pytest.mark.parametrize("picture", [np.full((9, 7), 77, np.uint8), np.full((9, 7, 4), 77, "u1")])
def test_grey_and_transparent_pictures_become_rgb(tmp_path: Path, picture: np.ndarray) -> None:
    """One channel is repeated, a fourth is left out."""
    file = tmp_path / "odd.png"
    cv2.imwrite(str(file), picture)
    np.testing.assert_array_equal(read_picture(file), np.full((9, 7, 3), 77, np.uint8))


@pytest.mark.parametrize(("orientation", "turned"), [(1, 0), (6, -1), (3, 2), (8, 1)])
def test_pictures_are_turned_as_their_exif_says(
    tmp_path: Path, street: np.ndarray, orientation: int, turned: int
) -> None:
    """A picture taken with the camera on its side stands upright."""
    plain = write(tmp_path / "plain.jpg", street).read_bytes()
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"MM\x00\x2a\x00\x00\x00\x08" + struct.pack(">H", 1) + entry + bytes(4)
    exif = b"Exif\x00\x00" + tiff
    file = tmp_path / "exif.jpg"
    file.write_bytes(plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:])
    assert np.abs(read_picture(file).astype(int) - np.rot90(street, turned)).mean() < 5


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.95])
def test_pictures_cut_short_are_refused(
    tmp_path: Path, suffix: str, kept: float, capfd: pytest.CaptureFixture[str]
) -> None:
    """A decoder would fill the rest with grey; nothing is printed either."""
    noise = np.random.default_rng(1).integers(0, 256, (80, 80, 3), np.uint8)
    file = write(tmp_path / f"cut{suffix}", noise)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(PictureError, match=rf"cut\{suffix}: "):
        read_picture(file)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"version: 1\n",
        b"\xff\xd8\xff\xd9",  # a JPEG without anything in it
        b"\xff\xd8\xff\xe1\x00\x02\xff\xd9",
        b"GIF89a" + bytes(40),
        b"BM" + bytes(60),
        b"\x89PNG\r\n\x1a\n" + bytes(60) + b"IEND",
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    """Text, other formats and broken headers are named, whatever the file is called."""
    file = tmp_path / "file.jpg"
    file.write_bytes(content)
    with pytest.raises(PictureError, match=r"file\.jpg: "):
        read_picture(file)
    with pytest.raises(PictureError, match="no such file"):
        read_picture(tmp_path)


def test_size_bombs_are_not_decoded(tmp_path: Path) -> None:
    """A small PNG that claims 60000x60000 pixels, and a file of a gigabyte, are refused early."""
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
    )
    with pytest.raises(PictureError, match="60000x60000 pixels are outside"):
        read_picture(bomb)
    big = tmp_path / "big.jpg"
    with big.open("wb") as sparse:
        sparse.truncate(MAX_BYTES + 1)
    with pytest.raises(PictureError, match="at most"):
        read_picture(big)
