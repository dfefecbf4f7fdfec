"""PaddleOCR on the weights of the rapidocr wheel, with every way to the network refused."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from ocr.fullpage import FullPageReader

GOTHIC = Path("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf")


@pytest.mark.slow
@pytest.mark.skipif(not GOTHIC.exists(), reason="needs the Debian package fonts-ipaexfont")
def test_a_page_is_read_from_top_to_bottom_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("the reader reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    picture = Picture.new("L", (900, 500), 255)
    face = ImageFont.truetype(str(GOTHIC), 36)
    for y, text in ((380, "電話番号 027-123-4567"), (60, "図書館利用申込書"), (220, "氏名 山田太郎")):
        ImageDraw.Draw(picture).text((80, y), text, font=face, fill=20)
    lines = FullPageReader(tmp_path).read_text(np.asarray(picture, np.uint8))
    text = "".join(line.text for line in lines).replace(" ", "")
    assert text.index("図書館利用申込書") < text.index("山田太郎") < text.index("027-123-4567")
    assert all(0.5 < line.confidence <= 1.0 for line in lines)
    assert abs(lines[0].box_px[1] - 60) < 25
