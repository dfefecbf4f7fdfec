"""A wrong pack says which file and where."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
import yaml

from pipeline.procedures.pack import Procedure
from pipeline.procedures.registry import LoadedPack, PackError, load_pack
from tests.unit.procedures.packs import pack_content, words

FORM: dict[str, Any] = {"id": "application", "label": words("申請書"), "pages": [{"number": 1}]}


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def as_yaml(content: object) -> bytes:
    return yaml.safe_dump(content, allow_unicode=True).encode()


def pack_zip(top: str = "", **files: object) -> bytes:
    named = {"procedure.yaml": pack_content(), "forms/application.yaml": FORM, **files}
    return zipped({top + name: c if isinstance(c, bytes) else as_yaml(c) for name, c in named.items()})


def load(**changes: Any) -> LoadedPack:
    return load_pack(zipped({"procedure.yaml": as_yaml(pack_content(**changes))}))


def test_forms_are_merged_and_a_top_folder_makes_no_difference() -> None:
    plain, wrapped = load_pack(pack_zip()), load_pack(pack_zip(top="sample/"))
    assert [form.id for form in plain.procedure.forms] == ["application"]
    assert plain.files == ("forms/application.yaml", "procedure.yaml")
    assert plain == wrapped


def test_the_digest_is_of_the_content_and_not_of_its_layout() -> None:
    shuffled = dict(reversed(list(pack_content().items())))
    again = load_pack(zipped({"procedure.yaml": as_yaml(shuffled)}))
    assert again.digest == load().digest
    assert load(label=words("別名")).digest != again.digest


@pytest.mark.parametrize(
    ("data", "code", "file", "place"),
    [
        (b"PK no zip", "pack_unreadable", "zip", ""),
        (zipped({"readme.txt": b""}), "pack_not_found", "procedure.yaml", ""),
        (pack_zip(**{"procedure.yaml": b"id: [\n"}), "pack_unreadable", "procedure.yaml", "line 2"),
        (pack_zip(**{"procedure.yaml": b"\xff\xfe"}), "pack_unreadable", "procedure.yaml", "UTF-8"),
        (pack_zip(**{"forms/b.yaml": {"id": "b"}}), "pack_invalid", "forms/b.yaml", "forms.1.label"),
        (pack_zip(**{"procedure.yaml": pack_content(fileds=[])}), "pack_invalid", "procedure.yaml", "fileds"),
        (
            pack_zip(**{"procedure.yaml": pack_content(fields=[])}), "pack_invalid", "procedure.yaml",
            "names what it does not define",
        ),
    ],
)  # fmt: skip
def test_a_wrong_pack_names_file_and_place(data: bytes, code: str, file: str, place: str) -> None:
    with pytest.raises(PackError) as caught:
        load_pack(data)
    assert (caught.value.code, caught.value.file) == (code, file)
    assert place in caught.value.problem


def test_a_pack_survives_the_store() -> None:
    procedure = load_pack(pack_zip()).procedure
    assert Procedure.model_validate_json(procedure.model_dump_json()) == procedure
