"""The entry point of the benchmarks."""

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from experiments.bench import NAMES
from kqml.errors import KqmlError
from kqml.native import wait_without_spinning

RESULTS = Path(__file__).parents[1] / "results"


def main(words: Sequence[str] | None = None) -> int:
    """Run one benchmark and return the exit code."""
    wait_without_spinning()
    args = build_parser().parse_args(words)
    module = importlib.import_module(f"experiments.bench.{args.name}")
    try:
        result = module.run(args)
    except KqmlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    if args.save or args.results is not None:
        save(args.name, result, args.results or RESULTS)
    sys.stdout.write((to_json(result) if args.json else "\n".join(module.render(result))) + "\n")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser: a subcommand for each benchmark, with its own and the common options."""
    parser = argparse.ArgumentParser(prog="python -m experiments.bench")
    names = parser.add_subparsers(dest="name", required=True)
    for name in NAMES:
        subparser = names.add_parser(name)
        subparser.add_argument("--json", action="store_true", help="print one JSON object")
        subparser.add_argument("--save", action="store_true", help="store the result in the checkout")
        subparser.add_argument("--results", type=Path, help="store the result in this folder instead")
        if importlib.util.find_spec(f"experiments.bench.{name}"):
            importlib.import_module(f"experiments.bench.{name}").describe(subparser)
    return parser


def save(name: str, result: Mapping[str, Any], folder: Path) -> Path:
    """Write `result` to `folder/name/<parameters>.json` and return the path."""
    stem = "_".join(f"{key}={value}" for key, value in result["parameters"].items()) or "default"
    path = folder / name / f"{stem.replace('/', '-')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(result, indent=True) + "\n", encoding="utf-8")
    return path


def to_json(result: Mapping[str, Any], indent: bool = False) -> str:
    """Return strict JSON; non-finite numbers become null."""
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(result, option=options).decode()


if __name__ == "__main__":
    raise SystemExit(main())
