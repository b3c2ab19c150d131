"""Aliases of versions: promotion and rollback, each recorded with who, when and why."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import orjson

from kqml.contract.fields import Moment, PositiveInteger
from kqml.errors import Fault, Refused
from models.registry.client import MODEL, RegistryClient, connect_registry
from models.registry.versions import Version, champion, find_version, read_bundle

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, CHALLENGER = "champion", "challenger"
PROMOTABLE = frozenset({"A", "B"})
"""Grades that may be served; C and ungraded have not shown that they beat a rule of thumb."""

RECORD = "kqml.move."


@dataclass(frozen=True)
class AliasMove:
    """One move of an alias. `at`: ISO instant; `before`: the version that had the alias, None for the first."""

    alias: str
    before: PositiveInteger | None
    after: PositiveInteger
    action: Literal["promote", "rollback"]
    who: str
    why: str
    at: Moment


@dataclass(frozen=True)
class SignedMove:
    """Who moves an alias, why, and when (an aware datetime)."""

    who: str
    why: str
    at: datetime


def promote(registry: RegistryClient, wanted: str, signed: SignedMove, alias: str = CHAMPION) -> AliasMove:
    """Give `alias` to a version. Raises Refused where its grade does not allow it, or it already has the alias."""
    version = find_version(registry, wanted)
    grade = read_bundle(registry, version).model.grade
    if alias == CHAMPION and grade not in PROMOTABLE:
        raise Refused(
            f"Version {version.number} cannot become {alias}.",
            [
                Fault(
                    "grade",
                    f"the grade is {grade}, A or B is required",
                    "train on more data; the run's evaluation states the reasons",
                )
            ],
        )
    if alias in version.aliases:
        fault = Fault("version", str(version.number), "promote another version; `kqml models` lists them")
        raise Refused(f"Version {version.number} is already the {alias}.", [fault])
    return _move(registry, version, alias, "promote", signed)


def rollback(registry: RegistryClient, signed: SignedMove) -> AliasMove:
    """Give `champion` back to the version that had it before. Raises Refused where there was none, CouldNot where its
    bundle is damaged."""
    line = line_of_champions(list_moves(registry))
    present = champion(registry)
    earlier = line[:-1] if present and line[-1:] == [present.number] else line
    if not earlier:
        text = f"version {present.number} is the first" if present else "there is none"
        raise Refused("There is no earlier champion to roll back to.", [Fault(CHAMPION, text, "promote a version")])
    version = find_version(registry, str(earlier[-1]))
    read_bundle(registry, version)
    return _move(registry, version, CHAMPION, "rollback", signed)


def list_moves(registry: RegistryClient) -> list[AliasMove]:
    """Return every recorded move, oldest first."""
    with connect_registry(registry) as client:
        records = _records(client)
    return [AliasMove(**orjson.loads(records[key])) for key in sorted(records)]


def line_of_champions(moves: Sequence[AliasMove]) -> list[int]:
    """Return the line of champions, the present one last: a promotion adds one, a rollback cuts back to the one
    restored."""
    line: list[int] = []
    for move in moves:
        if move.alias != CHAMPION:
            continue
        if move.action == "rollback":
            while line and line[-1] != move.after:
                line.pop()
        else:
            line.append(move.after)
    return line


def _move(
    registry: RegistryClient, version: Version, alias: str, action: Literal["promote", "rollback"], signed: SignedMove
) -> AliasMove:
    """Record a move, then make it; take the record back where the alias does not move: no move is unrecorded."""
    with connect_registry(registry) as client:
        before = _holder(client, alias)
        at = signed.at.astimezone(UTC)
        move = AliasMove(
            alias, before, version.number, action, signed.who, signed.why, at.isoformat(timespec="seconds")
        )
        key = f"{RECORD}{len(_records(client)):06d}.{at:%Y%m%dT%H%M%S.%f}"
        client.set_registered_model_tag(MODEL, key, orjson.dumps(asdict(move)).decode())
        try:
            client.set_registered_model_alias(MODEL, alias, str(version.number))
        except BaseException:
            client.delete_registered_model_tag(MODEL, key)
            raise
    return move


def _records(client: "MlflowClient") -> dict[str, str]:
    models = client.search_registered_models(f"name='{MODEL}'")
    tags = models[0].tags if models else {}
    return {key: value for key, value in tags.items() if key.startswith(RECORD)}


def _holder(client: "MlflowClient", alias: str) -> int | None:
    holder = client.get_registered_model(MODEL).aliases.get(alias)
    return None if holder is None else int(holder)
