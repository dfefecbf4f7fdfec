"""Installing procedure packs, and finding the version a submission pins."""

from __future__ import annotations

from functools import lru_cache

from sqlmodel import Session, col, select

from pipeline.domain.errors import Impossible
from pipeline.procedures.pack import FieldType, Procedure
from pipeline.procedures.registry import LoadedPack
from pipeline.runtime import Runtime
from pipeline.store.engine import read, write
from pipeline.store.tables import PackVersion


class PackChanged(Impossible):
    """Another content was installed under this version before; a version never changes."""

    code = "pack_changed"
    ja = "同じ版の手続定義が異なる内容で登録済みです。版を上げてください。"
    en = "This version is already installed with other content. Please raise the version."


class PackHoldsMyNumber(Impossible):
    """A field of the pack is an Individual Number, which may only lie in a store of its own; there is none yet."""

    code = "pack_holds_my_number"
    ja = "個人番号の項目がある手続は、まだ登録できません(専用の保管庫がありません)。"
    en = "A procedure with a My Number field cannot be installed yet: there is no separate store for it."


class PackMissing(Impossible):
    """No pack of this procedure is installed."""

    code = "pack_missing"
    ja = "手続が登録されていません。先に手続定義を登録してください。"
    en = "This procedure is not installed. Install its pack first."


def install_pack(runtime: Runtime, loaded: LoadedPack) -> str:
    """The id of the installed version; installing the same content again changes nothing.

    Raises PackChanged, PackHoldsMyNumber.
    """
    procedure = loaded.procedure
    if any(spec.type is FieldType.MY_NUMBER for spec in procedure.fields):
        raise PackHoldsMyNumber
    with write(runtime.engine) as session:
        found = session.exec(
            select(PackVersion).where(
                PackVersion.procedure_id == procedure.id, PackVersion.version == procedure.version
            )
        ).first()
        if found:
            # A release that adds a word to the pack's language changes the digest of packs that do not use it.
            if found.digest != loaded.digest and Procedure.model_validate_json(found.content) != procedure:
                raise PackChanged
            return found.id
        row = PackVersion(
            procedure_id=procedure.id,
            version=procedure.version,
            digest=loaded.digest,
            content=procedure.model_dump_json(),
            installed_at=runtime.clock(),
        )
        session.add(row)
        return row.id


def installed_versions(runtime: Runtime) -> list[tuple[str, str, str]]:
    """Procedure id, version and digest (SHA-256, hex) of everything installed, by procedure and time."""
    with read(runtime.engine) as session:
        rows = session.exec(
            select(PackVersion).order_by(col(PackVersion.procedure_id), col(PackVersion.installed_at))
        ).all()
    return [(row.procedure_id, row.version, row.digest) for row in rows]


def get_pack(session: Session, pack_version_id: str) -> Procedure:
    """The pack of this version. KeyError when there is none."""
    row = session.get(PackVersion, pack_version_id)
    if row is None:
        raise KeyError(pack_version_id)
    return _parsed(row.digest, row.content)


def latest_pack(session: Session, procedure_id: str | None = None) -> tuple[str, Procedure]:
    """Id and content of the newest version of a procedure, or of any when none is named. Raises PackMissing."""
    query = select(PackVersion).order_by(col(PackVersion.installed_at).desc(), col(PackVersion.version).desc())
    if procedure_id is not None:
        query = query.where(PackVersion.procedure_id == procedure_id)
    row = session.exec(query).first()
    if row is None:
        raise PackMissing
    return row.id, _parsed(row.digest, row.content)


def newest_packs(session: Session) -> list[Procedure]:
    """The newest version of every installed procedure."""
    rows = session.exec(select(PackVersion).order_by(col(PackVersion.installed_at), col(PackVersion.version))).all()
    newest = {row.procedure_id: row for row in rows}
    return [_parsed(row.digest, row.content) for row in newest.values()]


@lru_cache(maxsize=64)
def _parsed(digest: str, content: str) -> Procedure:
    return Procedure.model_validate_json(content)
