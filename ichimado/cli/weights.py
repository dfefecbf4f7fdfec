"""照合の重み: versions, learning from what staff decided, and which version is in force."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from ichimado.cli.shared import Json
from ichimado.compose import open_runtime
from ichimado.terminal import emit, fail, say, show_columns

app = typer.Typer(no_args_is_help=True, help="照合の重み (weights of matching)")

Version = Annotated[str, typer.Argument(help="版, such as local-1; the shipped one by its number.")]
_ORIGINS = {"shipped": "製品に付属", "retrained": "職員の判断から学習", "imported": "ファイルから登録"}


@app.command("list")
def list_versions(as_json: Json = False) -> None:
    """All versions, which is in force, and how many decisions there are to learn from."""
    from pipeline.steps.retraining import FEWEST, judgements_kept
    from pipeline.steps.weights import list_weights

    runtime = open_runtime()
    kept = sum(judgements_kept(runtime).values())
    rows = list_weights(runtime)
    if as_json:
        emit({
            "judgements": kept, "needed": FEWEST,
            "versions": [{
                "version": row.version, "origin": row.origin.value, "in_force": row.in_force,
                "judgements": row.judgements, "made_by": row.made_by, "adopted_by": row.adopted_by,
                "made_at": row.made_at.isoformat() if row.made_at else None,
                "adopted_at": row.adopted_at.isoformat() if row.adopted_at else None,
            } for row in rows],
        })  # fmt: skip
        return
    for row in rows:
        made = f"{row.made_at:%Y-%m-%d} {row.made_by} 判断{row.judgements}件" if row.made_at else ""
        say(f"{'▶' if row.in_force else ' '} {row.version}  {_ORIGINS[row.origin.value]}  {made}")
    say(f"学習に使える職員の判断: {kept}件({FEWEST}件から学習できます)")


@app.command()
def show(version: Version) -> None:
    """Print a version as the file it is."""
    from pipeline.steps.weights import export_weights

    typer.echo(export_weights(open_runtime(), version), nl=False)


@app.command()
def export(version: Version, out: Annotated[Path, typer.Option(help="Where to write it, .yaml.")]) -> None:
    """Write a version to a file, for another city or for keeping."""
    from pipeline.steps.weights import export_weights

    out.write_text(export_weights(open_runtime(), version), encoding="utf-8")
    say(f"{version} を書き出しました。")


@app.command("import")
def import_file(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Keep a weights file as a version of its own; it is not in force before it is adopted."""
    from pipeline.steps.weights import UnusableWeights, import_weights

    try:
        document = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UnusableWeights from None
    row = import_weights(open_runtime(), document, _by())
    say(f"{row.version} として登録しました。使うには compare で確かめてから adopt してください。")


@app.command()
def retrain(as_json: Json = False) -> None:
    """Learn new weights from what staff decided. They are kept, and take effect only when adopted."""
    from pipeline.steps.retraining import retrain as learn

    row = learn(open_runtime(), _by())
    if as_json:
        emit({"version": row.version, "judgements": row.judgements})
    else:
        say(f"{row.version} を作成しました(判断{row.judgements}件)。まだ使われていません。compare で確かめてください。")


@app.command()
def compare(
    new: Version,
    old: Annotated[str, typer.Option(help="Compared with; the version in force when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Say what a version would change, on decisions it was not fitted on and on recent applications."""
    from pipeline.steps.retraining import compare_versions
    from pipeline.steps.weights import list_weights

    runtime = open_runtime()
    before = old or next(row.version for row in list_weights(runtime) if row.in_force)
    found = compare_versions(runtime, before, new)
    sides = {"old": found.judged.old, "new": found.judged.new}
    if as_json:
        emit({
            "old": before, "new": new, "judgements": found.judgements,
            "judged": {side: {
                "links": one.links, "wrong_links": one.wrong_links, "reviews": one.reviews, "new": one.news,
                "missed": one.missed,
            } for side, one in sides.items()},
            "applications": {
                "roles": found.decided, "new_links": found.new_links, "lost_links": found.lost_links,
                "other_links": found.other_links,
            },
            "levels": [{"field": one.field, "level": one.level, "old": one.old, "new": one.new}
                       for one in found.judged.levels],
        })  # fmt: skip
        return
    say(f"{before} と {new}: 学習に使っていない判断 {found.judgements}件")
    show_columns(
        [
            ("", "自動の紐付け", "うち誤り", "職員の確認", "該当なし", "見落とし"),
            *(
                (version, *(str(n) for n in (one.links, one.wrong_links, one.reviews, one.news, one.missed)))
                for version, one in zip((before, new), sides.values(), strict=True)
            ),
        ],
        header=True,
    )
    say(f"最近の申請の対象者欄 {found.decided}件のうち、自動の紐付けになる {found.new_links}件、")
    say(f"ならなくなる {found.lost_links}件、別の人になる {found.other_links}件")
    for one in found.judged.levels[:10]:
        say(f"  {one.field} {one.level}: {one.old:+.2f} → {one.new:+.2f}")
    if found.judged.new.wrong_links > found.judged.old.wrong_links or found.other_links:
        fail("誤った紐付けが増えるおそれがあります。採用する前に、変わる申請を確かめてください。")


@app.command()
def adopt(version: Version) -> None:
    """Put a version in force, for what is matched from now on; links that stand are not touched."""
    from pipeline.steps.weights import adopt as put_in_force

    put_in_force(open_runtime(), version, _by())
    say(f"{version} を使います。これまでの紐付けは変わりません。")


@app.command()
def back() -> None:
    """Put the version in force again that was before the present one."""
    from pipeline.steps.weights import back as go_back

    say(f"{go_back(open_runtime(), _by()).version} に戻しました。")


def _by() -> str:
    return f"cli:{getpass.getuser()}"
