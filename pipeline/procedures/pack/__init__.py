"""A procedure as data: one folder (or zip) with `procedure.yaml` and `forms/*.yaml`, for every channel.

Everything here is validated once, when a pack is installed; the rest of the house may trust it.
"""

from pipeline.procedures.pack.base import Label, PackModel
from pipeline.procedures.pack.channels import ColumnMap, OnlineChannel, RosterColumns
from pipeline.procedures.pack.checks import CheckKind, CheckSpec
from pipeline.procedures.pack.fields import AttachmentSpec, Choice, FieldSpec, FieldType, Role, field_key
from pipeline.procedures.pack.forms import (
    BoxMm,
    CellRow,
    CellsBox,
    ChoiceBox,
    DateBox,
    FormBox,
    FormPage,
    FormTable,
    FormTemplate,
    LineBox,
    MarkerBox,
    OptionBox,
    PresenceBox,
    PrintedText,
    TableColumn,
    TickBox,
)
from pipeline.procedures.pack.outbound import ExportColumn, Outbound
from pipeline.procedures.pack.procedure import (
    Determination,
    Exclusion,
    Letter,
    Matching,
    MatchRole,
    Procedure,
    Retention,
    ReviewRules,
)
from pipeline.procedures.pack.scores import Ranking, Scores, ScoreTable

__all__ = [
    "AttachmentSpec",
    "BoxMm",
    "CellRow",
    "CellsBox",
    "CheckKind",
    "CheckSpec",
    "Choice",
    "ChoiceBox",
    "ColumnMap",
    "DateBox",
    "Determination",
    "Exclusion",
    "ExportColumn",
    "FieldSpec",
    "FieldType",
    "FormBox",
    "FormPage",
    "FormTable",
    "FormTemplate",
    "Label",
    "Letter",
    "LineBox",
    "MarkerBox",
    "MatchRole",
    "Matching",
    "OnlineChannel",
    "OptionBox",
    "Outbound",
    "PackModel",
    "PresenceBox",
    "PrintedText",
    "Procedure",
    "Ranking",
    "Retention",
    "ReviewRules",
    "Role",
    "RosterColumns",
    "ScoreTable",
    "Scores",
    "TableColumn",
    "TickBox",
    "field_key",
]
