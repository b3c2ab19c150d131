"""The environments of the generators of API clients, what they generate."""

import os
import subprocess
from pathlib import Path

CLIENTS = Path(__file__).parents[1] / ".clients"
PYTHON = CLIENTS / "python" / "bin" / "python"
TYPESCRIPT = CLIENTS / "typescript"


def are_installed() -> bool:
    """Whether `make clients` has made the environments."""
    return any(CLIENTS.glob("ready-*"))


def run_generator(*words: object, **environment: str) -> str:
    """The output of a command that succeeds."""
    done = subprocess.run(
        list(map(str, words)), cwd=TYPESCRIPT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def generate_python(document: Path, folder: Path) -> str:
    """Generates the package `folder`; what the generator said."""
    words = ["generate", "--path", document, "--output-path", folder, "--meta", "none"]
    path = f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    return run_generator(PYTHON, "-m", "openapi_python_client", *words, PATH=path)
