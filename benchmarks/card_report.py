"""The reading card as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.report import Row, show
from pipeline.score.tables import accepted_rows, calibration_rows, exact_rows, hits, percent, reliability_rows

Figures = Mapping[str, Any]
_CAUSES = 20
_EXACT = ("", "as written", "95 %", "all", "CER")
_ACCEPTED = ("", "threshold", "accepted", "wrong", "at most (95 %)")


def show_card(figures: Figures) -> None:
    """The tables that one reads; single hands and writers stand in the JSON. What was not measured is said."""
    own = " and ".join(name for name, there in figures["own_models"].items() if there) or "none"
    title = f"Reading card, {figures['part']}: {figures['pages']} sheets, {figures['fields']} fields, own models: {own}"
    show(title, ("goal", "least", "found", "wrong", ""),
         goal_rows(figures["goals"]))  # fmt: skip
    for name, goals in figures["goals_by_writers"].items():
        show(f"held out writers, {name}", ("goal", "least", "found", "wrong", ""), goal_rows(goals))
    for name in ("by_sort", "by_hand", "by_damage", "by_layout"):
        show(name.replace("_", " "), _EXACT, exact_rows(figures[name]))
    kinds = ("", "right", "with a reason", "accepted", "of them wrong")
    show("by kind of writing", kinds, kind_rows(figures["by_kind"]))
    show("by mark", kinds, kind_rows(figures["by_mark"]))
    groups = {group: one for group, one in figures["acceptance"].items() if ", " not in group}
    show("accepted without a person", _ACCEPTED, accepted_rows(groups, figures["thresholds"]))
    show("accepted for other target errors", ("target", "", "accepted", "wrong", "at most (95 %)"),
         target_rows(figures["by_target"]))  # fmt: skip
    causes = [(one["what"], str(one["wrong"]), str(one["without_reason"])) for one in figures["wrong"][:_CAUSES]]
    show("wrong readings, the most frequent", ("", "wrong", "without a reason"), causes)
    show("confidence of readings without another reason", ("from", "mean", "right"),
         reliability_rows(figures["reliability"]))  # fmt: skip
    show("how true it is: expected calibration error, log loss", ("", "fields", "engines' score", "calibrated"),
         calibration_rows(figures["calibration"]))  # fmt: skip
    show("registration, mm at the worst corner of a field", ("", "fields", "mean", "95 %", "largest", "said mean",
         "said 95 %", "> 0.8, unnoticed"), off_rows(figures["registration"]))  # fmt: skip
    show("missed and invented, time and memory", ("", ""), spent_rows(figures))
    for name, peer in figures["peers"].items():
        show(f"beside {name}", ("", "theirs", "ours"), peer_rows(peer))
    for name in figures["peers_absent"]:
        print(f"  {name} is not on this machine: not measured")
    for lost in figures["registration"]["unregistered"]:
        print(f"  not registered: {lost}")


def goal_rows(goals: Iterable[Figures]) -> list[Row]:
    """Goal, least, what was found, wrong ones among the accepted, and whether it is reached."""
    rows: list[Row] = []
    for one in goals:
        if "hits" in one:
            good = one["of"] > 0 and one["share"] >= one["least"]
            rows.append((one["goal"], percent(one["least"]), hits(one), "", _verdict(one["of"], good)))
            continue
        found = {"hits": one["accepted"], "of": one["of"], "share": one["share"]}
        good = one["of"] > 0 and one["share"] >= one["least"] and one["wrong_at_most_95"] <= one["most_wrong"]
        wrong = f"{one['wrong']}, at most {percent(one['wrong_at_most_95'])} (goal {percent(one['most_wrong'])})"
        rows.append((one["goal"], percent(one["least"]), hits(found), wrong, _verdict(one["of"], good)))
    return rows


def _verdict(of: int, good: bool) -> str:
    return "-" if not of else "yes" if good else "no"


def target_rows(targets: Figures) -> list[Row]:
    """Target, group, accepted, wrong, bound."""
    return [
        (target if place == 0 else "", *accepted_rows({name: one}, {})[0][:1], *accepted_rows({name: one}, {})[0][2:])
        for target, groups in targets.items()
        for place, (name, one) in enumerate(groups.items())
    ]


def kind_rows(groups: Figures) -> list[Row]:
    """Kind, right, with a reason, accepted, and wrongly so."""
    return [
        (name, hits(one["right"]), percent(one["with_reason"]), str(one["accepted"]), str(one["accepted_wrong"]))
        for name, one in groups.items()
    ]


def off_rows(registration: Figures) -> list[Row]:
    """Group, fields, true and said errors, boxes off by more than is said to be poor without a reason."""
    groups = {"all": registration["all"], **registration["by_markers"], **registration["by_layout"],
              **registration["by_damage"]}  # fmt: skip
    names = ("mean_mm", "p95_mm", "largest_mm", "said_mean_mm", "said_p95_mm")
    return [
        (name, str(one["fields"]), *(f"{one[part]:.2f}" for part in names), f"{one['poor']}, {one['poor_unnoticed']}")
        for name, one in groups.items()
        if one["fields"]
    ]


def spent_rows(figures: Figures) -> list[Row]:
    """What, and its figure."""
    missed, spent = figures["missed"], figures["spent"]
    blank, invented = missed["written_read_blank"], missed["blank_read_written"]
    return [
        ("written, read blank (without a reason)", f"{hits(blank)}, {missed['written_read_blank_without_reason']}"),
        ("blank, read written (without a reason)", f"{hits(invented)}, {missed['blank_read_written_without_reason']}"),
        ("CPU a page: mean, median, 95 %", f"{spent['cpu_s_mean']}, {spent['cpu_s_median']}, {spent['cpu_s_p95']} s"),
        ("  of it registering; clock", f"{spent['register_cpu_s_mean']}; {spent['wall_s_mean']} s"),
        *(
            (f"  with {name} filled fields", f"{one['cpu_s_mean']} s ({one['pages']} pages)")
            for name, one in spent["by_filled"].items()
        ),
        ("memory of a process that reads one page", f"{figures['memory_mb']} MiB"),
    ]


def peer_rows(peer: Figures) -> list[Row]:
    """Group, theirs, ours; then times."""
    rows: list[Row] = [
        ("beside its label", hits(peer["beside_label"]), hits(peer["ichimado_on_these"])),
        ("anywhere on the page, tables too", hits(peer["anywhere"]), hits(peer["ichimado_on_all_written"])),
    ]
    rows += [(name, hits(one["theirs"]), hits(one["ours"])) for name, one in peer["by_hand_and_sort"].items()]
    seconds = f"{peer['cpu_s_per_page']} s, {peer['times_as_long_cpu']} times ours"
    return [*rows, ("CPU a page", seconds, "")]
