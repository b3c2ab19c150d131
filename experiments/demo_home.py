"""A home with a trained, promoted model, made by the commands that anybody types."""

import os
import subprocess
import sys
from pathlib import Path

from kqml.errors import CouldNot, Fault
from models.registry.served_pointer import POINTER


def demo_pointer(folder: Path) -> Path:
    """Runs `kqml demo` below the folder; the pointer to its model. Takes about a minute."""
    return demo_home(folder) / "served" / POINTER


def demo_home(folder: Path) -> Path:
    """Runs `kqml demo` below the folder; its home."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KQML_")}
    ended = subprocess.run(
        [sys.executable, "-m", "kqml", "demo", "--no-serve"],
        env={**environment, "KQML_HOME": str(folder.absolute())},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise CouldNot("kqml demo failed.", [Fault("kqml demo", ended.stderr.strip()[-500:], "run it by hand")])
    return folder / "demo"
