"""The process that follows the registry for the workers, which never import MLflow."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event, Thread

from kqml.errors import KqmlError
from models.registry.client import RegistryClient
from models.registry.publishing import BundleReplaced, watch
from serve.logs import build_logger

LOOK_EVERY_SECONDS = 10.0


@contextmanager
def watch_registry(registry: RegistryClient, served: Path) -> Iterator[None]:
    """Publish the champion's bundle to `served` while the block runs; a watcher that dies is replaced."""
    stop = Event()
    keeper = Thread(target=_keep_alive, args=(registry, served, stop), name="watcher-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep_alive(registry: RegistryClient, served: Path, stop: Event) -> None:
    watcher = _start(registry, served)
    while not stop.wait(LOOK_EVERY_SECONDS):
        if not watcher.is_alive():
            build_logger().error("watcher_died", code=watcher.exitcode)
            watcher = _start(registry, served)
    watcher.terminate()
    watcher.join()


def _start(registry: RegistryClient, served: Path) -> SpawnProcess:
    watcher = get_context("spawn").Process(target=follow_registry, args=(registry, served), name="watcher", daemon=True)
    watcher.start()
    return watcher


def follow_registry(registry: RegistryClient, served: Path) -> None:
    """Publish the champion until SIGTERM or until the service ends; log when the registry stops responding."""
    stop, parent, log = Event(), os.getppid(), build_logger()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    text: list[str] = []

    def report(fault: KqmlError | None) -> None:
        if os.getppid() != parent:
            stop.set()
        if isinstance(fault, BundleReplaced):
            log.error("published_bundle_replaced", fault=str(fault))
            return
        if fault is not None and str(fault) not in text:
            log.error("registry_not_followed", fault=str(fault))
        elif fault is None and text:
            log.info("registry_followed_again")
        text[:] = [] if fault is None else [str(fault)]

    watch(registry, served, stop, LOOK_EVERY_SECONDS, report)
