"""`python -m experiments.world.fit NAME`: fits anew, writes the numbers beside the world's code."""

import argparse
import sys
from pathlib import Path

from experiments.world.fit.fitting import ROUNDS, fit, write_numbers
from experiments.world.parameters import FITS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.world.fit")
    parser.add_argument("name", choices=FITS)
    name = parser.parse_args().name
    fitted, _ = fit(name, _tell)
    write_numbers(fitted, name, Path(__file__).parents[1])


def _tell(done: int) -> None:
    sys.stderr.write(f"corrected {done} of {ROUNDS} times\n")


if __name__ == "__main__":
    main()
