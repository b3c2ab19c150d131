"""Packed files: unpacked only as far as data can be, never to fill memory or the disk."""

import gzip
import zlib
from pathlib import Path

from kqml.errors import CouldNot, Fault, Refused
from kqml.importing.workspace import Workspace

MOST_RATIO, RATIO_FROM = 300, 32 << 20
"""What unpacks to more bytes than the second number and to so many times as many is made to fill memory."""

_BLOCK = 1 << 20


def is_gzip(path: Path) -> bool:
    """Whether the name is that of a gzipped file."""
    return path.name.lower().endswith(".gz")


def is_dense(packed: int, unpacked: int) -> bool:
    """Whether no data unpack from so few bytes to so many."""
    return unpacked > RATIO_FROM and unpacked > MOST_RATIO * max(packed, 1)


def first_bytes(path: Path) -> bytes:
    """The beginning of a file, unpacked. Raises Refused where it cannot be unpacked."""
    try:
        with gzip.open(path, "rb") if is_gzip(path) else path.open("rb") as file:
            return file.read(_BLOCK)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _broken(path, error) from error


def unpack(workspace: Workspace, path: Path) -> Path:
    """The file itself, or a copy of a gzipped one unpacked.

    Raises Refused where it is broken or unpacks to more than data can, CouldNot where the disk is full.
    """
    if not is_gzip(path):
        return path
    copy = workspace.fresh("-" + path.name[: -len(".gz")])
    unpacked = 0
    try:
        with path.open("rb") as packed, gzip.open(packed, "rb") as source, copy.open("wb") as target:
            while block := source.read(_BLOCK):
                unpacked += len(block)
                if is_dense(packed.tell(), unpacked):
                    what = f"unpacks to more than {MOST_RATIO} times its bytes"
                    raise Refused(f"{path.name} cannot be read.", [Fault(path.name, what, "give it unpacked")])
                target.write(block)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _broken(path, error) from error
    except OSError as error:
        raise CouldNot(f"{path.name} cannot be unpacked below {copy.parent}: {error}.") from error
    return copy


def _broken(path: Path, error: Exception) -> Refused:
    return Refused(f"{path.name} cannot be read.", [Fault(path.name, str(error), "copy or export it again")])
