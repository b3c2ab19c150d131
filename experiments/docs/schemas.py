"""The JSON schema of every command, from the type of the result that the command declares."""

import ast
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from serve.cli.app import find_function
from serve.cli.output import ErrorAnswer

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_pages(packages: Mapping[str, Sequence[str]]) -> dict[str, Callable[[], str]]:
    """Return file in `docs/` → what makes its text, of every command that answers in JSON."""
    return {
        f"schemas/{command.replace(' ', '-')}.json": partial(schema_page, package, command)
        for package, commands in packages.items()
        for command in commands
        if get_args(inspect.signature(find_function(package, command)).return_annotation) not in ((Any,), ())
    }


def schema_page(package: str, command: str) -> str:
    """Return the schema of what `kqml command --json` prints: the result of the command, or an error."""
    adapter: TypeAdapter[Any] = TypeAdapter(result_type(find_function(package, command)) | ErrorAnswer)
    schema = adapter.json_schema(mode="serialization", schema_generator=ClosedSchema)
    page = {"$schema": DIALECT, "title": f"kqml {command} --json", **schema}
    return json.dumps(page, indent=2, ensure_ascii=False) + "\n"


def result_type(function: Callable[..., Any]) -> Any:
    """Return the type T of a command that declares `Answer[T]`."""
    module = sys.modules[function.__module__]
    vars(module).update(_imports_for_types(module))
    (result,) = get_args(get_type_hints(function)["return"])
    return result


def _imports_for_types(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The names that a module imports under `if TYPE_CHECKING` only."""
    for block in ast.parse(inspect.getsource(module)).body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for line in block.body:
                assert isinstance(line, ast.ImportFrom)
                source = import_module(str(line.module))
                yield from ((name.asname or name.name, getattr(source, name.name)) for name in line.names)


class ClosedSchema(GenerateJsonSchema):
    """Objects with exactly the fields of their type, all of them required unless the type says otherwise."""

    def field_is_required(
        self, field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField, total: bool
    ) -> bool:
        """Return whether the field is always printed: a default of a dataclass is printed, too."""
        return field["type"] != "typed-dict-field" or field.get("required", total)

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Return False: a title would repeat the name of the field."""
        return False

    def float_schema(self, schema: core_schema.FloatSchema) -> dict[str, Any]:
        """Return the schema of a number, its bounds written alike whether they are given as 0 or as 0.0."""
        parts = super().float_schema(schema).items()
        return {name: int(part) if isinstance(part, float) and part.is_integer() else part for name, part in parts}

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> dict[str, Any]:
        """Return the schema of a typed dict, which has no other fields."""
        return {**super().typed_dict_schema(schema), "additionalProperties": False}

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> dict[str, Any]:
        """Return the schema of a dataclass, which has no other fields."""
        return {**super().dataclass_schema(schema), "additionalProperties": False}
