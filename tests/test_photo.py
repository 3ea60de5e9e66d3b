"""Whatever file or array a person brings: the right picture, or one sentence."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from ssl_core import picture_file
from ssl_core.photo import PhotoError, read_photo, read_square, square

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 60), (30, 60, 200)


def scene(height: int = 30, width: int = 40, mode: str = "RGB") -> Image.Image:
    """Red left half, blue right half, a green band below."""
    array = np.zeros((height, width, 3), np.uint8)
    array[:, : width // 2], array[:, width // 2 :], array[2 * height // 3 :] = RED, BLUE, GREEN
    return Image.fromarray(array).convert(mode)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def refused(source) -> str:
    """The sentence with which a picture is refused."""
    with pytest.raises(PhotoError) as caught:
        read_photo(source)
    text = str(caught.value)
    assert text[0].isupper() and text.endswith(".") and "\n" not in text and "Traceback" not in text
    return text


def assert_scene(photo: np.ndarray, tolerance: int = 12) -> None:
    assert photo.dtype == np.uint8 and photo.shape == (30, 40, 3)
    for (row, column), color in {(5, 5): RED, (5, 35): BLUE, (25, 20): GREEN}.items():
        assert np.abs(photo[row, column].astype(int) - color).max() <= tolerance, (row, column, photo[row, column])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "JPEG2000", "PPM", "AVIF"])
def test_usual_formats_read_from_bytes_path_and_stream(kind, tmp_path):
    options = {"quality": 95} if kind in ("JPEG", "WEBP", "AVIF") else {}
    data = saved(scene(), kind, **options)
    # A wrong ending must not matter: the content decides.
    path = tmp_path / "holiday.gif"
    path.write_bytes(data)
    for source in (data, path, str(path), BytesIO(data)):
        assert_scene(read_photo(source), 30)
    assert read_photo(data).flags.writeable


def test_palette_and_animated_pictures_give_their_first_frame():
    assert_scene(read_photo(saved(scene(mode="P"), "PNG")), 60)
    for kind in ("GIF", "WEBP", "PNG"):
        frames = [scene(), Image.new("RGB", (40, 30), "yellow")]
        assert_scene(read_photo(saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)), 60)


def test_transparency_goes_on_white():
    image = scene(mode="RGBA")
    image.putpixel((5, 5), (200, 30, 30, 0))
    image.putpixel((6, 5), (0, 0, 0, 128))
    photo = read_photo(saved(image, "PNG"))
    assert tuple(photo[5, 5]) == (255, 255, 255)
    assert np.abs(photo[5, 6].astype(int) - 127).max() <= 1
    assert_scene_except_corner(photo)
    grey = Image.new("LA", (4, 4), (10, 0))
    assert (read_photo(saved(grey, "PNG")) == 255).all()
    palette = Image.new("P", (4, 4))
    palette.putpalette([255, 0, 0, 0, 255, 0])
    assert (read_photo(saved(palette, "PNG", transparency=0)) == 255).all()


def assert_scene_except_corner(photo: np.ndarray) -> None:
    assert tuple(photo[10, 10]) == RED and tuple(photo[5, 35]) == BLUE


def test_cmyk_reads_as_its_colors():
    assert_scene(read_photo(saved(scene(mode="CMYK"), "JPEG", quality=95)), 30)
    assert_scene(read_photo(saved(scene(mode="CMYK"), "TIFF")), 3)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_cut_off(kind):
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (8, 1))
    photo = read_photo(saved(Image.fromarray(ramp), kind))
    assert photo.shape == (8, 256, 3)
    assert np.array_equal(photo[0, :, 0], np.arange(256))


def test_sixteen_bit_color_reads():
    """Pillow writes no 48-bit PNG, so this one is put together by hand."""
    rows = b"".join(b"\0" + struct.pack(">6H", 65535, 0, 0, 0, 65535, 32768) for _ in range(2))
    header = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + b"".join(map(chunk, (b"IHDR", b"IDAT", b"IEND"), (header, zlib.compress(rows), b"")))
    assert read_photo(data)[1].tolist() == [[255, 0, 0], [0, 255, 128]]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_float_and_integer_tiffs_read():
    unit = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    assert read_photo(saved(Image.fromarray(unit), "TIFF"))[-1, -1].tolist() == [255] * 3
    assert read_photo(saved(Image.fromarray(np.full((4, 4), np.nan, np.float32)), "TIFF")).max() == 0
    assert read_photo(saved(Image.fromarray(np.full((4, 4), -5, np.int32)), "TIFF")).shape == (4, 4, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(orientation):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = scene().transpose(undo[orientation]) if orientation > 1 else scene()
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(stored, "JPEG", quality=95, exif=exif)
    assert_scene(read_photo(data), 40)
    assert read_photo(data, max_side=20).shape == (15, 20, 3)


def test_damaged_exif_counts_as_none():
    data = saved(scene(), "JPEG", quality=95, exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xee" * 40)
    assert_scene(read_photo(data), 40)


def test_an_embedded_profile_is_applied():
    """Lab values through a Lab profile are the strongest case: without the profile the colours would be nonsense."""
    lab = ImageCms.profileToProfile(
        scene(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert_scene(read_photo(saved(lab, "TIFF")), 12)
    garbage = saved(scene(), "PNG", icc_profile=b"not a profile")
    assert_scene(read_photo(garbage), 0)


def test_a_profile_holds_for_pictures_with_an_alpha_channel_too():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(
        "sRGB".encode("utf-16-be"), "BGRs".encode("utf-16-be")
    )  # of that name, it would count as sRGB
    profile = profile.replace(b"rXYZ", b"?").replace(b"bXYZ", b"rXYZ").replace(b"?", b"bXYZ")
    red, green, blue = scene().split()
    swapped = Image.merge("RGB", (blue, green, red))
    for mode in ("RGB", "RGBA"):
        assert_scene(read_photo(saved(swapped.convert(mode), "PNG", icc_profile=profile)), 3)


def test_one_pixel_is_a_photograph():
    assert read_photo(saved(Image.new("RGB", (1, 1), RED), "PNG")).tolist() == [[list(RED)]]
    assert read_square(saved(Image.new("RGB", (1, 1), RED), "PNG"), 8).shape == (8, 8, 3)


def test_twelve_thousand_by_nine_thousand_is_read_at_the_asked_size():
    data = saved(Image.new("RGB", (12_000, 9_000), RED), "JPEG", quality=30)
    photo = read_photo(data, max_side=640)
    assert photo.shape == (480, 640, 3)
    assert np.abs(photo[100, 100].astype(int) - RED).max() < 6


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF"])
def test_a_bomb_is_refused_before_decoding(kind, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    monkeypatch.setattr(picture_file, "MAX_PIXELS", 1199)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    assert "40 x 30" in refused(BOMBS[kind])


BOMBS = {kind: saved(scene(), kind) for kind in ("PNG", "TIFF", "BMP", "GIF")}


def test_a_real_bomb_costs_nothing():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
    assert "120 million" in refused(bomb)


def test_cut_off_files_are_refused():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"):
        data = saved(noise, kind)
        assert refused(data[: len(data) // 2])


def test_what_is_no_picture_is_named(tmp_path):
    letter = tmp_path / "holiday.jpg"
    letter.write_text("Dear all,\nthe weather is fine.")
    assert "text file" in refused(letter)
    assert "PDF" in refused(b"%PDF-1.7 ...")
    assert "HEIC" in refused(b"\0\0\0\x18ftypheic\0\0\0\0")
    assert "empty" in refused(b"")
    assert "folder" in refused(tmp_path)
    assert "nowhere.png" in refused(tmp_path / "nowhere.png")
    # PostScript would start another program.
    assert refused(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(BOMBS)), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12)
)
def test_a_damaged_file_gives_a_picture_or_a_sentence(kind, damage):
    data = bytearray(BOMBS[kind])
    for where, value in damage:
        data[int(where * (len(data) - 1))] = value
    try:
        photo = read_photo(bytes(data), max_side=64)
    except PhotoError as error:
        assert str(error).endswith(".")
    else:
        assert photo.dtype == np.uint8 and photo.ndim == 3


def test_sizes_shrink_with_antialiasing_and_never_grow():
    assert read_photo(saved(scene(), "PNG"), max_side=400).shape == (30, 40, 3)
    assert read_photo(saved(Image.new("RGB", (900, 3)), "PNG"), max_side=90).shape == (1, 90, 3)
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    shrunk = read_square(saved(Image.fromarray(stripes), "PNG"), 16)
    assert np.abs(shrunk.astype(int) - 127).max() < 20
    assert np.array_equal(square(stripes, 16), shrunk)


def test_the_square_is_the_middle():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    assert (square(wide, 10) == 255).all()
