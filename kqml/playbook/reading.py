"""A playbook file becomes a Playbook, or is refused with everything that is wrong with it."""

import hashlib
import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from kqml.errors import BadUse, CouldNot, Fault
from kqml.playbook.playbook import CHANNELS, CONDITIONS, Package, Playbook, RepDefaults
from kqml.tables import TIERS

PRESETS = ("pharmacy",)


def read_playbook(name: str = "pharmacy") -> Playbook:
    """The playbook of a file, or of a preset's name. Raises BadUse with every fault of the file at once."""
    data = _parse(name)
    faults = [*_cadence_faults(data), *_package_faults(data), *_rep_faults(data), *_margin_faults(data)]
    if faults:
        raise BadUse(f"The playbook {name} cannot be used.", faults)
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return Playbook(
        name=str(data.get("name", Path(name).stem)),
        cadence={tier: {channel: float(row[channel]) for channel in CHANNELS} for tier, row in data["cadence"].items()},
        packages=tuple(_package(row) for row in data["packages"]),
        rep=RepDefaults(**{key: float(value) for key, value in data["rep"].items()}),
        margin_rate={segment: float(rate) for segment, rate in data.get("margin_rate", {}).items()},
        fingerprint=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _parse(name: str) -> dict[str, Any]:
    try:
        if name in PRESETS:
            return tomllib.loads((resources.files("kqml.playbook") / "presets" / f"{name}.toml").read_text("utf-8"))
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadUse(f"There is no playbook {name}; give a file or one of {', '.join(PRESETS)}.") from error
    except OSError as error:
        raise CouldNot(f"The playbook {name} cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadUse(f"The playbook {name} is not valid TOML: {error}") from error


def _package(row: dict[str, Any]) -> Package:
    return Package(
        name=row["name"],
        contacts={channel: int(number) for channel, number in row.get("contacts", {}).items()},
        minutes=float(row["minutes"]),
        stops=int(row["stops"]),
        money=float(row["money"]),
        tiers=tuple(row.get("tiers", TIERS)),
        needs=frozenset(row.get("needs", ())),
    )


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _amount_faults(where: str, table: Any, names: tuple[str, ...]) -> list[Fault]:
    if not isinstance(table, dict):
        return [Fault(where, f"{table!r} is not a table", f"give {', '.join(names)}")]
    return [
        Fault(f"{where}.{name}", f"{table.get(name)!r} is not a number from 0", "give one")
        for name in names
        if not _is_amount(table.get(name))
    ]


def _cadence_faults(data: dict[str, Any]) -> list[Fault]:
    cadence = data.get("cadence")
    if not isinstance(cadence, dict):
        return [Fault("cadence", "is absent", "give contacts per month for each tier and channel")]
    return [fault for tier in TIERS for fault in _amount_faults(f"cadence.{tier}", cadence.get(tier), CHANNELS)]


def _package_faults(data: dict[str, Any]) -> list[Fault]:
    rows = data.get("packages")
    if not isinstance(rows, list) or not rows:
        return [Fault("packages", "is absent or empty", "give at least the one that does nothing")]
    faults = [fault for place, row in enumerate(rows) for fault in _one_package_faults(f"packages[{place}]", row)]
    names = [row.get("name") for row in rows if isinstance(row, dict)]
    faults += [
        Fault("packages", f"{name!r} stands there twice", "name each package once")
        for name in sorted({str(name) for name in names if names.count(name) > 1})
    ]
    first = rows[0] if isinstance(rows[0], dict) else {}
    if first.get("contacts") or first.get("minutes"):
        faults.append(Fault("packages[0]", "the first package takes time or makes contact", "put `wait` first"))
    return faults


def _one_package_faults(where: str, row: Any) -> list[Fault]:
    faults = _amount_faults(where, row, ("minutes", "stops", "money"))
    if not isinstance(row, dict):
        return faults
    if not isinstance(row.get("name"), str):
        faults.append(Fault(f"{where}.name", f"{row.get('name')!r} is not text", "name the package"))
    for key, known in (("contacts", CHANNELS), ("tiers", TIERS), ("needs", CONDITIONS)):
        faults += [
            Fault(f"{where}.{key}", f"{value!r} is not known", f"use {', '.join(known)}")
            for value in row.get(key, ())
            if value not in known
        ]
    return faults


def _rep_faults(data: dict[str, Any]) -> list[Fault]:
    return _amount_faults("rep", data.get("rep"), ("minutes_per_week", "stops_per_week", "budget_per_week"))


def _margin_faults(data: dict[str, Any]) -> list[Fault]:
    return [
        Fault(f"margin_rate.{segment}", f"{rate!r} is not a share", "give a number from 0 to 1")
        for segment, rate in data.get("margin_rate", {}).items()
        if not _is_amount(rate) or rate > 1
    ]
