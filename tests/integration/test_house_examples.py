"""The example in docs/procedures.md is a pack that loads, and its mistakes are named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.procedures.registry import PackError, load_pack
from tests.unit.test_house_imports import ROOT

EXAMPLE = re.compile(r"```yaml\n# file: (\S+)\n(.*?)```", re.DOTALL)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The folder that a reader gets who copies the example."""
    text = (ROOT / "docs/procedures.md").read_text(encoding="utf-8")
    for name, content in EXAMPLE.findall(text):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def test_example_loads(pack: Path) -> None:
    loaded = load_pack(pack)
    assert loaded.files == ("forms/application.yaml", "procedure.yaml")
    procedure = loaded.procedure
    assert procedure.id == "bin_tickets"
    on_paper = {box.field for page in procedure.get_form("application", 1).pages for box in page.boxes}
    online = {column.field for column in procedure.channels[0].columns}
    assert on_paper == online == {spec.name for spec in procedure.fields}


def test_markers_and_boxes_of_the_example_are_on_the_page(pack: Path) -> None:
    (page,) = load_pack(pack).procedure.get_form("application", 1).pages
    for box in [marker.box for marker in page.markers] + [b.box for b in page.boxes if hasattr(b, "box")]:
        assert box.x + box.w <= page.width_mm
        assert box.y + box.h <= page.height_mm


def test_misspelt_key_is_refused_with_its_place(pack: Path) -> None:
    main = pack / "procedure.yaml"
    main.write_text(main.read_text(encoding="utf-8").replace("required: true", "requird: true", 1), encoding="utf-8")
    with pytest.raises(PackError, match=r"procedure\.yaml: fields\.0"):
        load_pack(pack)
