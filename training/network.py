"""The networks of `ocr.glyphs` and `ocr.marks.ticks` in torch, and its way to ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

HALVED = 1_000  # weights: tensors from here on are stored in two bytes each


class GlyphNetwork(nn.Module):
    """Pictures [n, side, side] uint8 and measures [n, measures] in, scores [n, classes] out."""

    def __init__(self, classes: int, side: int, measures: int, widths: Sequence[int] = (16, 32, 64, 64, 96)) -> None:
        super().__init__()
        self.side = side
        self.first = _block(1, widths[0])
        self.second = _block(widths[0], widths[1])
        self.third = _block(widths[1], widths[2])
        self.fourth = _block(widths[2], widths[3])
        self.fifth = _block(widths[3], widths[4])
        self.pool = nn.MaxPool2d(2)
        self.measures = nn.Sequential(nn.Linear(measures, 24), nn.ReLU())
        self.mixed = nn.Sequential(nn.Linear(widths[4] * (side // 8) ** 2 + 24, 160), nn.ReLU(), nn.Dropout(0.2))
        self.last = nn.Linear(160, classes)
        self.temperature = nn.Parameter(torch.ones(()), requires_grad=False)

    def scores(self, pictures: Tensor, measures: Tensor) -> Tensor:
        """Scores before calibration."""
        x = pictures.reshape(-1, 1, self.side, self.side).float() / 255.0
        x = self.second(self.pool(self.first(x)))
        x = self.third(self.pool(x))
        y = self.fourth(x)
        x = self.pool(x + y if x.shape == y.shape else y)
        x = self.fifth(x).flatten(1)
        together = torch.cat([x, self.measures(measures)], dim=1)
        out: Tensor = self.last(self.mixed(together))
        return out

    def forward(self, pictures: Tensor, measures: Tensor) -> Tensor:
        return torch.log_softmax(self.scores(pictures, measures) / self.temperature, dim=1)


class Together(nn.Module):
    """Networks of one task as one: the mean of their log-probabilities, made to sum up to one again."""

    def __init__(self, networks: Sequence[GlyphNetwork]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, pictures: Tensor, measures: Tensor) -> Tensor:
        told = torch.stack([network(pictures, measures) for network in self.networks])
        return torch.log_softmax(told.mean(0), dim=1)


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def export(network: nn.Module, example: tuple[Tensor, ...], names: list[str], path: Path, meta: dict[str, str]) -> None:
    """Writes the network as ONNX with a free number of rows and `meta` in its metadata."""
    network.eval()
    rows = {name: {0: "n"} for name in (*names, "log_probabilities")}
    torch.onnx.export(network, example, str(path), input_names=names, output_names=["log_probabilities"],
                      dynamic_axes=rows, opset_version=17, dynamo=False)  # fmt: skip
    model = onnx.load(str(path))
    del model.metadata_props[:]
    for key, value in sorted(meta.items()):
        model.metadata_props.add(key=key, value=value)
    halve(model)
    onnx.save(model, str(path))


def halve(model: onnx.ModelProto) -> None:
    """Stores large weights as float16; they are widened once, when the model is opened, and used as float32."""
    graph, casts = model.graph, []
    for weights in graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype == np.float32 and values.size >= HALVED:
            name = weights.name
            weights.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
