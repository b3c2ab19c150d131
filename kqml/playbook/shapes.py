"""The shapes that values of a playbook take, each of which refuses what does not fit it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, PlainSerializer
from pydantic_core import CoreSchema, core_schema

from kqml.calendar.festivals import FESTIVALS
from kqml.calendar.workdays import countries
from kqml.events import KIND_OF_CODE, EventKind
from kqml.playbook.codes import CAUSES, CHANNELS, LANGUAGES, SYMPTOMS, TIERS

STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class ListOf:
    """A table that has exactly these keys, each of them a fault of its own where it is absent."""

    keys: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        field = core_schema.typed_dict_field(handler.generate_schema(get_args(source)[1]))
        return core_schema.typed_dict_schema(dict.fromkeys(self.keys, field), extra_behavior="forbid")


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError("the value must be a number")
    return value


def _no_seconds(value: Any) -> Any:
    if isinstance(value, int | float):
        raise ValueError("the value must be a time of day such as 20:00:00")
    return value


def _kind(value: Any) -> EventKind:
    if isinstance(value, EventKind):
        return value
    if not isinstance(value, str) or value not in KIND_OF_CODE:
        raise ValueError(f"not a kind of event; use one of {', '.join(KIND_OF_CODE)}")
    return KIND_OF_CODE[value]


def _festival(value: str) -> str:
    if value not in FESTIVALS:
        raise ValueError(f"not a festival; use one of {', '.join(FESTIVALS)}")
    return value


def _code(value: str) -> str:
    if value not in (*SYMPTOMS, *CAUSES):
        raise ValueError(f"not a reason code; use one of {', '.join((*SYMPTOMS, *CAUSES))}")
    return value


def _country(value: str) -> str:
    if value not in countries():
        raise ValueError("not a working-day calendar; give an ISO code of two letters such as CN")
    return value


Number = Annotated[float, BeforeValidator(_no_bool), Field(allow_inf_nan=False)]
Amount = Annotated[Number, Field(ge=0)]
Positive = Annotated[Number, Field(gt=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[int, BeforeValidator(_no_bool), Field(ge=0)]
TimeOfDay = Annotated[time, BeforeValidator(_no_seconds)]
Name = Annotated[str, Field(min_length=1)]

Tier = Literal["A", "B", "C"]
Channel = Literal["visit", "call", "message"]
Kind = Annotated[EventKind, BeforeValidator(_kind), PlainSerializer(lambda kind: kind.code)]
Festival = Annotated[str, AfterValidator(_festival)]
Code = Annotated[str, AfterValidator(_code)]
Country = Annotated[str, AfterValidator(_country)]

PerTier = Annotated[Mapping[str, Amount], ListOf(TIERS)]
PerChannel = Annotated[Mapping[str, Amount], ListOf(CHANNELS)]
PerTierAndChannel = Annotated[Mapping[str, PerChannel], ListOf(TIERS)]
SharePerTier = Annotated[Mapping[str, Share], ListOf(TIERS)]
Asks = Annotated[Mapping[str, tuple[Channel, ...]], ListOf(TIERS)]
"""Tier → the channels asked for, all of them."""

Words = Annotated[Mapping[str, Name], ListOf(LANGUAGES)]
"""What people read of an entry that a company may name itself, in each language."""
