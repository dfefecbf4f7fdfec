"""Scan files as they really arrive: whole, damaged, locked, huge, and not what they say."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from pipeline.channels.errors import ArrivalError
from pipeline.channels.paper import (
    MAX_PAGES,
    FileKind,
    PagePicture,
    UnreadablePage,
    count_pages,
    decode_page,
    encode_page,
    iter_pages,
    sniff,
    sniff_named,
)
from pipeline.channels.pictures import Pixels


def sheet(seed: int = 0, size: tuple[int, int] = (400, 300)) -> Pixels:
    """A grey page with something on it; (height, width)."""
    page = np.full(size, 250, np.uint8)
    page[20 + 10 * (seed % 20) :: 97, :] = 20
    page[:, 30::71] = 60
    return page


def saved(kind: str, *pages: Pixels | Image.Image, **settings: object) -> bytes:
    pictures = [page if isinstance(page, Image.Image) else Image.fromarray(page) for page in pages]
    target = io.BytesIO()
    more = {"save_all": True, "append_images": pictures[1:]} if len(pictures) > 1 else {}
    pictures[0].save(target, kind, **more, **settings)  # type: ignore[arg-type]
    return target.getvalue()


def bilevel(page: Pixels) -> Image.Image:
    return Image.fromarray(page).point(lambda value: 255 if value > 128 else 0).convert("1")


def pictures(data: bytes) -> list[PagePicture]:
    found = list(iter_pages(data))
    assert all(isinstance(page, PagePicture) for page in found)
    return [page for page in found if isinstance(page, PagePicture)]


def code_of(data: bytes, name: str | None = None) -> str:
    """The code of the error that this file is answered with."""
    with pytest.raises(ArrivalError) as caught:
        if name is not None:
            sniff_named(data, name)
        iter_pages(data)
    return caught.value.code


def locked_pdf(password: str = "secret") -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, encrypt=StandardEncryption(password, ownerPassword="owner"))
    canvas.drawString(100, 100, "locked")
    canvas.save()
    return target.getvalue()


def zip_file() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.pdf", saved("PDF", sheet()))
    return target.getvalue()


def huge_png(side: int = 40_000) -> bytes:
    """A real PNG of side × side black pixels, 1 bit each: 200 MB once decoded, 200 KB here."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(1)
    row = bytes(1 + side // 8)
    body = b"".join(packer.compress(row * 400) for _ in range(side // 400)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def tiff_entries(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """(page, tag, value, where the value stands) of each entry of a little-endian TIFF."""
    offset, page = struct.unpack_from("<I", data, 4)[0], 0
    while offset:
        count = struct.unpack_from("<H", data, offset)[0]
        for entry in range(offset + 2, offset + 2 + 12 * count, 12):
            tag, _, _, value = struct.unpack_from("<HHII", data, entry)
            yield page, tag, value, entry + 8
        offset, page = struct.unpack_from("<I", data, offset + 2 + 12 * count)[0], page + 1


WHOLE = {
    "pdf": saved("PDF", sheet(0), sheet(1), sheet(2), resolution=100),
    "tiff": saved("TIFF", *(bilevel(sheet(seed)) for seed in range(3)), compression="group4", dpi=(200, 200)),
    "jpeg": saved("JPEG", sheet(), dpi=(300, 300)),
    "png": saved("PNG", sheet()),
}


@pytest.mark.parametrize(("kind", "pages"), [("pdf", 3), ("tiff", 3), ("jpeg", 1), ("png", 1)])
def test_each_kind_is_known_by_content_and_read_page_by_page(kind: str, pages: int) -> None:
    data = WHOLE[kind]
    assert sniff(data) is FileKind(kind)
    assert count_pages(data) == pages
    found = pictures(data)
    assert [page.page_index for page in found] == list(range(pages))
    assert all(page.image.shape == (400, 300) and page.image.dtype == np.uint8 for page in found)
    expected = {"pdf": 100, "tiff": 200, "jpeg": 300, "png": None}[kind]
    assert [page.dpi for page in found] == [expected and pytest.approx(expected, abs=0.5)] * pages


def test_pages_may_be_counted_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(WHOLE["tiff"])
    assert count_pages(path) == 3


def test_a_scan_in_a_pdf_comes_out_as_it_is() -> None:
    black_and_white = bilevel(sheet(3))
    found = pictures(saved("PDF", black_and_white, resolution=200))[0]
    assert found.dpi == pytest.approx(200, abs=0.5)
    np.testing.assert_array_equal(found.image, np.array(black_and_white.convert("L")))


def test_a_turned_page_of_a_pdf_is_turned() -> None:
    upright = sheet(3)
    data = saved("PDF", bilevel(upright), resolution=100).replace(b"/Resources", b"/Rotate 90 /Resources", 1)
    turned = pictures(repaired(data))[0]
    np.testing.assert_array_equal(turned.image, np.rot90(np.array(bilevel(upright).convert("L")), -1))


def repaired(data: bytes) -> bytes:
    """The PDF with its table of offsets dropped, which readers rebuild."""
    return data[: data.rindex(b"startxref")] + b"startxref\n0\n%%EOF\n"


def test_a_drawn_pdf_is_rendered_at_300_dpi() -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(144, 72))
    canvas.drawString(10, 30, "drawn")
    canvas.save()
    found = pictures(target.getvalue())[0]
    assert (found.image.shape, found.dpi) == ((300, 600), 300)
    assert found.image.min() < 50


def test_a_scan_with_words_drawn_over_it_is_rendered_with_them() -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(300, 400))
    canvas.drawInlineImage(Image.fromarray(np.full((400, 300), 255, np.uint8)), 0, 0, 300, 400)
    canvas.drawString(10, 30, "stamp")
    canvas.save()
    assert pictures(target.getvalue())[0].image.min() < 50


def test_a_photograph_is_turned_as_its_camera_says() -> None:
    picture = Image.fromarray(sheet())
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved("JPEG", picture, exif=exif)
    assert pictures(data)[0].image.shape == (300, 400)


def test_a_fax_gets_square_pixels() -> None:
    data = saved("TIFF", bilevel(sheet(size=(200, 400))), compression="group4", dpi=(204, 98))
    found = pictures(data)[0]
    assert (found.image.shape, found.dpi) == ((416, 400), pytest.approx(204))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16"])
def test_every_way_of_storing_pixels_becomes_grey_or_bgr(mode: str) -> None:
    source = Image.fromarray(sheet())
    if mode == "I;16":
        picture = Image.fromarray(sheet().astype(np.uint16) * 257)
    else:
        picture = source.convert("RGB").convert(mode) if mode == "CMYK" else source.convert(mode)
    found = pictures(saved("TIFF", picture))[0].image
    assert found.shape[:2] == (400, 300)
    grey = found if found.ndim == 2 else found[:, :, 0]
    if mode != "1":
        assert np.abs(grey.astype(int) - sheet()).max() <= 3


def test_colours_are_blue_green_red() -> None:
    red = Image.new("RGB", (20, 10), (255, 0, 0))
    for kind in ("PNG", "TIFF"):
        assert pictures(saved(kind, red))[0].image[5, 5].tolist() == [0, 0, 255]
    blue, green, red_of_pdf = pictures(saved("PDF", red, quality=95))[0].image[5, 5].tolist()
    assert blue < 5 and green < 5 and red_of_pdf > 250


def test_transparent_is_paper() -> None:
    assert pictures(saved("PNG", Image.new("RGBA", (20, 10), (0, 0, 0, 0))))[0].image.min() == 255


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "a.pdf", "empty_file"),
        (WHOLE["pdf"][: len(WHOLE["pdf"]) // 2], "a.pdf", "truncated_pdf"),
        (WHOLE["pdf"][:-40], "a.pdf", "truncated_pdf"),
        (b"%PDF-1.7\nnothing\n%%EOF\n", "a.pdf", "damaged_file"),
        (locked_pdf(), "a.pdf", "encrypted_pdf"),
        (zip_file(), "a.pdf", "not_what_it_says"),
        (b"MZ\x90\x00", "scan.TIFF", "not_what_it_says"),
        (zip_file(), "a.zip", "unsupported_type"),
        (b"GIF89a\x01\x00", "a.gif", "unsupported_type"),
        (huge_png(), "a.png", "picture_too_large"),
        (WHOLE["png"][:30], "a.png", "damaged_file"),
        (WHOLE["jpeg"][:15], "a.jpg", "damaged_file"),
        (WHOLE["tiff"][:200], "a.tif", "damaged_file"),
        (b"II*\x00\x08\x00\x00\x00", "a.tif", "damaged_file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_taken_has_a_named_answer(data: bytes, name: str, code: str) -> None:
    assert code_of(data, name) == code


def test_a_pdf_that_only_forbids_changes_is_read() -> None:
    assert pictures(locked_pdf(password=""))[0].image.min() < 50


def test_pages_may_be_read_in_many_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(pictures, [WHOLE["pdf"]] * 12))
    for pages in found:
        for page, first in zip(pages, found[0], strict=True):
            np.testing.assert_array_equal(page.image, first.image)


def test_a_jpeg_called_png_is_read_as_what_it_is() -> None:
    assert sniff_named(WHOLE["jpeg"], "scan.png") is FileKind.JPEG


def test_more_pages_than_a_batch_may_have() -> None:
    assert code_of(many_pages(MAX_PAGES + 1)) == "too_many_pages"
    assert count_pages(many_pages(MAX_PAGES)) == MAX_PAGES


def many_pages(count: int) -> bytes:
    """A PDF of as many small empty pages."""
    document = pypdfium2.PdfDocument.new()
    for _ in range(count):
        document.new_page(10, 10)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def test_500_blank_pages_need_the_memory_of_a_few() -> None:
    blank = bilevel(np.full((1169, 827), 255, np.uint8))
    data = saved("TIFF", *[blank] * 500, compression="group4", dpi=(100, 100))
    tracemalloc.start()
    seen = 0
    for page in iter_pages(data):
        assert isinstance(page, PagePicture) and page.image.min() == 255
        seen += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == count_pages(data) == 500
    assert peak < 20 * 827 * 1169


def test_a_damaged_page_of_a_tiff_is_named_and_the_others_are_read() -> None:
    data = bytearray(saved("TIFF", sheet(0), sheet(1), sheet(2), compression="tiff_adobe_deflate"))
    strip = next(value for page, tag, value, _ in tiff_entries(data) if (page, tag) == (1, 273))
    data[strip : strip + 20] = b"\xff" * 20
    found = list(iter_pages(bytes(data)))
    assert found[1] == UnreadablePage(1, "damaged_file")
    assert [type(page) for page in found] == [PagePicture, UnreadablePage, PagePicture]


def test_a_huge_page_of_a_tiff_is_named_and_the_others_are_read() -> None:
    data = bytearray(saved("TIFF", sheet(0), sheet(1), sheet(2), compression="tiff_adobe_deflate"))
    for _, _, _, place in [entry for entry in tiff_entries(data) if entry[0] == 1 and entry[1] in (256, 257)]:
        struct.pack_into("<I", data, place, 40_000)
    found = list(iter_pages(bytes(data)))
    assert found[1] == UnreadablePage(1, "picture_too_large")
    assert [type(page) for page in found] == [PagePicture, UnreadablePage, PagePicture]


def test_a_damaged_scan_in_a_pdf_never_passes_for_a_blank_page() -> None:
    data = saved("PDF", sheet(0), sheet(1), sheet(2), resolution=100)
    starts = [place for place in range(len(data)) if data.startswith(b"\xff\xd8\xff", place)]
    broken = data[: starts[1]] + bytes(500) + data[starts[1] + 500 :]
    found = list(iter_pages(broken))
    assert found[1] == UnreadablePage(1, "damaged_file")
    assert [type(page) for page in found] == [PagePicture, UnreadablePage, PagePicture]


def test_a_single_picture_that_breaks_off_is_one_unreadable_page() -> None:
    noise = np.random.default_rng(7).integers(0, 256, (300, 300), dtype=np.uint8)
    for kind in ("JPEG", "PNG"):
        data = saved(kind, noise)
        assert list(iter_pages(data[: len(data) // 2])) == [UnreadablePage(0, "damaged_file")]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", ["pdf", "tiff", "jpeg", "png"])
def test_no_damage_ends_in_anything_but_a_named_answer(kind: str) -> None:
    chance = np.random.default_rng(11)
    for _ in range(60):
        data = bytearray(WHOLE[kind])
        for place in chance.integers(0, len(data), 8):
            data[place] = int(chance.integers(0, 256))
        cut = bytes(data[: int(chance.integers(1, len(data)))]) if chance.random() < 0.3 else bytes(data)
        try:
            pages = count_pages(cut)
        except ArrivalError:
            continue
        assert len(list(iter_pages(cut))) == pages


@pytest.mark.parametrize(
    ("page", "media_type"),
    [
        (sheet(), "image/png"),
        (np.array(bilevel(sheet()).convert("L")), "image/png"),
        (np.random.default_rng(3).integers(0, 256, (50, 40, 3), dtype=np.uint8), "image/png"),
    ],
    ids=["grey", "bilevel", "colour"],
)
def test_a_stored_page_is_the_page(page: Pixels, media_type: str) -> None:
    data, told = encode_page(page)
    assert told == media_type
    np.testing.assert_array_equal(decode_page(data), page)


def test_a_bilevel_page_is_stored_with_one_bit_a_pixel() -> None:
    noise = np.random.default_rng(5).integers(0, 2, (400, 400), dtype=np.uint8) * np.uint8(255)
    assert len(encode_page(noise)[0]) < 400 * 400 / 8 * 1.1


@pytest.mark.parametrize("size", [(1, 300), (7, 7), (20, 1200)])
def test_a_speck_or_a_thread_is_no_page(size: tuple[int, int]) -> None:
    """Found by the fuzz: readers of pages divide by the shorter side."""
    thread = np.full(size, 255, np.uint8)
    assert code_of(saved("PNG", thread)) == "not_a_page"
    found = list(iter_pages(saved("TIFF", sheet(), thread)))
    assert [type(page) for page in found] == [PagePicture, UnreadablePage]
    assert found[1] == UnreadablePage(1, "not_a_page")
