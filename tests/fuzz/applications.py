"""Bodies for `POST /api/v1/submissions`: records with values that do not belong there, and forms with odd files."""

from __future__ import annotations

import json
from random import Random

from tests.fuzz.mutations import mutated
from tests.fuzz.parcels import BOUNDARY, body_of
from tests.fuzz.pictures import jpeg_of_any_size, jpegs, png_of_any_size
from tests.fuzz.tables import HOSTILE_CELLS, places_in
from tests.sender import PROCEDURE, record

JSON_TYPE = b"application/json"
_FILE = b'Content-Disposition: form-data; name="file"; filename="%s"\r\nContent-Type: image/jpeg'
_RECORD = b'Content-Disposition: form-data; name="submission"\r\nContent-Type: application/json'


def application(random: Random) -> tuple[bytes, bytes]:
    """(body, content type) of an application."""
    with_files = random.random() < 0.4
    sent = {"procedure": PROCEDURE, "record": record(f"F-{random.getrandbits(48):x}", files=with_files)}
    for _ in range(random.choice((0, 1, 1, 2, 5))):
        holder, key = random.choice(places_in(sent))
        holder[key] = random.choice((random.choice(HOSTILE_CELLS), None, [], {}, {"a": 1}, 10**25, -1.5, True))
    body = json.dumps(sent).encode()
    if random.random() < 0.15:
        body = mutated(random, body, [body])
    if not with_files:
        return body, random.choice((JSON_TYPE,) * 8 + (b"text/plain", b"", b"application/json; charset=utf-16"))
    named = ((b"id.jpg", b"account.jpg"), (b"id.jpg", b"id.jpg"), (b"../id.jpg", b"a\x00b"), (b"", b"x" * 600))
    names = random.choice(named)
    files = [
        (_FILE % name, random.choice((random.choice(jpegs()), jpeg_of_any_size(random), png_of_any_size(random), b"")))
        for name in names
    ]
    whole = body_of([(_RECORD, body), *files])
    if random.random() < 0.2:
        whole = mutated(random, whole, [whole])
    return whole, b"multipart/form-data; boundary=" + BOUNDARY
