"""Splink 5 on two tables: run by the interpreter of the peers' environment, which has nothing of ours.

    python splink_links.py REGISTER.csv APPLICATIONS.csv LINKS.csv

LINKS.csv gets every pair above a match probability of 0.001 with its match weight. The settings are what its manual
advises, the better of those tried on worlds for tuning: names compared jointly (swapped ones known),
readings and dates with several levels, term frequencies, ten blocking rules, u from random pairs, m by EM over three
blocks.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import pandas as pd
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on


def main(register: str, applications: str, links: str) -> None:
    """Trains, predicts, writes, and prints seconds and memory as JSON."""
    api = DuckDBAPI()
    began = time.perf_counter()
    frames = [pd.read_csv(path, dtype=str, keep_default_na=True) for path in (register, applications)]
    names = ("register", "applications")
    tables = [api.register(frame, dataset_display_name=name) for frame, name in zip(frames, names, strict=True)]
    linker = Linker(tables, settings(), log_level=40)
    train(linker)
    trained = time.perf_counter()
    found = linker.inference.predict(threshold_match_probability=0.001).as_pandas_dataframe()
    found = found[["source_dataset_l", "unique_id_l", "unique_id_r", "match_weight"]]
    swapped = found["unique_id_l"].str.startswith("a")
    left = found["unique_id_l"].where(swapped, found["unique_id_r"])
    right = found["unique_id_r"].where(swapped, found["unique_id_l"])
    pd.DataFrame({"left": left, "right": right, "score": found["match_weight"]}).to_csv(links, index=False)
    done = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"train_s": round(trained - began, 1), "predict_s": round(done - trained, 1), "peak_mb": memory}))


def settings() -> SettingsCreator:
    """What is compared, and which pairs."""
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            names("name", "family", "given"),
            names("kana", "kana_family", "kana_given"),
            dates(),
            cl.LevenshteinAtThresholds("phone", 1),
            cl.JaroWinklerAtThresholds("house", [0.95, 0.88]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("postal", 1).configure(term_frequency_adjustments=True),
            cl.ExactMatch("email"),
            cl.LevenshteinAtThresholds("account", 1),
            cl.ExactMatch("sex"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("name"),
            block_on("kana"),
            block_on("phone"),
            block_on("account"),
            block_on("birth_date", "family"),
            block_on("birth_date", "given"),
            block_on("birth_date", "kana_given"),
            block_on("birth_date", "postal"),
            block_on("house", "given"),
            block_on("house", "kana_given"),
        ],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )


def names(whole: str, family: str, given: str) -> cl.CustomComparison:
    """Whole name, changed over, alike, one part alike."""
    return cl.CustomComparison(
        output_column_name=whole,
        comparison_levels=[
            cll.NullLevel(whole),
            cll.ExactMatchLevel(whole, term_frequency_adjustments=True),
            cll.ColumnsReversedLevel(family, given),
            cll.JaroWinklerLevel(whole, 0.92),
            cll.JaroWinklerLevel(whole, 0.84),
            cll.ExactMatchLevel(given, term_frequency_adjustments=True),
            cll.ExactMatchLevel(family, term_frequency_adjustments=True),
            cll.ElseLevel(),
        ],
    )


def dates() -> cl.CustomComparison:
    """The day, a digit or two wrong, the same year."""
    return cl.CustomComparison(
        output_column_name="birth_date",
        comparison_levels=[
            cll.NullLevel("birth_date"),
            cll.ExactMatchLevel("birth_date", term_frequency_adjustments=False),
            cll.DamerauLevenshteinLevel("birth_date", 1),
            cll.DamerauLevenshteinLevel("birth_date", 2),
            {"sql_condition": "substr(birth_date_l, 1, 4) = substr(birth_date_r, 1, 4)", "label_for_charts": "year"},
            cll.ElseLevel(),
        ],
    )


def train(linker: Linker) -> None:
    """A prior from sure rules, u from random pairs, m by EM on blocks that complete each other, as the manual says."""
    sure = [block_on("name", "birth_date"), block_on("kana", "birth_date"), block_on("name", "phone")]
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.85)
    linker.training.estimate_u_using_random_sampling(max_pairs=3e6, seed=1)
    for rule in (block_on("birth_date"), block_on("name"), block_on("kana")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)


if __name__ == "__main__":
    main(*sys.argv[1:4])
