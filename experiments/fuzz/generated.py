"""Requests generated from the OpenAPI document by schemathesis, valid and invalid."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from experiments.fuzz.answer_checks import AnswerCheck, wrong_access
from experiments.fuzz.callers import FuzzCaller
from experiments.fuzz.findings import FindingCounts, FuzzFinding
from experiments.fuzz.target import FuzzTarget

FORBIDDEN = 403
EXAMPLES = 20
"""Of one operation in one mode between two others."""

SECONDS = 30


def fuzz_generated(
    target: FuzzTarget, judge: AnswerCheck, requests: int, seed: int, stepped: Callable[[int], object]
) -> FindingCounts:
    """Send at least so many requests, the operations in turn."""
    from requests import Session

    attacks = [_Attack(judge, target, *named) for named in _operations(target.document)]
    tally = FindingCounts()
    with Session() as session:
        while tally.requests < requests:
            examples = min(EXAMPLES, -(-(requests - tally.requests) // len(attacks)))
            for attack in attacks:
                before = tally.requests
                attack.send(session, tally, examples, seed)
                stepped(tally.requests - before)
            seed += 1
    return tally


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Return every operation: method, address, valid and, where possible, invalid requests."""
    from schemathesis import GenerationMode

    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, GenerationMode.POSITIVE
            if operation.get("requestBody") or operation.get("parameters"):
                yield method.upper(), path, GenerationMode.NEGATIVE


class _Attack:
    """Requests of one operation; half of them use existing ids, half an authorised caller."""

    def __init__(self, judge: AnswerCheck, target: FuzzTarget, method: str, path: str, mode: Any) -> None:
        from hypothesis import strategies as st

        operation = judge.operation(method, path)
        self._judge, self._url, self._name = judge, target.url, f"{method} {path}"
        self._scope = target.document["paths"][path][method.lower()].get("x-scope")
        allowed = [caller for caller in target.callers if self._scope is None or self._scope in caller.scopes]
        self._callers = st.one_of(st.sampled_from(allowed), st.sampled_from(target.callers))
        anywhere = operation.as_strategy(generation_mode=mode)
        there = [operation.as_strategy(generation_mode=mode, path_parameters=ids) for ids in _there(operation, target)]
        self._cases = st.one_of(anywhere, st.one_of(there)) if there else anywhere

    def send(self, session: Any, tally: FindingCounts, examples: int, seed: int) -> None:
        import hypothesis
        from hypothesis import HealthCheck, Phase, given, settings

        @hypothesis.seed(seed)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(self._cases, self._callers)
        def check(case: Any, caller: FuzzCaller) -> None:
            self._check(session, case, caller, tally)

        check()

    def _check(self, session: Any, case: Any, caller: FuzzCaller, tally: FindingCounts) -> None:
        session.cookies.clear()
        answer = case.call(self._url, session, dict(caller.headers), allow_redirects=False, timeout=SECONDS)
        tally.count(answer.status_code)
        sent = f"{caller.name}: {case.as_curl_command()}"
        wrong = wrong_access(self._scope, caller, answer.status_code, names_contents=_names_contents(answer))
        if wrong:
            tally.add(FuzzFinding(self._name, wrong, sent))
        for what, story in self._judge.of_generated(case, answer):
            tally.add(FuzzFinding(self._name, what, f"{story}\n{sent}"))


def _there(operation: Any, target: FuzzTarget) -> Sequence[dict[str, str]]:
    """Return the operation's path parameters with existing ids."""
    names = [parameter.name for parameter in operation.path_parameters]
    if len(names) != 1 or names[0] not in target.ids:
        return []
    return [{names[0]: value} for value in target.ids[names[0]]]


def _names_contents(answer: Any) -> bool:
    """Whether an answer of 403 names parts of the body."""
    return answer.status_code == FORBIDDEN and bool(answer.json().get("errors"))
