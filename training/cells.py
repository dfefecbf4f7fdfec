"""Trains the reader of cells: `python -m training.cells --seed 1 --samples 300000 --epochs 4`.

Samples are drawn in chunks and kept under --work with the state of the training, so a run that was stopped goes on
where it was. Seed, samples, epochs and versions stand in the ONNX file's metadata.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ocr.glyphs import MODEL
from training.network import CellNetwork, export
from training.rows import draw_row
from training.sources import CLASSES

CHUNK = 5_000
VALIDATION = 1_000_003  # added to the seed of the samples that calibrate
BATCH = 96
PEAK = 4e-3  # the highest learning rate
SMOOTHING = 0.03


@dataclass(frozen=True)
class Plan:
    """What fixes the weights."""

    seed: int
    samples: int
    epochs: int


@dataclass(frozen=True)
class Data:
    """Samples as arrays of one length."""

    pictures: NDArray[np.uint8]
    measures: NDArray[np.float32]
    labels: NDArray[np.int64]


def draw_chunk(seed: int, index: int) -> Data:
    """CHUNK samples; the same for the same seed and index."""
    rng = np.random.default_rng((seed, index))
    place = {name: n for n, name in enumerate(CLASSES)}
    pictures, measures, labels = [], [], []
    while sum(map(len, labels)) < CHUNK:
        row = draw_row(rng)
        if row.labels:
            pictures.append(row.pictures)
            measures.append(row.measures)
            labels.append(np.array([place[label] for label in row.labels]))
    return Data(np.concatenate(pictures)[:CHUNK], np.concatenate(measures)[:CHUNK], np.concatenate(labels)[:CHUNK])


def load_chunk(work: Path, seed: int, index: int) -> Data:
    """A chunk from the disk, drawn first where it is not there yet."""
    path = work / f"cells-{seed}-{index:04d}.npz"
    if not path.exists():
        data = draw_chunk(seed, index)
        draft = path.with_suffix(".draft.npz")
        np.savez(draft, pictures=data.pictures, measures=data.measures, labels=data.labels)
        draft.replace(path)
    with np.load(path) as found:
        return Data(found["pictures"], found["measures"], found["labels"])


def train(plan: Plan, work: Path) -> CellNetwork:
    """The trained network; goes on from the last chunk that was learnt."""
    torch.manual_seed(plan.seed)
    network = CellNetwork(len(CLASSES))
    chunks = -(-plan.samples // CHUNK)
    steps = chunks * plan.epochs * -(-CHUNK // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK, total_steps=steps, pct_start=0.15)
    state, done = work / f"cells-{plan.seed}-{plan.samples}-{plan.epochs}.pt", 0
    if state.exists():
        kept = torch.load(state, weights_only=True)
        network.load_state_dict(kept["network"])
        optimiser.load_state_dict(kept["optimiser"])
        schedule.load_state_dict(kept["schedule"])
        done = kept["done"]
    for turn in range(done, chunks * plan.epochs):
        order = np.random.default_rng((plan.seed, 77, turn // chunks)).permutation(chunks)
        data = load_chunk(work, plan.seed, int(order[turn % chunks]))
        loss, right = _learn(network, data, optimiser, schedule, (plan.seed, turn))
        print(
            f"{time.strftime('%H:%M:%S')} {turn + 1}/{chunks * plan.epochs} loss {loss:.3f} right {right:.4f}",
            flush=True,
        )
        kept = {"network": network.state_dict(), "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(), "done": turn + 1}  # fmt: skip
        torch.save(kept, state.with_suffix(".draft"))
        state.with_suffix(".draft").replace(state)
    return network


def _learn(network: CellNetwork, data: Data, optimiser: torch.optim.Optimizer,
           schedule: torch.optim.lr_scheduler.LRScheduler, seed: tuple[int, int]) -> tuple[float, float]:  # fmt: skip
    """One pass over a chunk; the mean loss and the share of samples that were right before they were learnt."""
    network.train()
    torch.manual_seed(seed[0] * 1_000_003 + seed[1])
    rng = np.random.default_rng((*seed, 5))
    losses, right = 0.0, 0
    order = rng.permutation(len(data.labels))
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        pictures, measures, labels = _tensors(data, rows, rng)
        scores = network.scores(pictures, measures)
        loss = nn.functional.cross_entropy(scores, labels, label_smoothing=SMOOTHING)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        losses += float(loss.detach()) * len(rows)
        right += int((scores.argmax(1) == labels).sum())
    return losses / len(order), right / len(order)


def _tensors(data: Data, rows: NDArray[np.int64], rng: np.random.Generator | None = None) -> tuple[Tensor, ...]:
    pictures, measures = data.pictures[rows], data.measures[rows]
    if rng is not None:  # a sample seen again is moved a little, and its measures are a little off
        pictures = np.roll(pictures, rng.integers(-1, 2, 2), axis=(1, 2))
        measures = measures + rng.normal(0, 0.02, measures.shape).astype(np.float32)
    return torch.from_numpy(pictures), torch.from_numpy(measures), torch.from_numpy(data.labels[rows])


def evaluate(network: CellNetwork, data: Data) -> Tensor:
    """Scores of all samples, before calibration."""
    network.eval()
    rows = np.arange(len(data.labels))
    with torch.no_grad():
        parts = [network.scores(*_tensors(data, rows[n : n + 500])[:2]) for n in range(0, len(rows), 500)]
    return torch.cat(parts)


def calibrate(network: CellNetwork, data: Data) -> float:
    """Sets the temperature that makes the true labels of unseen samples likeliest; gives their share that is right."""
    scores, labels = evaluate(network, data), torch.from_numpy(data.labels)
    temperatures = torch.linspace(0.3, 2.5, 89)
    losses = torch.stack([nn.functional.cross_entropy(scores / t, labels) for t in temperatures])
    network.temperature.fill_(temperatures[losses.argmin()])
    return float((scores.argmax(1) == labels).double().mean())


def save(network: CellNetwork, plan: Plan, data: Data, right: float, path: Path) -> None:
    """Writes the network with its classes and origin as ONNX."""
    recipe = {**plan.__dict__, "torch": torch.__version__, "numpy": np.__version__}
    weights = hashlib.sha256(b"".join(t.numpy().tobytes() for t in network.state_dict().values())).hexdigest()[:12]
    meta = {"classes": "\n".join(CLASSES), "id": f"cells@{weights}", "recipe": json.dumps(recipe, sort_keys=True),
            "validation": f"{right:.5f}", "licence": "Apache-2.0"}  # fmt: skip
    pictures, measures, _ = _tensors(data, np.arange(2))
    export(network, (pictures, measures), ["pictures", "measures"], path, meta)


def main(arguments: list[str]) -> None:
    """Trains, calibrates and writes the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=int, default=300_000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    parser.add_argument("--out", type=Path, default=MODEL)
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    plan = Plan(options.seed, options.samples, options.epochs)
    network = train(plan, options.work)
    unseen = load_chunk(options.work, options.seed + VALIDATION, 0)
    right = calibrate(network, unseen)
    save(network, plan, unseen, right, options.out)
    print(f"right on {len(unseen.labels)} unseen samples: {right:.4f}; temperature {float(network.temperature):.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
