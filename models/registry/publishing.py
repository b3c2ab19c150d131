"""Publishing of the champion: copy its bundle to `served/`, then move the pointer."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event

from kqml.errors import CouldNot, KqmlError
from models.churn.bundle import load_bundle
from models.registry.aliases import CHAMPION, list_moves
from models.registry.client import RegistryClient
from models.registry.served_pointer import POINTER, ServedPointer, read_pointer, write_pointer
from models.registry.versions import Version, bundle_folder, champion, find_version, read_bundle


def publish(registry: RegistryClient, served: Path) -> ServedPointer | None:
    """Make the champion what `served/current.json` names; None, and nothing changed, where there is no champion.

    The copied bundle is checked; a published folder is written again only where it is broken.
    """
    version = champion(registry)
    return None if version is None else _publish(registry, served, version, POINTER)


def pin(registry: RegistryClient, served: Path, wanted: str) -> Path:
    """Return a pointer of its own to one version, by number or alias, whatever its grade; nothing ever moves it.

    Raises BadUse where there is no such version.
    """
    version = find_version(registry, wanted)
    name = f"version-{version.number}.json"
    _publish(registry, served, version, name)
    return served / name


def _publish(registry: RegistryClient, served: Path, version: Version, pointer: str) -> ServedPointer:
    folder = f"{version.number}-{version.bundle[:12]}"
    published = ServedPointer(str(version.number), folder, version.grade, _since(registry, version), version.bundle)
    if _is_published(served / pointer, published) and _is_whole(served / folder):
        return published
    try:
        read_bundle(registry, version)
        served.mkdir(parents=True, exist_ok=True)
        _copy(bundle_folder(registry, version), served / folder)
        write_pointer(served / pointer, published)
    except OSError as error:
        raise CouldNot(f"Version {version.number} cannot be copied to {served}: {error}.") from error
    return published


def watch(
    registry: RegistryClient,
    served: Path,
    stop: Event,
    seconds: float = 10.0,
    report: Callable[[KqmlError | None], None] = lambda fault: None,
) -> None:
    """Publish again and again until `stop` is set: how a remote alias move reaches the service.

    A registry that does not answer changes nothing; `report` is told each outcome (None: it went well).
    """
    while not stop.is_set():
        try:
            publish(registry, served)
            report(None)
        except KqmlError as error:
            report(error)
        stop.wait(seconds)


def _copy(source: Path, target: Path) -> None:
    """Copy a whole bundle to a folder that is not there or holds a broken one."""
    if _is_whole(target):
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(source, temporary)
    load_bundle(temporary)
    shutil.rmtree(target, ignore_errors=True)
    try:
        temporary.rename(target)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        if not _is_whole(target):
            raise


def _is_whole(folder: Path) -> bool:
    """Return whether the folder holds a bundle of which no byte has changed."""
    try:
        load_bundle(folder)
    except CouldNot:
        return False
    return True


def _is_published(pointer: Path, published: ServedPointer) -> bool:
    try:
        return read_pointer(pointer) == published
    except CouldNot:
        return False


def _since(registry: RegistryClient, version: Version) -> str:
    moves = [move for move in list_moves(registry) if move.alias == CHAMPION and move.after == version.number]
    return moves[-1].at if moves else version.registered_at
