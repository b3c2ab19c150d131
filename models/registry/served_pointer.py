"""The pointer file `served/current.json`, which names the bundle in service."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from kqml.errors import CouldNot, Fault

POINTER = "current.json"


@dataclass(frozen=True)
class ServedPointer:
    """What the pointer names. `folder`: the bundle's, beside the pointer. `since`: ISO instant of the alias move."""

    version: str
    folder: str
    grade: str
    since: str
    fingerprint: str


def read_pointer(pointer: Path) -> ServedPointer:
    """What is published. Raises CouldNot where the file cannot be read or is not a pointer."""
    try:
        fields = orjson.loads(pointer.read_bytes())
        published = ServedPointer(**fields)
    except (OSError, ValueError, TypeError) as error:
        fault = Fault(str(pointer), f"{error}", "start `kqml serve`, which rewrites the file")
        raise CouldNot("The pointer to the served model cannot be read.", [fault]) from error
    if not all(isinstance(value, str) for value in fields.values()) or Path(published.folder).name != published.folder:
        fault = Fault(str(pointer), f"{fields!r}", "start `kqml serve`, which rewrites the file")
        raise CouldNot("The pointer to the served model does not name a folder next to it.", [fault])
    return published


def read_fault(pointer: Path) -> str | None:
    """Return why the champion could not be published; None where it was."""
    try:
        return _fault_file(pointer).read_text(encoding="utf-8")
    except OSError:
        return None


def write_fault(pointer: Path, fault: str | None) -> None:
    """Write beside the pointer why the champion cannot be published; None removes what was written."""
    file = _fault_file(pointer)
    if fault is None:
        file.unlink(missing_ok=True)
    elif read_fault(pointer) != fault:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(fault, encoding="utf-8")


def _fault_file(pointer: Path) -> Path:
    return pointer.with_suffix(".fault")


def write_pointer(pointer: Path, published: ServedPointer) -> None:
    """Replace the pointer in one step: a reader sees the old one or the new one."""
    temporary = pointer.with_name(f".{pointer.name}.{os.getpid()}")
    temporary.write_bytes(orjson.dumps(asdict(published), option=orjson.OPT_INDENT_2))
    temporary.replace(pointer)
