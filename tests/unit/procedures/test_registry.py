"""A wrong pack says which file and where."""

from __future__ import annotations

import io
import zipfile
from itertools import pairwise
from typing import Any

import pytest
import yaml

from pipeline.procedures.pack import Procedure
from pipeline.procedures.registry import LoadedPack, PackError, load_pack
from tests.unit.procedures.packs import pack_content, words

FORM: dict[str, Any] = {"id": "application", "label": words("申請書"), "pages": [{"number": 1}]}


def laughs() -> bytes:
    """Nine references to nine references to …: 200 bytes that stand for a billion values."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{name}: &{name} [{', '.join(['*' + before] * 9)}]" for before, name in pairwise("abcdefghi")]
    return "\n".join(lines).encode()


def zipped_twice() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for content in (b"id: a", b"id: b"):
            archive.writestr("procedure.yaml", content)
    return target.getvalue()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
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
        (pack_zip(**{"procedure.yaml": b"a: " + b"[" * 5000}), "pack_unreadable", "procedure.yaml", "too deep"),
        (pack_zip(**{"procedure.yaml": b"a: &a [*a]"}), "pack_unreadable", "procedure.yaml", "refers to itself"),
        (pack_zip(**{"procedure.yaml": laughs()}), "pack_unreadable", "procedure.yaml", "too many values"),
        (pack_zip(**{"procedure.yaml": b"a: " + b"9" * 9999}), "pack_unreadable", "procedure.yaml", "cannot be"),
        (pack_zip(**{"procedure.yaml": b"a: 2026-99-99"}), "pack_unreadable", "procedure.yaml", "cannot be"),
        (pack_zip(**{"procedure.yaml": b"!!python/object/apply:os.getcwd []"}), "pack_unreadable", "procedure.yaml",
         "could not determine a constructor"),
        (pack_zip(**{"procedure.yaml": b"forms: 5"}), "pack_invalid", "procedure.yaml", "not a list"),
        (pack_zip(**{"forms/bomb.yaml": bytes(50_000_000)}), "pack_unreadable", "zip", "too large"),
        (zipped({"x/../procedure.yaml": b"a: 1"}), "pack_invalid", "procedure.yaml", "id"),
        (zipped_twice(), "pack_unreadable", "zip", "two files of one name"),
        (zipped({"procedure.yaml": b"id: a"}, zipfile.ZIP_BZIP2), "pack_unreadable", "zip", "packed in a way"),
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
