"""Publishing of the champion: copy its bundle to `served/`, then move the pointer."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event

from kqml.errors import CouldNot, KqmlError
from models.registry.aliases import CHAMPION, list_moves
from models.registry.client import RegistryClient
from models.registry.served_pointer import POINTER, ServedPointer, read_pointer, write_fault, write_pointer
from models.registry.versions import Version, bundle_folder, champion, find_version, holds_bundle, read_bundle

Notify = Callable[[KqmlError], None]


class BundleReplaced(KqmlError):
    """A published folder did not hold the registered bundle and was written again."""


def publish(registry: RegistryClient, served: Path, replaced: Notify = lambda fault: None) -> ServedPointer | None:
    """Make the champion what `served/current.json` names; None, and nothing changed, where there is no champion.

    A published folder is written again, and `replaced` called, only where it does not hold the registered bundle. A
    champion that cannot be published is named beside the pointer, for the workers.
    """
    version = champion(registry)
    if version is None:
        return None
    try:
        published = _publish(registry, served, version, POINTER, replaced)
    except KqmlError as error:
        write_fault(served / POINTER, str(error))
        raise
    write_fault(served / POINTER, None)
    return published


def is_published(registry: RegistryClient, served: Path, version: Version) -> bool:
    """Return whether the service is pointed to the version, and its folder holds the registered bundle."""
    published = _published(registry, version)
    return _names(served / POINTER, published) and holds_bundle(served / published.folder, version.bundle)


def pin(registry: RegistryClient, served: Path, wanted: str) -> Path:
    """Return a pointer of its own to one version, by number or alias, whatever its grade; nothing ever moves it.

    Raises BadUse where there is no such version.
    """
    version = find_version(registry, wanted)
    name = f"version-{version.number}.json"
    _publish(registry, served, version, name)
    return served / name


def _published(registry: RegistryClient, version: Version) -> ServedPointer:
    """What the pointer to the version says."""
    folder = f"{version.number}-{version.bundle[:12]}"
    return ServedPointer(str(version.number), folder, version.grade, _since(registry, version), version.bundle)


def _publish(
    registry: RegistryClient, served: Path, version: Version, pointer: str, replaced: Notify = lambda fault: None
) -> ServedPointer:
    published = _published(registry, version)
    folder = served / published.folder
    is_whole = holds_bundle(folder, version.bundle)
    if is_whole and _names(served / pointer, published):
        return published
    try:
        if not is_whole:
            read_bundle(registry, version)
            served.mkdir(parents=True, exist_ok=True)
            if folder.exists():
                replaced(BundleReplaced(f"{folder} did not hold the registered bundle and was written again."))
            _copy(bundle_folder(registry, version), folder, version.bundle)
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

    A registry that does not answer changes nothing. `report` gets each outcome (None: it went well), and before
    it BundleReplaced where a published folder was exchanged.
    """
    while not stop.is_set():
        try:
            publish(registry, served, report)
            report(None)
        except KqmlError as error:
            report(error)
        stop.wait(seconds)


def _copy(source: Path, target: Path, fingerprint: str) -> None:
    """Copy the bundle of that fingerprint to a folder that is not there or holds another one."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(source, temporary)
    if not holds_bundle(temporary, fingerprint):
        raise CouldNot(f"The bundle changed while it was copied from {source}.")
    shutil.rmtree(target, ignore_errors=True)
    try:
        temporary.rename(target)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        if not holds_bundle(target, fingerprint):
            raise


def _names(pointer: Path, published: ServedPointer) -> bool:
    try:
        return read_pointer(pointer) == published
    except CouldNot:
        return False


def _since(registry: RegistryClient, version: Version) -> str:
    moves = [move for move in list_moves(registry) if move.alias == CHAMPION and move.after == version.number]
    return moves[-1].at if moves else version.registered_at
