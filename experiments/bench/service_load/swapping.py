"""A model exchanged for another every few seconds while the service answers."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

from models.registry.served_pointer import ServedPointer, write_pointer


@contextmanager
def swapping(pointer: Path, versions: Sequence[ServedPointer], seconds: float) -> Iterator[list[str]]:
    """While the block runs, the pointer moves from one version to the next; yields those it moved to so far."""
    stop, moved = threading.Event(), list[str]()

    def move() -> None:
        for version in cycle((*versions[1:], versions[0])):
            if stop.wait(seconds):
                return
            write_pointer(pointer, version)
            moved.append(version.version)

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield moved
    finally:
        stop.set()
        thread.join()
