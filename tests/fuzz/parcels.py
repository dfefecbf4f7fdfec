"""Zips of packs, and bodies of uploads (multipart/form-data)."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from functools import cache
from random import Random

from tests.fuzz.pictures import pngs, tiffs
from tests.runtime import PACK

BOUNDARY = b"----a0b1c2d3"


@cache
def packs() -> tuple[bytes, ...]:
    """The sample's pack as a zip of its files, of its folder, and stored without packing."""
    files = {path.relative_to(PACK).as_posix(): path.read_bytes() for path in sorted(PACK.rglob("*.yaml"))}
    deflated, stored = zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED
    return (
        zipped(files, deflated),
        zipped({f"pack/{name}": data for name, data in files.items()}, deflated),
        zipped(files, stored),
    )


def zipped(files: dict[str, bytes] | list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", method) as archive:
        warnings.simplefilter("ignore")  # twin names are meant
        for name, data in files.items() if isinstance(files, dict) else files:
            archive.writestr(zipfile.ZipInfo(name), data, method)  # without the hour: a case is the same tomorrow
    return target.getvalue()


def zip_of_odd_names(random: Random) -> bytes:
    """Paths out of the folder, twin names, links, very many files."""
    main = (PACK / "procedure.yaml").read_bytes()
    names = (
        "../procedure.yaml",
        "/procedure.yaml",
        "a/../../procedure.yaml",
        "procedure.yaml",
        "forms/../procedure.yaml",
        "C:\\procedure.yaml",
        "forms/a.yaml",
        "forms/" + "a" * 5000 + ".yaml",
        "procedure.yaml\x00.txt",
        "forms/あ.yaml",
    )
    listed = [
        (random.choice(names), random.choice((main, b"", b"../../etc/passwd")))
        for _ in range(random.choice((1, 2, 3, 600)))
    ]
    data = bytearray(zipped(listed))
    if random.random() < 0.3:  # the outer attributes of the first entry say that it is a link
        place = data.rindex(b"PK\x01\x02")
        struct.pack_into("<I", data, place + 38, 0o120777 << 16)
    return bytes(data)


def zip_bomb(random: Random) -> bytes:
    """Files that unpack to a hundred megabytes, or say they are small and are not."""
    method = random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    data = bytearray(_bomb(random.choice((2_000_000, 100_000_000)), method))
    if random.random() < 0.5:
        for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            struct.pack_into("<I", data, data.index(mark) + place, random.choice((10, 900_000)))
    return bytes(data)


@cache
def _bomb(size: int, method: int) -> bytes:
    return zipped({"procedure.yaml": bytes(size)}, method)


def zip_of_odd_yaml(random: Random) -> bytes:
    """YAML that refers to itself, stands for billions, is nested without end, or makes objects."""
    laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )
    text = random.choice(
        (
            laughs,
            "a: &a {b: *a}",
            "[" * 3_000,
            "a: " * 2_000,
            "- " * 3_000 + "x",
            "a: !!python/object/apply:os.system [x]",
            "a: " + "9" * 20_000,
            "a: 2026-13-45",
            "a: 0o99",
            "? [a]\n: b",
            'a: "\\ud800"',
            "id: \x00",
            "%YAML 9.9\n---\na: b",
            "<<: 5",
            "<<: &a [*a]",
            "fields: 5\nforms: {a: 1}",
            "--- a\n--- b",
            "&" * 5_000,
            "a: |" + " " * 100_000,
        )
    )
    good = (PACK / "procedure.yaml").read_text("utf-8")
    whole = text if random.random() < 0.6 else good + "\n" + text
    return zipped({"procedure.yaml": whole.encode("utf-8", "surrogatepass")})


def body_of(parts: list[tuple[bytes, bytes]], boundary: bytes = BOUNDARY) -> bytes:
    """The parts (headers, content) as a body."""
    return b"".join(b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary, *part) for part in parts) + b"--%s--\r\n" % boundary


def upload(
    csrf: bytes, *files: tuple[bytes, bytes], key: bytes = b"k", counted: bytes = b""
) -> list[tuple[bytes, bytes]]:
    """The parts of the form that hands in files (name, content)."""
    fields = {b"csrf": csrf, b"key": key, b"received_on": b"2026-11-18", b"source": b"mail", b"counted_sheets": counted}
    parts = [(b'Content-Disposition: form-data; name="%s"' % name, value) for name, value in fields.items()]
    for name, data in files:
        head = b'Content-Disposition: form-data; name="files"; filename="%s"\r\nContent-Type: image/tiff' % name
        parts.append((head, data))
    return parts


_ODD_NAMES = (
    b"../../../etc/passwd",
    b"a\x00b.tif",
    "申請書.tif".encode(),
    "申請書.tif".encode("cp932"),
    b"\xff\xfe\xfd",
    b"",
    b" ",
    b"a" * 9000,
    b'a"b.tif',
    b"a\\b.tif",
    b"C:\\a.tif",
    b"con",
    b"a\tb.tif",
    b'a.tif; name="csrf',
    b"%00%2e%2e%2f",
)
_ODD_HEADS = (
    b"Content-Disposition: form-data",
    b"Content-Disposition: attachment; name=files",
    b"Content-Disposition:",
    b"X",
    b"",
    b"Content-Disposition: form-data; name*=UTF-8''files; filename*=UTF-8''%ff%fe",
    b"Content-Type: multipart/mixed",
    b'Content-Disposition: form-data; name="files"; filename="a.tif"\r\nContent-Transfer-Encoding: base64',
    b'Content-Disposition: form-data; name="csrf"; filename="x"',
    b"A: " + b"b" * 100_000,
    b'Content-Disposition: form-data; name="' + b"n" * 20_000 + b'"',
    b'Content-Disposition: form-data; name="key"',
    b'Content-Disposition: form-data; name="files"; filename="a.tif"\r\nContent-Type: text/plain; charset=utf-7',
)


def multipart(random: Random, csrf: bytes) -> tuple[bytes, bytes]:
    """(body, content type) of an upload with something odd about it: names, heads, boundaries, numbers, order."""
    # A nonce makes each file another file; what came before would only be told to be a repeat.
    file = random.choice((*tiffs(), *pngs())) + random.randbytes(8)
    key, counted = random.randbytes(6).hex().encode(), random.choice((b"", b"1"))
    if random.random() < 0.15:
        counted = random.choice((b"0", b"-1", b"9" * 40, b"\xef\xbc\x91", b"1e9"))
    parts = upload(csrf, (b"a.tif", file), key=key, counted=counted)
    boundary = BOUNDARY
    kind = random.randrange(8)
    if kind == 0:
        parts = upload(csrf, *((name, random.randbytes(4) + file) for name in random.sample(_ODD_NAMES, 3)), key=key)
    elif kind == 1:
        parts.insert(random.randrange(len(parts) + 1), (random.choice(_ODD_HEADS), random.randbytes(50)))
    elif kind == 2:
        place = random.randrange(1, 5)
        parts[place] = (
            parts[place][0],
            random.choice((b"\x00", b"\xff", b"a" * 5_000, b"", "\u202e".encode(), b"' OR 1=1--")),
        )
    elif kind == 3:
        parts += [
            (b'Content-Disposition: form-data; name="x%d"' % number, b"") for number in range(random.choice((5, 600)))
        ]
    elif kind == 4:
        parts += upload(csrf, *[(b"e.tif", random.randbytes(9)) for _ in range(random.choice((3, 501)))])[5:]
    elif kind == 5:
        boundary = random.choice((b"a", b"a" * 300, b"--", b"a b", b"\xff", b'a"b'))
    elif kind == 6:
        random.shuffle(parts)
        parts = parts[: random.randrange(1, len(parts) + 1)]
    body = body_of(parts, boundary)
    if kind == 7:
        body = body.replace(b"\r\n", random.choice((b"\n", b"\r", b"\r\n\r\n", b"")), random.choice((1, 3, -1)))
    told = boundary if random.random() < 0.95 else random.choice((b"", b"other", boundary[:-1]))
    return body, b"multipart/form-data; boundary=" + told
