"""PNG, JPEG and TIFF: small good ones, and builders of ones that lie about their sizes."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from random import Random

import numpy as np
from PIL import Image

from tests.papers import sheet, tiff

_SIZES = (0, 1, 7, 300, 5_000, 9_000, 30_000, 65_535, 1 << 31, (1 << 32) - 1)


def _small() -> Image.Image:
    page = np.full((220, 160), 250, np.uint8)
    page[20::31] = 20
    page[:, 30::23] = 60
    return Image.fromarray(page)


def _saved(kind: str, *pages: Image.Image, **settings: object) -> bytes:
    target = io.BytesIO()
    more = {"save_all": True, "append_images": pages[1:]} if len(pages) > 1 else {}
    pages[0].save(target, kind, **more, **settings)  # type: ignore[arg-type]
    return target.getvalue()


@cache
def pngs() -> tuple[bytes, ...]:
    """Grey, colour, palette with transparency, sixteen bits, with text and dpi."""
    page = _small()
    deep = Image.fromarray(np.asarray(page).astype(np.uint16) * 257)
    clear = page.convert("P")
    return (
        _saved("PNG", page, dpi=(300, 300)),
        _saved("PNG", page.convert("RGB")),
        _saved("PNG", page.convert("RGBA")),
        _saved("PNG", clear, transparency=3),
        _saved("PNG", deep),
        _saved("PNG", sheet("", 1).resize((300, 420))),
    )


@cache
def jpegs() -> tuple[bytes, ...]:
    """Grey, colour, progressive, CMYK, with Exif that turns it."""
    page = _small()
    turned = Image.Exif()
    turned[0x0112] = 6
    return (
        _saved("JPEG", page),
        _saved("JPEG", page.convert("RGB"), dpi=(300, 300), exif=turned),
        _saved("JPEG", page.convert("RGB"), progressive=True, quality=60),
        _saved("JPEG", page.convert("CMYK")),
    )


@cache
def tiffs() -> tuple[bytes, ...]:
    """One page and several, in the ways scanners pack them."""
    page, black = _small(), _small().convert("1")
    return (
        tiff(black, black),
        _saved("TIFF", page, page, page, compression="tiff_adobe_deflate"),
        _saved("TIFF", page.convert("RGB"), compression="tiff_lzw"),
        _saved("TIFF", page.convert("RGB"), compression="jpeg"),
        _saved("TIFF", page, compression="packbits", dpi=(204, 98)),
        _saved("TIFF", page, big_tiff=True),
        _saved("TIFF", black, compression="group3"),
    )


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk whose checksum is right."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], 8
    while place + 8 <= len(data):
        size = struct.unpack_from(">I", data, place)[0]
        found.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + size]))
        place += 12 + size
    return found


def png_with_right_checksums(random: Random) -> bytes:
    """Damage inside the chunks of a good PNG, which a checksum would otherwise reveal at once."""
    chunks = _png_chunks(random.choice(pngs()))
    place = random.randrange(len(chunks))
    kind, body = chunks[place]
    changed = bytearray(body or b"\x00")
    for _ in range(random.choice((1, 3, 20))):
        changed[random.randrange(len(changed))] = random.randrange(256)
    chunks[place] = (kind, bytes(changed))
    if random.random() < 0.3:
        random.shuffle(chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


@cache
def packed(size: int, piece: bytes = b"\x00", level: int = 9) -> bytes:
    """A piece, over and over to this size in bytes, deflated; made once, since packing takes longer than most cases."""
    return zlib.compress(piece * (size // len(piece)), level)


def png_of_any_size(random: Random) -> bytes:
    """A header of any width, height, depth and colour over data that is too short or too long for it."""
    width, height = random.choice(_SIZES), random.choice(_SIZES)
    head = struct.pack(
        ">IIBBBBB", width, height, random.choice((1, 2, 4, 8, 16, 3)), random.choice((0, 2, 3, 4, 6, 1)), 0, 0,
        random.choice((0, 0, 1)),
    )  # fmt: skip
    body = packed(random.choice((0, 99, 100_000, 20_000_000)), level=1)
    palette = png_chunk(b"PLTE", bytes(random.choice((3, 768, 4))))
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + palette + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    )


def png_with_a_bomb_beside(random: Random) -> bytes:
    """A good picture and a text or colour profile of 60 MB, packed small; or thousands of chunks."""
    bomb = packed(60_000_000)
    beside = random.choice(
        (
            png_chunk(b"zTXt", b"a\x00\x00" + bomb),
            png_chunk(b"iCCP", b"a\x00\x00" + bomb),
            png_chunk(b"iTXt", b"a\x00\x01\x00\x00\x00" + bomb),
            png_chunk(b"tEXt", b"a\x00b") * 30_000,
        )
    )
    good = random.choice(pngs())
    return good[:33] + beside + good[33:]


def jpeg_of_any_size(random: Random) -> bytes:
    """Another width, height, precision or number of components in the frame of a good JPEG."""
    data = bytearray(random.choice(jpegs()))
    places = [place for place in range(len(data) - 9) if data[place] == 0xFF and data[place + 1] in (0xC0, 0xC1, 0xC2)]
    if not places:
        return bytes(data)
    place = places[0]
    struct.pack_into(">HH", data, place + 5, random.choice(_SIZES) & 0xFFFF, random.choice(_SIZES) & 0xFFFF)
    if random.random() < 0.3:
        data[place + 4], data[place + 9] = random.choice((8, 12, 0)), random.choice((1, 3, 4, 255))
    return bytes(data)


def jpeg_of_many_scans(random: Random) -> bytes:
    """A progressive JPEG that refines one large picture over and over; each scan costs a pass over it."""
    data = bytearray(jpegs()[2])
    frame = data.index(b"\xff\xc2")
    side = random.choice((1000, 1000, 1000, 1000, 4000, 8900))
    struct.pack_into(">HH", data, frame + 5, side, side)
    scan = data.rindex(b"\xff\xda")
    last = bytes(data[scan:-2])
    return bytes(data[:-2]) + last * random.choice((10, 200, 1500)) + b"\xff\xd9"


def jpeg_with_odd_segments(random: Random) -> bytes:
    """Segments of Exif, ICC or comments whose lengths lie."""
    segment = bytes((0xFF, random.choice((0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE, 0xDB, 0xC4))))
    heads = (b"Exif\x00\x00II*\x00\x08\x00\x00\x00", b"ICC_PROFILE\x00\x01\x01", b"MPF\x00MM\x00*\x00\x00\x00\x08", b"")
    body = random.choice(heads) + random.randbytes(40)
    length = random.choice((len(body) + 2, 0, 1, 2, 65_535))
    good = random.choice(jpegs())
    return good[:2] + segment + struct.pack(">H", length) + body + good[2:]


def tiff_with_lying_entries(random: Random) -> bytes:
    """Entries of a good TIFF with other tags, types, counts or values."""
    data = bytearray(random.choice(tiffs()[:5]))
    order = "<" if data[:2] == b"II" else ">"
    place = struct.unpack_from(order + "I", data, 4)[0]
    if place + 2 > len(data):
        return bytes(data)
    count = struct.unpack_from(order + "H", data, place)[0]
    for _ in range(random.choice((1, 2, 4))):
        entry = place + 2 + 12 * random.randrange(max(1, count))
        if entry + 12 > len(data):
            break
        if random.random() < 0.3:
            struct.pack_into(
                order + "H", data, entry + random.choice((0, 2)), random.choice((1, 2, 3, 4, 5, 12, 259, 322))
            )
        struct.pack_into(order + "I", data, entry + random.choice((4, 8, 8)), random.choice(_SIZES))
    return bytes(data)


def tiff_that_turns_in_a_circle(random: Random) -> bytes:
    """The directory's next is itself, or the header, or nowhere; or thousands of directories of one page."""
    data = bytearray(tiffs()[1])
    first = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, first)[0]
    following = first + 2 + 12 * count
    if random.random() < 0.5:
        struct.pack_into("<I", data, following, random.choice((first, 0, 8, len(data), len(data) - 3, 4)))
        return bytes(data)
    for _ in range(random.choice((50, 3000))):
        place = len(data) + len(data) % 2
        struct.pack_into("<I", data, following, place)
        data += bytes(place - len(data)) + data[first : first + 6 + 12 * count]
        following = place + 2 + 12 * count
    struct.pack_into("<I", data, following, 0)
    return bytes(data)


def tiff_of_any_size(random: Random) -> bytes:
    """A directory by hand: any width and height in one strip of deflated zeros or group 4."""
    body = random.choice((packed(30_000_000), b"\x00\x10\x01", b""))
    facts = (
        (256, 4, random.choice(_SIZES)), (257, 4, random.choice(_SIZES)), (258, 3, random.choice((1, 8, 16, 32))),
        (259, 3, random.choice((1, 4, 5, 7, 8, 32773, 34712))), (262, 3, random.choice((0, 1, 2, 3, 6))), (273, 4, 8),
        (277, 3, random.choice((1, 3, 4, 1000))), (278, 4, random.choice(_SIZES)), (279, 4, len(body)),
        (317, 3, random.choice((1, 2, 3))), (339, 3, random.choice((1, 2, 3))),
    )  # fmt: skip
    start = 8 + len(body) + len(body) % 2
    directory = struct.pack("<H", len(facts)) + b"".join(
        struct.pack("<HHII", tag, kind, 1, value & (0xFFFF if kind == 3 else 0xFFFFFFFF)) for tag, kind, value in facts
    )
    return b"II*\x00" + struct.pack("<I", start) + body.ljust(start - 8, b"\x00") + directory + bytes(4)
