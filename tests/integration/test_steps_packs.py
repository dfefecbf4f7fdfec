"""A version of a procedure never changes once it is installed, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.procedures.pack import FieldSpec, FieldType, Label
from pipeline.procedures.registry import LoadedPack, digest_of
from pipeline.runtime import Runtime
from pipeline.steps.packs import PackChanged, PackHoldsMyNumber, get_pack, install_pack, installed_versions, latest_pack
from pipeline.store.engine import read, write
from pipeline.store.tables import PackVersion
from tests.runtime import sample_pack


def changed(pack: LoadedPack, **to: object) -> LoadedPack:
    procedure = pack.procedure.model_copy(update=to)
    return replace(pack, procedure=procedure, digest=digest_of(procedure))


def test_the_same_content_again_is_the_same_version(runtime: Runtime) -> None:
    pack = sample_pack()
    assert install_pack(runtime, pack) == install_pack(runtime, pack)
    assert installed_versions(runtime) == [(pack.procedure.id, pack.procedure.version, pack.digest)]


def test_other_content_under_the_same_version_is_refused(runtime: Runtime) -> None:
    pack = sample_pack()
    first = install_pack(runtime, pack)
    with pytest.raises(PackChanged):
        install_pack(runtime, changed(pack, channels=()))
    with read(runtime.engine) as session:
        assert get_pack(session, first) == pack.procedure


def test_a_pack_installed_by_a_release_with_fewer_words_is_the_same_pack(runtime: Runtime) -> None:
    pack = sample_pack()
    first = install_pack(runtime, pack)
    with write(runtime.engine) as session:
        row = session.get_one(PackVersion, first)
        older = json.loads(row.content)
        assert [spec.pop("lexicon") for spec in older["fields"]]
        row.content, row.digest = json.dumps(older), "0" * 64
    assert install_pack(runtime, pack) == first


def test_a_pack_with_my_number_is_refused(runtime: Runtime) -> None:
    fields = (
        *sample_pack().procedure.fields,
        FieldSpec(
            name="number", label=Label(ja="個人番号", en="My Number"), type=FieldType.MY_NUMBER, role="applicant"
        ),
    )
    with pytest.raises(PackHoldsMyNumber):
        install_pack(runtime, changed(sample_pack(), fields=fields))


def test_versions_live_side_by_side_and_the_last_installed_is_in_force(runtime: Runtime) -> None:
    pack = sample_pack()
    first = install_pack(runtime, pack)
    second = install_pack(runtime, changed(pack, version="2027.1"))
    with read(runtime.engine) as session:
        assert get_pack(session, first).version == pack.procedure.version
        assert latest_pack(session, pack.procedure.id) == (second, get_pack(session, second))
