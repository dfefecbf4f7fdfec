"""The slip that comes with a batch: what the mailroom knows and a scan cannot say."""

from __future__ import annotations

import datetime as dt
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.channels.errors import SlipError
from pipeline.domain.statuses import Channel

SLIP_NAME = "batch.yaml"

_CHANNELS = {
    "郵送": Channel.MAIL,
    "窓口": Channel.COUNTER,
    "支所": Channel.BRANCH,
    "投函箱": Channel.DROP_BOX,
} | {channel.value: channel for channel in Channel if channel.is_paper}


class BatchSlip(BaseModel):
    """One batch as counted by hand.

    received_on: 収受日, the date of the receipt stamp; days may lie between it and the scan.
    source: how the sheets came: 郵送, 窓口, 支所, 投函箱, or the same in English.
    department: whose work it is; None when the procedure decides.
    counted_sheets: sheets counted by hand; None when nobody counted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    received_on: dt.date
    source: str = Field(min_length=1, max_length=100)
    department: str | None = Field(default=None, max_length=100)
    counted_sheets: int | None = Field(default=None, ge=1, le=100_000)

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str) -> str:
        if source not in _CHANNELS:
            raise ValueError("source must be one of " + ", ".join(_CHANNELS))
        return source

    @property
    def channel(self) -> Channel:
        """受付経路 that the source names."""
        return _CHANNELS[self.source]


def read_slip(data: bytes) -> BatchSlip:
    """The slip in this YAML. Raises SlipError naming the items that are wrong, never what they hold."""
    try:
        raw: Any = yaml.safe_load(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, yaml.YAMLError):
        raise SlipError("UTF-8 YAML") from None
    if not isinstance(raw, dict):
        raise SlipError("received_on, source")
    try:
        return BatchSlip.model_validate(raw)
    except ValidationError as error:
        names = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})
        raise SlipError(", ".join(names)) from None
