"""The committed numbers of a fit, as a TOML file."""

from pathlib import Path

from experiments.world.parameters import TRAITS, FittedMarginals


def to_toml(fitted: FittedMarginals, name: str) -> str:
    """The file's text; numbers have five significant digits."""
    lines = [
        f"# Fitted to the Iowa store orders ({name}) by `python -m experiments.world.fit {name}`; not to be edited.",
        f"second_day = {fitted.second_day:.5g}",
        f"off_route = {fitted.off_route:.5g}",
        f"drift_spread = {fitted.drift_spread:.5g}",
        f"drift_weeks = {fitted.drift_weeks:.5g}",
        f"base_hazard = {fitted.base_hazard:.5g}",
        f"season = [{_row(fitted.season)}]",
        "correlation = [",
        *(f"  [{_row(row)}]," for row in fitted.correlation),
        "]",
        "",
        "# A trait's values at equally spaced chances.",
        "[tables]",
        *(f"{trait} = [{_row(getattr(fitted, trait))}]" for trait in TRAITS),
    ]
    return "\n".join(lines) + "\n"


def write_numbers(fitted: FittedMarginals, name: str, folder: Path) -> Path:
    path = folder / f"fitted_{name}.toml"
    path.write_text(to_toml(fitted, name), encoding="utf-8")
    return path


def _row(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.5g}" for value in values)
