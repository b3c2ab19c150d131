"""The `kqml` command: the commands of the service joined with those of the experiments."""

from typer import Typer

from experiments.cli import COMMANDS as EXPERIMENT_COMMANDS
from serve.cli.app import COMMANDS as SERVICE_COMMANDS
from serve.cli.app import build_app, run_app

PACKAGES = {"serve.cli": SERVICE_COMMANDS, "experiments.cli": EXPERIMENT_COMMANDS}


def create_app() -> Typer:
    """Return the command line with every command loaded."""
    return build_app(PACKAGES)


def main() -> None:
    """Run the command line; exit codes 0, 1 the answer is no, 2 bad use, 3 could not be done."""
    run_app(PACKAGES)


if __name__ == "__main__":
    main()
