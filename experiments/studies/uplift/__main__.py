"""`python -m experiments.studies.uplift detailing`."""

import argparse
import sys

from experiments.bench.__main__ import RESULTS, save, to_json
from experiments.studies.uplift.detailing import read_panel, render, study
from kqml.errors import KqmlError
from kqml.native import wait_without_spinning


def main() -> int:
    """Run a study and return the exit code."""
    wait_without_spinning()
    parser = argparse.ArgumentParser(prog="python -m experiments.studies.uplift")
    parser.add_argument("name", choices=["detailing"])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--save", action="store_true", help="store the result in the checkout")
    args = parser.parse_args()
    try:
        result = study(read_panel())
    except KqmlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    if args.save:
        save(args.name, {"parameters": {"study": args.name}, **result}, RESULTS)
    sys.stdout.write((to_json(result) if args.json else "\n".join(render(result))) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
