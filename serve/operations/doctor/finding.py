"""The result of a check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["ok", "warning", "failed"]
Part = Literal["disk", "clock", "secrets", "database", "access", "registry", "model", "playbook"]


@dataclass(frozen=True)
class CheckResult:
    """`part`: what was looked at. `message`: the key below `doctor.<part>` of what was found, and what to do about it
    unless it is well; `values` fill it in."""

    part: Part
    state: State
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)


def passed_check(part: Part, message: str, **values: Any) -> CheckResult:
    return CheckResult(part, "ok", message, values)


def warning_check(part: Part, message: str, **values: Any) -> CheckResult:
    return CheckResult(part, "warning", message, values)


def failed_check(part: Part, message: str, **values: Any) -> CheckResult:
    return CheckResult(part, "failed", message, values)
