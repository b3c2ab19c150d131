"""A checksummed folder: files with a manifest of their sha256, so that every change is detected."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from kqml.errors import CouldNot, Fault

MANIFEST = "manifest.json"
FORMAT = "kqml-bundle"
FORMAT_VERSION = 1
REMEDY = "restore a backup with `kqml restore`, or promote another version"


def write_checksums(folder: Path, files: Mapping[str, bytes]) -> str:
    """Write the files and their manifest as a new folder, in one step; returns the manifest's sha256.

    Raises CouldNot where the folder exists or the disk refuses.
    """
    if folder.exists():
        raise CouldNot(
            f"The folder {folder} exists.", [Fault(str(folder), "bundles are not overwritten", "give a new folder")]
        )
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    manifest = _manifest(files)
    try:
        temporary.mkdir(parents=True)
        for name, content in {**files, MANIFEST: manifest}.items():
            (temporary / name).write_bytes(content)
        temporary.rename(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise CouldNot(f"The bundle cannot be written to {folder}: {error}.") from error
    return _sha256(manifest)


def read_checksummed(folder: Path) -> tuple[dict[str, bytes], str]:
    """Return the files of a sealed folder by name, with the manifest's sha256.

    Raises CouldNot naming each file that is missing, truncated, changed or foreign.
    """
    raw = _read(folder / MANIFEST)
    listed = _listed(raw, folder / MANIFEST)
    contents = {name: _read(folder / name) for name in listed if (folder / name).is_file()}
    faults = [fault for name in listed if (fault := _fault(folder / name, contents.get(name), listed[name]))]
    if faults:
        raise CouldNot(f"The bundle {folder} is broken.", faults)
    return contents, _sha256(raw)


def _manifest(files: Mapping[str, bytes]) -> bytes:
    listed = {name: {"sha256": _sha256(content), "bytes": len(content)} for name, content in sorted(files.items())}
    body = {"format": FORMAT, "format_version": FORMAT_VERSION, "files": listed}
    return _canonical({**body, "seal": _sha256(_canonical(body))})


def _listed(raw: bytes, path: Path) -> dict[str, Mapping[str, Any]]:
    """Return the manifest's list of files, only if it is byte for byte what `write_checksums` writes."""
    try:
        result = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise CouldNot(
            "The manifest of a bundle is broken.", [Fault(str(path), f"not JSON: {error}", REMEDY)]
        ) from error
    if not isinstance(result, dict) or result.get("format") != FORMAT:
        text = f"the format is {result.get('format')!r}" if isinstance(result, dict) else "it is not a JSON object"
        raise CouldNot("The folder is not a kqml bundle.", [Fault(str(path), text, "give the folder of a bundle")])
    if result.get("format_version") != FORMAT_VERSION:
        text = f"the format version is {result.get('format_version')!r}, this program reads {FORMAT_VERSION}"
        raise CouldNot(
            "The format version of the bundle is not supported.",
            [Fault(str(path), text, "train a model with this version of kqml")],
        )
    claimed = result.pop("seal", None)
    if claimed != _sha256(_canonical(result)) or _canonical({**result, "seal": claimed}) != raw:
        raise CouldNot("The manifest of a bundle is broken.", [Fault(str(path), "its checksum does not match", REMEDY)])
    return dict(result["files"])


def _fault(path: Path, content: bytes | None, listed: Mapping[str, Any]) -> Fault | None:
    if content is None:
        return Fault(str(path), "the file is missing", REMEDY)
    if len(content) != listed["bytes"]:
        return Fault(str(path), f"the file has {len(content)} bytes, the manifest lists {listed['bytes']}", REMEDY)
    if _sha256(content) != listed["sha256"]:
        text = f"the sha256 is {_sha256(content)[:12]}…, the manifest lists {listed['sha256'][:12]}…"
        return Fault(str(path), text, REMEDY)
    return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fault = Fault(str(path), str(error.strerror), "give the folder of a bundle")
        raise CouldNot("The bundle cannot be read.", [fault]) from error


def _canonical(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
