"""Real recognition of drawn fields. The fonts are Debian's; without them the tests are skipped by name."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from ocr.codes import find_codes
from ocr.decoding.ink import score_names
from ocr.engine import Image, PPOCRRecogniser, Recogniser
from ocr.layout import Box, CellsField, Content, LineField
from ocr.reader import read_field, read_page
from ocr.recorded import MissingRecordingError, RecordedRecogniser
from tests.unit.ocr.pages import Sheet, layout

GOTHIC = Path("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf")
HAND = Path("/usr/share/fonts/truetype/klee/KleeOne-Regular.ttf")
pytestmark = pytest.mark.skipif(not GOTHIC.exists(), reason="needs the Debian package fonts-ipaexfont")
KANA = CellsField("kana", tuple(Box(50 + 7.8 * i, 50, 7.8, 7.7) for i in range(12)), Content.KATAKANA)
CODE = CellsField("code", tuple(Box(50 + 6.5 * i, 70, 6.5, 7.8) for i in range(7)), Content.DIGITS)
NAME = LineField("name", Box(50, 90, 120, 10), Content.NAME)


@pytest.fixture(scope="module")
def engine() -> Recogniser:
    return PPOCRRecogniser()


def written(text: str, font: Path = GOTHIC, size: int = 44) -> Image:
    face = ImageFont.truetype(str(font), size)
    picture = Picture.new("L", (int(face.getlength(text)) + 80, size * 2), 255)
    ImageDraw.Draw(picture).text((40, size // 2), text, font=face, fill=25)
    return np.asarray(picture, np.uint8)


def filled_page(font: Path, dpi: int) -> Image:
    sheet = Sheet(dpi)
    picture = Picture.fromarray(sheet.image)
    pen = ImageDraw.Draw(picture)
    face = ImageFont.truetype(str(font), sheet.px(4.8))
    for cells, text in ((KANA.cells, "ハットリ ジョージ"), (CODE.cells, "4096173")):
        for box, char in zip(cells, text, strict=False):
            middle = (sheet.px(box.x + box.w / 2), sheet.px(box.y + box.h / 2))
            pen.text(middle, char, font=face, fill=30, anchor="mm")
    pen.text((sheet.px(53), sheet.px(95)), "服部 美咲", font=face, fill=30, anchor="lm")
    sheet.image = np.array(picture)
    for box in (*KANA.cells, *CODE.cells, NAME.box):
        sheet.frame(box)
    return sheet.image


def worn(image: Image, bilevel: bool) -> Image:
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 1.2, 0.99)
    image = cv2.warpAffine(image, matrix, (width, height), borderValue=255, flags=cv2.INTER_AREA)
    noise = np.random.default_rng(3).normal(0, 6, image.shape)
    image = np.clip(cv2.GaussianBlur(image, (0, 0), 0.7) + noise, 0, 255).astype(np.uint8)
    return np.where(image > 150, 255, 0).astype(np.uint8) if bilevel else image


@pytest.mark.parametrize("font", [GOTHIC, HAND], ids=["print", "hand"])
@pytest.mark.parametrize(("dpi", "bilevel"), [(200, False), (300, True)])
def test_a_worn_page_is_read(engine: Recogniser, font: Path, dpi: int, bilevel: bool) -> None:
    if not font.exists():
        pytest.skip("needs the Debian package fonts-klee")
    image = np.ascontiguousarray(np.rot90(worn(filled_page(font, dpi), bilevel), 2))
    page = read_page(image, layout((KANA, CODE, NAME)), engine)
    values = {reading.name: (reading.value or "").replace(" ", "") for reading in page.readings}
    assert values == {"kana": "ハットリジョージ", "code": "4096173", "name": "服部美咲"}
    assert page.rotation == 180
    assert all(reading.confidence and reading.confidence > 0.5 for reading in page.readings)
    assert [len(reading.characters) for reading in page.readings][1] == 7


@pytest.mark.parametrize(
    ("content", "text", "value"),
    [
        (Content.PHONE, "090-1234-5678", "09012345678"),
        (Content.POSTAL_CODE, "〒376-0101", "3760101"),
        (Content.MONEY, "¥50,000円", "50000"),
        (Content.EMAIL, "hana123@example.jp", "hana123@example.jp"),
        (Content.ADDRESS, "みどり市大間々町1511-7", "みどり市大間々町1511-7"),
        (Content.NAME, "﨑山 千代", None),
    ],
)
def test_single_fields(engine: Recogniser, content: Content, text: str, value: str | None) -> None:
    reading = read_field(written(text), content, engine)
    if value is None:  # a character the engine does not know comes out as another, never silently as nothing
        assert reading.value and reading.value.replace(" ", "").endswith("山千代")
    else:
        assert reading.value == value
    assert read_field(np.full((80, 400), 255, np.uint8), content, engine).blank


def test_a_field_picture_may_show_its_frame(engine: Recogniser) -> None:
    picture = cv2.copyMakeBorder(written("090-1234-5678"), 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=60)
    framed = cv2.copyMakeBorder(picture, 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255)
    assert read_field(np.asarray(framed, np.uint8), Content.PHONE, engine).value == "09012345678"
    empty = np.full((80, 400), 255, np.uint8)
    cv2.rectangle(empty, (4, 4), (395, 75), 60, 2)
    assert read_field(empty, Content.PHONE, engine).blank


def test_the_ink_knows_the_name_better_than_the_string(engine: Recogniser) -> None:
    names = ["高橋 美咲", "高橋 美咲子", "高橋 実咲", "橋本 美咲", "高梨 美咲"]
    small = cv2.resize(written("髙橋 美咲"), None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA)
    scores = score_names(np.asarray(small, np.uint8), names, engine)
    assert int(np.argmax(scores)) == 0
    assert sorted(scores)[-2] < scores[0] - 1


def test_recordings_answer_without_the_engine(engine: Recogniser, tmp_path: Path) -> None:
    picture = written("090-1234-5678")
    recorder = RecordedRecogniser(tmp_path / "lines.npz", engine)
    first = read_field(picture, Content.PHONE, recorder)
    recorder.save()
    replay = RecordedRecogniser(tmp_path / "lines.npz")
    assert replay.engine_id == engine.engine_id
    assert read_field(picture, Content.PHONE, replay).value == first.value == "09012345678"
    assert (tmp_path / "lines.npz").stat().st_size < 120_000
    with pytest.raises(MissingRecordingError):
        read_field(written("027-123-4567"), Content.PHONE, replay)


@pytest.mark.parametrize("turned", [0, 2])
def test_a_code_is_found_on_either_end_of_the_page(turned: int) -> None:
    encoder = cv2.QRCodeEncoder.create()
    code = cv2.resize(encoder.encode("ICHIMADO:test:1"), (170, 170), interpolation=cv2.INTER_NEAREST)
    page = np.full((2339, 1654), 255, np.uint8)
    page[90:260, 1280:1450] = code
    found = find_codes(np.ascontiguousarray(np.rot90(page, turned)))
    assert [item.text for item in found] == ["ICHIMADO:test:1"]
    x0, y0, x1, y1 = found[0].box_px
    assert x1 - x0 == pytest.approx(170, abs=40) and y1 - y0 == pytest.approx(170, abs=40)
    assert (y0 < 300) == (turned == 0)
    assert find_codes(np.full((2339, 1654), 255, np.uint8)) == []
