"""The manifest of a backup: its parts, with the digest of every file."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import orjson

from kqml.contract.fields import Moment
from kqml.errors import CouldNot, Fault

MANIFEST = "backup.json"
FORMAT = 1
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """`database`: sqlite or postgresql. `artifacts`: the folder that the registry's addresses name. `files`: path
    inside the backup → sha256."""

    format: int
    made_at: Moment
    database: Literal["sqlite", "postgresql"]
    revision: str | None
    artifacts: str
    secrets: bool
    files: dict[str, str]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_bytes(orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a complete backup. Raises CouldNot with every file that is missing,
    changed or unexpected."""
    try:
        manifest = Manifest(**orjson.loads((folder / MANIFEST).read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        fault = Fault(str(folder / MANIFEST), str(error), "give a folder written by `kqml backup`")
        raise CouldNot("The folder is not a backup.", [fault]) from error
    if manifest.format != FORMAT:
        fault = Fault(
            MANIFEST, f"format {manifest.format!r} is not {FORMAT}", "use the program version that wrote the backup"
        )
        raise CouldNot("The backup has an unknown format.", [fault])
    faults = list(_differences(folder, manifest.files))
    if faults:
        raise CouldNot("The backup is damaged. Nothing was restored.", faults)
    return manifest


def digests(folder: Path) -> dict[str, str]:
    """Path inside the folder → sha256, of every file but the manifest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): _digest(path) for path in files}


def _differences(folder: Path, files: dict[str, str]) -> Iterator[Fault]:
    result = digests(folder)
    for name in sorted(files.keys() | result.keys()):
        if name not in result:
            yield Fault(name, "is missing", "use another backup")
        elif name not in files:
            yield Fault(name, "does not belong to the backup", "delete it")
        elif files[name] != result[name]:
            yield Fault(name, "its content has changed", "use another backup")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
