"""Draws samples, trains a network on them, calibrates it and writes it as ONNX; goes on where it was stopped.

Samples are drawn in chunks and kept with the state of the training, so nothing is done twice. Seed, samples, epochs
and versions stand in the ONNX file's metadata.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.network import GlyphNetwork, Together, export

CHUNK = 5_000
VALIDATION = 1_000_003  # added to the seed of the samples that calibrate
BATCH = 192
PEAK = 4e-3  # the highest learning rate
PEAK_AGAIN = 1.5e-3  # of a network that has learnt before

Drawn = tuple[NDArray[np.uint8], NDArray[np.float32], tuple[str, ...]]
"""Pictures, measures and labels of a few samples."""


@dataclass(frozen=True)
class Task:
    """What is learnt. draw: a few samples with what the generator says; network: a fresh one."""

    name: str
    classes: tuple[str, ...]
    draw: Callable[[np.random.Generator], Drawn]
    network: Callable[[], GlyphNetwork]


@dataclass(frozen=True)
class Plan:
    """What fixes the weights. stop: the turn (CHUNK samples learnt once) after which the plan was broken off.

    begin: the state of an earlier plan that is gone on from on other samples; "" for none. mean: the states whose
    weights are averaged instead of learning; what one plan went on from another lies near enough for that.
    together: the states whose networks are asked side by side, all in one file, the mean of their answers given.
    """

    seed: int
    samples: int
    epochs: int
    stop: int
    begin: str = ""
    mean: tuple[str, ...] = ()
    together: tuple[str, ...] = ()


@dataclass(frozen=True)
class Data:
    """Samples as arrays of one length."""

    pictures: NDArray[np.uint8]
    measures: NDArray[np.float32]
    labels: NDArray[np.int64]


def draw_chunk(task: Task, seed: int, index: int) -> Data:
    """CHUNK samples; the same for the same seed and index."""
    rng = np.random.default_rng((seed, index))
    place = {name: n for n, name in enumerate(task.classes)}
    pictures, measures, labels = [], [], []
    while sum(map(len, labels)) < CHUNK:
        drawn = task.draw(rng)
        if drawn[2]:
            pictures.append(drawn[0])
            measures.append(drawn[1])
            labels.append(np.array([place[label] for label in drawn[2]]))
    return Data(np.concatenate(pictures)[:CHUNK], np.concatenate(measures)[:CHUNK], np.concatenate(labels)[:CHUNK])


def load_chunk(task: Task, work: Path, seed: int, index: int) -> Data:
    """A chunk from the disk, drawn first where it is not there yet."""
    path = work / f"{task.name}-{seed}-{index:04d}.npz"
    if not path.exists():
        data = draw_chunk(task, seed, index)
        draft = path.with_suffix(".draft.npz")
        np.savez(draft, pictures=data.pictures, measures=data.measures, labels=data.labels)
        draft.replace(path)
    with np.load(path) as found:
        return Data(found["pictures"], found["measures"], found["labels"])


def train(task: Task, plan: Plan, work: Path) -> GlyphNetwork:
    """The trained network; goes on from the last chunk that was learnt."""
    torch.manual_seed(plan.seed)
    network = task.network()
    chunks = -(-plan.samples // CHUNK)
    peak = PEAK_AGAIN if plan.begin else PEAK
    if plan.begin:
        network.load_state_dict(torch.load(work / plan.begin, weights_only=True)["network"])
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=0.02)
    steps = chunks * plan.epochs * -(-CHUNK // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak, total_steps=steps, pct_start=0.15)
    state, done = work / f"{task.name}-{plan.seed}-{plan.samples}-{plan.epochs}.pt", 0
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    if state.exists():
        kept = torch.load(state, weights_only=True)
        done = kept.pop("done")
        for name, values in kept.items():
            parts[name].load_state_dict(values)
    for turn in range(done, min(plan.stop, chunks * plan.epochs)):
        order = np.random.default_rng((plan.seed, 77, turn // chunks)).permutation(chunks)
        data = load_chunk(task, work, plan.seed, int(order[turn % chunks]))
        loss, right = _learn(network, data, optimiser, schedule, (plan.seed, turn))
        at = f"{time.strftime('%H:%M:%S')} {turn + 1}/{chunks * plan.epochs}"
        print(f"{at} loss {loss:.3f} right {right:.4f}", flush=True)
        kept = {name: part.state_dict() for name, part in parts.items()} | {"done": turn + 1}
        torch.save(kept, state.with_suffix(".draft"))
        state.with_suffix(".draft").replace(state)
    return network


def average(task: Task, states: Sequence[Path]) -> GlyphNetwork:
    """The network with the mean of the weights that were reached."""
    found = [torch.load(state, weights_only=True)["network"] for state in states]
    network = task.network()
    parts = {
        name: torch.stack([one[name].float() for one in found]).mean(0).to(found[0][name].dtype) for name in found[0]
    }
    network.load_state_dict(parts)
    return network


def _learn(
    network: GlyphNetwork,
    data: Data,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    seed: tuple[int, int],
) -> tuple[float, float]:
    """One pass over a chunk; the mean loss and the share of samples that were right before they were learnt."""
    network.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    torch.manual_seed(seed[0] * 1_000_003 + seed[1])
    rng = np.random.default_rng((*seed, 5))
    losses, right = 0.0, 0
    order = rng.permutation(len(data.labels))
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        pictures, measures, labels = _tensors(data, rows, rng)
        with torch.autocast("cpu", dtype=torch.bfloat16):  # half the time; the weights stay in float32
            scores = network.scores(pictures, measures)
        loss = nn.functional.cross_entropy(scores.float(), labels)
        optimiser.zero_grad()
        loss.backward()
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


def evaluate(network: GlyphNetwork, data: Data) -> Tensor:
    """Scores of all samples, before calibration."""
    network.eval()
    rows = np.arange(len(data.labels))
    with torch.no_grad():
        parts = [network.scores(*_tensors(data, rows[n : n + 500])[:2]) for n in range(0, len(rows), 500)]
    return torch.cat(parts)


def calibrate(network: GlyphNetwork, data: Data) -> float:
    """Sets the temperature that makes the true labels of unseen samples likeliest; gives their share that is right."""
    scores, labels = evaluate(network, data), torch.from_numpy(data.labels)
    temperatures = torch.linspace(0.3, 2.5, 89)
    losses = torch.stack([nn.functional.cross_entropy(scores / t, labels) for t in temperatures])
    network.temperature.fill_(temperatures[losses.argmin()])
    return float((scores.argmax(1) == labels).double().mean())


def bring_together(task: Task, states: Sequence[Path], unseen: Data) -> tuple[Together, float]:
    """The networks of these states, each calibrated, as one; and the share of unseen samples that it has right."""
    networks = []
    for state in states:
        network = task.network()
        network.load_state_dict(torch.load(state, weights_only=True)["network"])
        calibrate(network, unseen)
        networks.append(network)
    together = Together(networks)
    with torch.no_grad():
        told = together(*_tensors(unseen, np.arange(len(unseen.labels)))[:2])
    return together, float((told.argmax(1) == torch.from_numpy(unseen.labels)).double().mean())


def save(task: Task, network: nn.Module, plan: Plan, data: Data, right: float, path: Path) -> None:
    """Writes the network with its classes and origin as ONNX."""
    recipe = {**plan.__dict__, "torch": torch.__version__, "numpy": np.__version__}
    weights = hashlib.sha256(b"".join(t.numpy().tobytes() for t in network.state_dict().values())).hexdigest()[:12]
    meta = {
        "classes": "\n".join(task.classes),
        "id": f"{task.name}@{weights}",
        "recipe": json.dumps(recipe, sort_keys=True),
        "validation": f"{right:.5f}",
    }
    pictures, measures, _ = _tensors(data, np.arange(2))
    export(network, (pictures, measures), ["pictures", "measures"], path, meta)


def run(task: Task, arguments: list[str], out: Path, samples: int, epochs: int) -> None:
    """The command of a task: trains, calibrates and writes the model."""
    parser = argparse.ArgumentParser(prog=f"training.{task.name}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=int, default=samples)
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--stop", type=int, default=1_000_000, help="break the plan off after so many turns")
    parser.add_argument("--begin", default="", help="go on from this state (a name in --work), on other samples")
    parser.add_argument("--mean", nargs="+", default=[], help="average these states instead of learning")
    parser.add_argument("--together", nargs="+", default=[], help="put the networks of these states into one file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    parser.add_argument("--out", type=Path, default=out)
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    plan = Plan(
        options.seed, options.samples, options.epochs, options.stop, options.begin, tuple(options.mean),
        tuple(options.together),
    )  # fmt: skip
    unseen = load_chunk(task, options.work, options.seed + VALIDATION, 0)
    network, right = _made(task, plan, options.work, unseen)
    save(task, network, plan, unseen, right, options.out)
    print(f"right on {len(unseen.labels)} unseen samples: {right:.4f}")


def _made(task: Task, plan: Plan, work: Path, unseen: Data) -> tuple[nn.Module, float]:
    """The calibrated network of a plan, and the share of unseen samples that it has right."""
    if plan.together:
        return bring_together(task, [work / name for name in plan.together], unseen)
    network = average(task, [work / name for name in plan.mean]) if plan.mean else train(task, plan, work)
    return network, calibrate(network, unseen)
