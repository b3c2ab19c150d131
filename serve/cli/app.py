"""The list of commands and their exit codes."""

import builtins
import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from keyword import iskeyword
from typing import Annotated, Any

import typer

from kqml.errors import BadUse, CouldNot, Fault, KqmlError
from kqml.native import name_missing_home, wait_without_spinning
from serve.cli.command import with_shared_options
from serve.cli.console import prepare_streams
from serve.cli.database_option import Command
from serve.cli.output import fail, print_error

OPENMP_RUNTIME = "libgomp.so.1"
"""What LightGBM needs and its package does not contain; minimal Linux images lack it."""

COMMANDS = (
    "import",
    "export",
    "check",
    "features",
    "catalog",
    "label-audit",
    "train",
    "backtest",
    "promote",
    "rollback",
    "models",
    "score",
    "playbook check",
    "playbook show",
    "playbook diff",
    "duties",
    "plan",
    "days",
    "report grades",
    "report loss",
    "report effects",
    "report adoption",
    "serve",
    "doctor",
    "backup",
    "restore",
    "keys create",
    "keys list",
    "keys revoke",
    "keys secret",
    "keys rotate",
    "users create",
    "users list",
    "users password",
    "users disable",
    "webhooks create",
    "webhooks list",
    "webhooks disable",
    "webhooks renew",
    "webhooks dead",
    "webhooks replay",
    "webhooks overdue",
    "erase",
    "evaluate trial",
    "evaluate policy",
    "evaluate history",
    "plan-experiment",
)
"""Every command of the service; `label-audit` is `run` of `serve/cli/label_audit.py`, `import` of `import_.py`; those
of a group share a module: `keys list` is `list_` of `keys.py`."""

GROUPS = {
    "playbook": "Check, show and compare playbooks.",
    "evaluate": "Estimate effects of actions and values of policies.",
    "report": "Report account grades, losses to churn, effects of actions and adoption of recommendations.",
    "keys": "Manage API keys and the secret keys that encrypt personal data.",
    "users": "Manage users.",
    "webhooks": "Manage webhooks and their messages.",
}
"""The first word of the commands that have two."""


def build_app(packages: Mapping[str, Sequence[str]]) -> typer.Typer:
    """Return the command line with the commands of each package; heavy libraries are imported inside the commands.

    `packages`: the commands by the package that holds their modules, as in `{"serve.cli": COMMANDS}`.
    """
    app = typer.Typer(
        name="kqml",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="kqml (客情 machine learning): predict which accounts will stop ordering, explain why, and plan actions.",
    )
    app.callback()(_options)
    parents = {"": app, **{name: _add_group(app, name) for name in GROUPS}}
    for package, commands in packages.items():
        for command in commands:
            group, _, name = command.rpartition(" ")
            parents[group].command(name, cls=Command)(with_shared_options(find_function(package, command)))
    return app


def _add_group(app: typer.Typer, name: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help=GROUPS[name])
    app.add_typer(group, name=name)
    return group


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"kqml {metadata.version('kqml')}\n")
        raise typer.Exit


def _options(
    config: Annotated[
        str | None, typer.Option(help="Configuration file. Default: KQML_CONFIG, else kqml.toml in the working folder.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    if config is not None:
        os.environ["KQML_CONFIG"] = config


def module_of(command: str) -> str:
    """Return the module of a command: that of its first word for a group, that of its name for the others."""
    return identifier(command.split()[0])


def find_function(package: str, command: str) -> Callable[..., Any]:
    """Return the function of a command: in the module of a group the one of the second word, else `run`."""
    module = importlib.import_module(f"{package}.{module_of(command)}")
    function: Callable[..., Any] = getattr(module, identifier(command.partition(" ")[2]) or "run")
    return function


def identifier(name: str) -> str:
    """Return a name as Python writes it: `plan_experiment`, `import_`, `list_`."""
    word = name.replace("-", "_")
    return f"{word}_" if iskeyword(word) or word in vars(builtins) else word


def _could_not(error: OSError) -> CouldNot:
    """Return an error of the operating system; a missing OpenMP runtime with how to install it."""
    faults = []
    if OPENMP_RUNTIME in str(error):
        todo = "install it: apt-get install libgomp1, or dnf install libgomp"
        faults = [Fault(OPENMP_RUNTIME, "LightGBM needs the OpenMP runtime", todo)]
    return CouldNot(f"The operating system reported an error: {error}.", faults)


def run_app(packages: Mapping[str, Sequence[str]]) -> None:
    """Run the command line. Exit codes: 0, 1 negative result, 2 bad use, 3 could not be done."""
    wait_without_spinning()
    name_missing_home()
    prepare_streams()
    try:
        build_app(packages)()
    except KqmlError as error:
        fail(error, "--json" in sys.argv)
    except OSError as error:
        fail(_could_not(error), "--json" in sys.argv)
    except SystemExit as leaving:
        if leaving.code == BadUse.exit_code and "--json" in sys.argv:
            _print_misuse(leaving.__context__)
        raise


def _print_misuse(error: BaseException | None) -> None:
    """Prints an unknown or unusable option or argument as JSON; Typer has printed the text already."""
    text = str(error or "") or "The command line cannot be used; see --help."
    print_error(text, [])
