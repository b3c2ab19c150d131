"""Checks of answers: conformance to the OpenAPI document and access rights."""

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.fuzz.callers import NOTHING, FuzzCaller
from kqml.errors import CouldNot, Fault

OF_EVERY_ANSWER = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
OF_GENERATED = (*OF_EVERY_ANSWER, "negative_data_rejection")
"""`positive_data_acceptance` is out: the database knows more than a schema."""

TOO_LARGE = 413

Wrong = Iterator[tuple[str, str]]
"""What is wrong, in words without ids; the whole story."""


class AnswerCheck:
    """Knows the document. Raises CouldNot where schemathesis, which reads it, is not installed."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        try:
            import schemathesis
        except ImportError as error:
            fault = Fault("schemathesis", "it is not installed", "pip install 'kqml[dev]'")
            raise CouldNot("Requests are generated and judged by schemathesis.", [fault]) from error
        self.document = document
        self.schema = schemathesis.openapi.from_dict(_without_security(document))

    def operation(self, method: str, path: str) -> Any:
        """Return the operation as schemathesis represents it."""
        return self.schema[path][method]

    def of_generated(self, case: Any, answer: Any) -> Wrong:
        """Check the answer to a generated request; schemathesis does not treat 413 as a refusal."""
        return _wrong(case, answer, OF_EVERY_ANSWER if answer.status_code == TOO_LARGE else OF_GENERATED)

    def of_hand_made(self, method: str, path: str, answer: Any) -> Wrong:
        """Check the answer to any request to that operation."""
        operation = self.operation(method, path)
        named = {parameter.name: "any" for parameter in operation.path_parameters}
        return _wrong(operation.Case(path_parameters=named), answer, OF_EVERY_ANSWER)


def _wrong(case: Any, answer: Any, names: tuple[str, ...]) -> Wrong:
    from schemathesis.checks import CHECKS, load_all_checks
    from schemathesis.core.failures import FailureGroup

    load_all_checks()
    try:
        case.validate_response(answer, [CHECKS.get_one(name) for name in names])
    except FailureGroup as failures:
        for failure in failures.exceptions:
            yield f"{type(failure).__name__}: {answer.status_code}", str(failure)


def wrong_access(scope: str | None, caller: FuzzCaller, status: int, *, names_contents: bool = False) -> str | None:
    """Return the access fault of an answer, if any. 404 and 405: no route has that address. `names_contents`: the
    answer names parts of the body that need a further scope, such as events that close accounts."""
    may = scope is None or scope in caller.scopes
    if may and (status == 401 or (status == 403 and not names_contents)):
        return "who may ask was turned away"
    if not may and status not in (401, 403, 404, 405):
        return "who may not ask was let in"
    if not may and status == 403 and caller.scopes == NOTHING:
        return "a stranger was told 403"
    return None


def _without_security(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document without security schemes, because callers are authenticated here."""
    components = {name: part for name, part in document["components"].items() if name != "securitySchemes"}
    paths = {
        path: {method: {**operation, "security": []} for method, operation in operations.items()}
        for path, operations in document["paths"].items()
    }
    return {**document, "components": components, "paths": paths}
