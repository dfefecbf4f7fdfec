"""PDFs: small good ones, and ones written by hand whose structure has no end."""

from __future__ import annotations

import io
import zlib
from functools import cache
from random import Random

from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from tests.fuzz.pictures import jpegs, packed, pngs

_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


@cache
def pdfs() -> tuple[bytes, ...]:
    """A scan, several scans, and drawn pages with text, lines and a picture."""
    scan = Image.open(io.BytesIO(pngs()[0]))
    one, several, drawn = io.BytesIO(), io.BytesIO(), io.BytesIO()
    scan.save(one, "PDF", resolution=100)
    scan.convert("1").save(several, "PDF", resolution=100, save_all=True, append_images=[scan, scan.convert("RGB")])
    canvas = Canvas(drawn, pagesize=(200, 150), pageCompression=0)
    for number in range(2):
        canvas.drawString(20, 20, f"page {number}")
        canvas.line(10, 10, 150, 90)
        canvas.drawInlineImage(scan, 40, 40, 60, 80)
        canvas.showPage()
    canvas.save()
    return one.getvalue(), several.getvalue(), drawn.getvalue()


def written(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1, with a table that is right."""
    target, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(target))
        target += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(target)
    target += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    target += b"".join(b"%010d 00000 n \n" % place for place in places)
    target += b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(target)


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def _page(entries: bytes, box: bytes = b"[0 0 200 200]") -> bytes:
    return b"<< /Type /Page /Parent 2 0 R /MediaBox %s %s >>" % (box, entries)


def _one_page(entries: bytes, *more: bytes, box: bytes = b"[0 0 200 200]") -> bytes:
    """Catalogue 1, pages 2, page 3, further objects from 4."""
    return written(_CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", _page(entries, box), *more)


def tree_without_end(random: Random) -> bytes:
    """Page trees that refer to themselves, or are a thousand deep."""
    kids = random.choice((b"[2 0 R]", b"[3 0 R 2 0 R]", b"[3 0 R 4 0 R]", b"[1 0 R]", b"[99 0 R]", b"3 0 R"))
    count = random.choice((b"1", b"2", b"-1", b"999999999999", b"2 0 R"))
    if random.random() < 0.4:
        depth = random.choice((100, 1500))
        nodes = [b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (number + 3) for number in range(depth)]
        return written(_CATALOG, *nodes, _page(b""))
    tree = b"<< /Type /Pages /Kids %s /Count %s >>" % (kids, count)
    return written(_CATALOG, tree, _page(b""), b"<< /Type /Pages /Kids [2 0 R 4 0 R] /Count 5 /Parent 4 0 R >>")


def million_pages(random: Random) -> bytes:
    """As many pages as the tree says, or really as many, all of them the same."""
    said = random.choice((1_000_000, 2001, 2**31 - 1))
    really = random.choice((1, 3, 100_000))
    tree = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"3 0 R " * really, said)
    return written(_CATALOG, tree, _page(b""))


def forms_in_forms(random: Random) -> bytes:
    """Drawings that draw themselves, or each other ten times over, ten deep."""
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 200 200] /Resources << /XObject << /A %d 0 R >> >>"
    if random.random() < 0.5:
        again = _stream(b"/A Do", form % 5)
        return _one_page(b"/Contents 4 0 R /Resources << /XObject << /A 5 0 R >> >>", _stream(b"/A Do"), again)
    deep = [_stream(b"/A Do " * 10, form % (number + 1)) for number in range(5, 13)]
    last = _stream(b"0 0 100 100 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 200 200]")
    return _one_page(b"/Contents 4 0 R /Resources << /XObject << /A 5 0 R >> >>", _stream(b"/A Do"), *deep, last)


def packed_without_end(random: Random) -> bytes:
    """A content stream that unpacks to 200 MB, or is packed over and over."""
    content = random.choice((packed(50_000_000), packed(26_000_000, b"0 0 9 9 re f ")))
    filters = [b"/FlateDecode"]
    for _ in range(random.choice((0, 1, 20))):
        content = zlib.compress(content)
        filters.append(random.choice((b"/FlateDecode", b"/ASCIIHexDecode", b"/LZWDecode", b"/RunLengthDecode")))
    return _one_page(b"/Contents 4 0 R", _stream(content, b"/Filter [%s]" % b" ".join(filters)))


def page_of_any_size(random: Random) -> bytes:
    """Pages as large as a country, of no size, of inverted size, or no page."""
    box = random.choice(
        (
            b"[0 0 1e9 1e9]",
            b"[0 0 14400 14400]",
            b"[0 0 0 0]",
            b"[200 200 0 0]",
            b"[0 0 nan inf]",
            b"[]",
            b"[0 0 1e-9 5]",
            b"[-2147483648 -2147483648 2147483647 2147483647]",
            b"3 0 R",
        )
    )
    unit = random.choice((b"", b"/UserUnit 100000", b"/Rotate 37", b"/CropBox [-1e9 -1e9 1e9 1e9]"))
    return _one_page(b"/Contents 4 0 R " + unit, _stream(b"0 0 100 100 re f"), box=box)


def picture_of_any_size(random: Random) -> bytes:
    """A scan whose dictionary lies about width, height, depth, colours and packing."""
    sizes = (0, 1, 160, 9_000, 100_000, 2**31 - 1, -5)
    data, packing = random.choice(
        (
            (random.choice(jpegs()), b"/DCTDecode"),
            (zlib.compress(bytes(90_000)), b"/FlateDecode"),
            (random.randbytes(300), b"/JBIG2Decode"),
            (random.randbytes(300), b"/JPXDecode"),
            (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + random.randbytes(200), b"/JPXDecode"),
            (b"\x26\xa0" * 100, b"/CCITTFaxDecode"),
        )
    )
    colour = random.choice((b"/DeviceGray", b"/DeviceRGB", b"/DeviceCMYK", b"[/Indexed /DeviceRGB 255 4 0 R]", b"/Odd"))
    entries = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent %d /ColorSpace %s /Filter %s" % (
        random.choice(sizes),
        random.choice(sizes),
        random.choice((1, 8, 16, 99)),
        colour,
        packing,
    )
    show = _stream(b"q 200 0 0 200 0 0 cm /A Do Q")
    return _one_page(b"/Contents 4 0 R /Resources << /XObject << /A 5 0 R >> >>", show, _stream(data, entries))


def deep_objects(random: Random) -> bytes:
    """Arrays, dictionaries or saved states nested a hundred thousand deep."""
    depth = random.choice((500, 100_000))
    kind = random.randrange(3)
    if kind == 0:
        return _one_page(b"/Contents 4 0 R /Odd " + b"[" * depth + b"]" * depth, _stream(b""))
    if kind == 1:
        return _one_page(b"/Odd " + b"<< /A " * depth + b"1" + b" >>" * depth)
    return _one_page(b"/Contents 4 0 R", _stream(b"q " * depth + b"0 0 9 9 re f " + b"BT " * depth))


def slow_drawing(random: Random) -> bytes:
    """Very many curves, wide and dashed, or shadings, on one page."""
    many = random.choice((1_000, 60_000))
    drawing = random.choice(
        (b"0 0 m 1 900 200 -900 150 150 c S ", b"[0.01] 0 d 0 0 m 200 200 l S ", b"0 0 200 200 re f ")
    )
    return _one_page(b"/Contents 4 0 R", _stream(b"50 w " + drawing * many))


def tables_in_a_circle(random: Random) -> bytes:
    """Offsets of tables that lead back, or to nowhere."""
    previous = random.choice(
        (b"/Prev 9", b"/Prev 0", b"/Prev 99999999999", b"/XRefStm 9", b"/Encrypt 1 0 R", b"/Root 3 0 R")
    )
    data = written(_CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", _page(b""), trailer=previous)
    if random.random() < 0.5:
        start = data.index(b"xref")
        data = data.replace(b"/Prev 9 ", b"/Prev %d " % start)
    return data
