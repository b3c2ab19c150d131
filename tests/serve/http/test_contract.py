"""The types of `kqml.contract`: the service answers with them, the client returns them, bodies are checked for them."""

import types
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel
from typing_extensions import is_typeddict

from kqml.client import Client
from kqml.contract.accounts import AccountFields, Contact, Rep
from kqml.contract.decisions import DecisionFields, DecisionState
from kqml.contract.duties import DutyRow
from kqml.contract.fields import field_names
from kqml.contract.histories import AccountToScore, EventFields, ProfileFields
from kqml.duties.table import SCHEMA
from serve.database.records import columns_of
from serve.database.tables import ACCOUNTS, CONTACTS, DECISION_STATES, DECISIONS, REPS
from serve.http.schemas.scores import AccountIn, EventIn, ProfileIn
from serve.server import ROUTES

CONTRACT = "kqml.contract."
ANSWERS = [
    pytest.param(route, id=f"{min(route.methods)} {route.path}")
    for module in ROUTES
    for route in module.router.routes
    if isinstance(route, APIRoute) and route.response_model is not None
]
BODIES = [(EventIn, EventFields), (ProfileIn, ProfileFields), (AccountIn, AccountToScore)]
STORED = [
    (AccountFields, ACCOUNTS, ("described", "updated_at", "erased_at"), ()),
    (Contact, CONTACTS, ("updated_at", "erased_at"), ()),
    (Rep, REPS, ("updated_at",), ()),
    (DecisionFields, DECISIONS, (), ()),
    (DecisionState, DECISION_STATES, (), ("decision_id", "number")),
]


def is_nullable(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return is_nullable(get_args(annotation)[0])
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def shape_of(kind: type) -> dict[str, tuple[bool, bool]]:
    """Each field with whether it must be there, whether it may be null."""
    hints = get_type_hints(kind)
    if is_typeddict(kind):
        return {name: (name in kind.__required_keys__, is_nullable(hint)) for name, hint in hints.items()}
    if is_dataclass(kind):
        return {
            each.name: (each.default is MISSING and each.default_factory is MISSING, is_nullable(hints[each.name]))
            for each in fields(kind)
        }
    assert issubclass(kind, BaseModel)
    return {name: (field.is_required(), is_nullable(field.annotation)) for name, field in kind.model_fields.items()}


def types_in(annotation: Any) -> Iterator[type]:
    """Every typed dict, dataclass and model that a value of a type may hold."""
    if is_typeddict(annotation) or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        yield annotation
        for hint in get_type_hints(annotation).values():
            yield from types_in(hint)
    for part in get_args(annotation):
        yield from types_in(part)


@pytest.mark.parametrize("route", ANSWERS)
def test_an_answer_is_a_type_of_the_contract(route: APIRoute) -> None:
    kinds = set(types_in(route.response_model))
    assert kinds
    assert [kind for kind in kinds if not kind.__module__.startswith(CONTRACT)] == []


@pytest.mark.parametrize("route", ANSWERS)
def test_the_description_has_the_fields_of_the_contract(client: Any, route: APIRoute) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for kind in set(types_in(route.response_model)):
        described = schemas[kind.__name__]
        nullable = {
            name: {"type": "null"} in field.get("anyOf", ()) or field.keys() <= {"title"}
            for name, field in described["properties"].items()
        }
        shape = shape_of(kind)
        assert nullable.keys() == shape.keys()
        assert set(described.get("required", ())) == {name for name, (required, _) in shape.items() if required}
        assert {name for name, (_, null) in shape.items() if null} <= {name for name in nullable if nullable[name]}


@pytest.mark.parametrize(("body", "shape"), BODIES)
def test_a_body_is_checked_for_the_fields_of_the_contract(body: type, shape: type) -> None:
    assert shape_of(body) == shape_of(shape)


@pytest.mark.parametrize(("shape", "table", "more", "hidden"), STORED)
def test_an_answer_has_every_column_of_its_table(
    shape: type, table: Any, more: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    columns = [name for name in (*columns_of(table), *more) if name not in hidden]
    assert sorted(field_names(shape)) == sorted(columns)


def test_rows_of_duties_have_the_columns_of_their_table() -> None:
    assert sorted(field_names(DutyRow)) == sorted(SCHEMA.names)


def test_the_client_returns_types_of_the_contract() -> None:
    methods = [method for name, method in vars(Client).items() if not name.startswith("_") and callable(method)]
    kinds = {kind for method in methods for kind in types_in(get_type_hints(method)["return"])}
    assert len(kinds) > 10
    assert [kind for kind in kinds if not kind.__module__.startswith(CONTRACT)] == []
