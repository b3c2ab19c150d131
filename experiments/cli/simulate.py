"""`kqml simulate`: a company that does not exist, with histories, decision logs, and the truth about its actions."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typing_extensions import TypedDict

from kqml.errors import BadUse, Fault
from kqml.messages.quantities import fixed
from serve.cli.churn_options import Seed
from serve.cli.command import Answer
from serve.cli.layout import Block, Column, Line, Table, field
from serve.cli.output import progress

if TYPE_CHECKING:
    from experiments.world.described import SimulationResult
    from experiments.world.scenarios import ScenarioCard
    from experiments.world.world import World

DEFAULTS = {"accounts": 2_000, "reps": 40, "weeks": 156}


class ScenarioCards(TypedDict):
    """The card of every scenario."""

    scenarios: "Mapping[str, ScenarioCard]"


class FitDistance(TypedDict):
    """A distance between simulated and real orders with its bounds."""

    value: float
    low: float
    high: float
    holds: bool


class FitReport(TypedDict):
    """Whether the simulated orders are as near to the real ones as stated."""

    fit: str
    holds: bool
    distances: dict[str, FitDistance]


def run(  # noqa: PLR0913 - the flags of one command
    out: Annotated[Path | None, typer.Option(help="Dataset folder to write.")] = None,
    accounts: Annotated[
        int | None, typer.Option(help="Number of accounts. Default: 2000, or 20000 with --log.")
    ] = None,
    reps: Annotated[int | None, typer.Option(help="Number of reps. Default: 40, or 400 with --log.")] = None,
    weeks: Annotated[int | None, typer.Option(help="Number of weeks. Default: 156, or 130 with --log.")] = None,
    seed: Seed = 0,
    scenario: Annotated[list[str] | None, typer.Option(help="Scenario. Repeat for several.")] = None,
    scenarios: Annotated[bool, typer.Option("--scenarios", help="Describe all scenarios and exit.")] = False,
    fit: Annotated[
        str, typer.Option(help="Order distribution: stores, or vendor (fewer orders, higher variance).")
    ] = "stores",
    log: Annotated[str | None, typer.Option(help="Write a decision log: reference, behaviour or hidden.")] = None,
    pilot_share: Annotated[float, typer.Option(help="Share of account-weeks that the pilot randomises.")] = 0.2,
    pilot_weeks: Annotated[int, typer.Option(help="Number of final weeks in the log.")] = 26,
    end: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="End of the records (exclusive).",
            show_default="a Monday; week 0 begins on 2022-01-03",
        ),
    ] = None,
    check_fit: Annotated[
        bool, typer.Option("--check-fit", help="Compare the world with the Iowa stores instead of writing a dataset.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Replace an existing dataset.")] = False,
) -> Answer["SimulationResult | ScenarioCards | FitReport"]:
    """Simulate a company whose reps visit stores, and write its dataset.

    The folder `truth` in the dataset contains the true parameters for evaluation; no other command reads it. The same
    arguments produce the same bytes. With --log reference, the last weeks are a randomised pilot with logged
    probabilities.

    Example: kqml simulate --accounts 2000 --reps 40 --weeks 156 --scenario turnover_wave --out data/world
    """
    if scenarios:
        return _cards()
    if check_fit:
        return _check_fit(fit)
    if out is None:
        raise BadUse("The option --out is missing.", [Fault("--out", "is missing", "give a folder")])
    world = _world((accounts, reps, weeks), seed, tuple(scenario or ()), fit, log, _end_of(end, log))
    return _simulate(world, out, (log, pilot_share, pilot_weeks), force)


def _world(
    size: tuple[int | None, int | None, int | None],
    seed: int,
    scenarios: tuple[str, ...],
    fit: str,
    log: str | None,
    end: date | None,
) -> "World":
    from experiments.world.logs import REFERENCE_ACCOUNTS, REFERENCE_REPS, REFERENCE_WEEKS
    from experiments.world.parameters import FITS
    from experiments.world.population import SizeShape
    from experiments.world.world import build_world

    if fit not in FITS:
        raise BadUse("Unknown value of --fit.", [Fault("--fit", f"{fit!r} is unknown", f"use {', '.join(FITS)}")])
    usual = (REFERENCE_ACCOUNTS, REFERENCE_REPS, REFERENCE_WEEKS) if log else tuple(DEFAULTS.values())
    shape = SizeShape(*(given if given is not None else default for given, default in zip(size, usual, strict=True)))
    return build_world(shape, seed, scenarios, fit=fit, end=end)


def _end_of(text: str | None, log: str | None) -> date | None:
    """Return the date of --end. Raises BadUse where it is no date, or where a log would end within a week."""
    if text is None:
        return None
    try:
        end = date.fromisoformat(text)
    except ValueError:
        raise BadUse(
            "The end is not a date.", [Fault("--end", f"{text!r} is not a date", "give a date such as 2026-11-29")]
        ) from None
    if log is not None and end.weekday():
        fault = Fault("--end", f"{text} is not a Monday", "give a Monday: a decision log covers whole weeks")
        raise BadUse("The decision log cannot end on this day.", [fault])
    return end


def _simulate(world: "World", out: Path, log: tuple[str | None, float, int], force: bool) -> Answer["SimulationResult"]:
    from experiments.world.described import SimulationResult, source_of
    from experiments.world.logs import logged
    from experiments.world.writing import write_world
    from kqml.dataset.folder import refuse_existing

    refuse_existing(out, force=force)
    plan = None
    if log[0] is not None:
        world, plan = logged(world, log[0], log[1], log[2])
    with progress("Simulating weeks", world.shape.weeks * len(world.blocks())) as tell:
        dataset, frames = write_world(world, out, log=plan, force=force, tell=tell)
    result = SimulationResult(
        **source_of(world),
        out=str(out),
        fingerprint=dataset.info.fingerprint,
        log=log[0],
        events=frames.events,
        departures=sum(len(part) for part in frames.departures),
        decisions=sum(len(part) for log in frames.logs for part in log.decisions),
    )
    return Answer(result, _lines(result))


def _lines(result: "SimulationResult") -> list[Block]:
    return [
        Line(
            "{accounts} accounts, {reps} reps, {weeks} weeks: {events} events, {departures} quiet departures, "
            "{decisions} logged decisions in {out}.".format(**result)
        ),
        Line(f"World {result['world']}, seed {result['seed']}, fingerprint {result['fingerprint'][:16]}."),
        Line(f"Next: kqml label-audit {result['out']} · kqml train {result['out']}"),
    ]


def _cards() -> Answer[ScenarioCards]:
    from experiments.world.scenarios import cards

    heads = {"scenario": "name", "what it breaks": "breaks", "what should be seen": "expect"}
    rows = [{"name": name, **card} for name, card in cards().items()]
    return Answer(
        ScenarioCards(scenarios=cards()), [Table([Column(head, field(name)) for head, name in heads.items()], rows)]
    )


def _check_fit(name: str) -> Answer[FitReport]:
    """Exit 1 where the world is farther from the real stores than its report states."""
    from experiments.world.fit.check import BOUNDS, check_fit

    with progress("Comparing with the Iowa stores", None):
        check = check_fit(name)
    rows = {
        key: FitDistance(value=value, low=BOUNDS[key][0], high=BOUNDS[key][1], holds=key not in check.beyond)
        for key, value in check.distances.items()
    }
    result = FitReport(fit=name, holds=check.holds, distances=rows)
    return Answer(result, [_fit_table(rows)], exit_code=int(not check.holds))


def _fit_table(rows: Mapping[str, FitDistance]) -> Table:
    columns = (
        Column("distance", str),
        Column("value", lambda name: fixed(rows[name]["value"], ".3f")),
        Column("from", lambda name: fixed(rows[name]["low"], ".2f")),
        Column("to", lambda name: fixed(rows[name]["high"], ".2f")),
        Column("holds", lambda name: "yes" if rows[name]["holds"] else "no"),
    )
    return Table(columns, list(rows))
