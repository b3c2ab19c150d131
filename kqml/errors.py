"""What can go wrong, with the exit code each failure has on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input: where it stands, what it is (with the value), what to do about it."""

    where: str
    what: str
    todo: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} – {self.todo}"


class KqmlError(Exception):
    """A failure that the user can act on; `str()` is one sentence, then one line per fault."""

    exit_code = 3

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {fault}" for fault in self.faults)])


class Refused(KqmlError):
    """The answer is no: unusable data, too little to learn from, a grade that may not be promoted."""

    exit_code = 1


class BadUse(KqmlError):
    """The request itself is wrong: a flag, a mapping, a playbook, a name that does not exist."""

    exit_code = 2


class CouldNot(KqmlError):
    """The request is right, but disk, database or registry did not let it happen."""

    exit_code = 3
