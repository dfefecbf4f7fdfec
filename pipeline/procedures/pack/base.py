"""What every part of a pack is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class PackModel(BaseModel):
    """Base of all pack parts: unknown keys are refused, as a misspelt key is a rule that is not applied."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Label(PackModel):
    """Words for a screen, in Japanese and English."""

    ja: str
    en: str
