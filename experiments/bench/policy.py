"""Policies lived in the world: what share of the observable oracle's gain over the playbook each one brings."""

import argparse
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.stats import t as student

from experiments.policy_study.lived import ORACLE, OURS, SIMPLE, Times, live_world
from experiments.world.draws import Floats
from experiments.world.world import Shape, build_world

REFERENCE = (20_000, 104, 26, 26, 10)
QUICK = (1_500, 60, 26, 13, 1)
PLAYBOOK = SIMPLE[0]


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="one small world, in ten minutes")
    parser.add_argument("--accounts", type=int, help="how many accounts instead")
    parser.add_argument("--behaviour", type=int, help="weeks of the reps' own way instead")
    parser.add_argument("--pilot", type=int, help="weeks of the pilot instead")
    parser.add_argument("--policy-weeks", type=int, help="weeks under each policy instead")
    parser.add_argument("--worlds", type=int, help="how many worlds instead")
    parser.add_argument("--share", type=float, default=0.48, help="share of account-weeks that the pilot draws")
    parser.add_argument("--futures", type=int, default=1, help="futures of each world, the same for every policy")
    parser.add_argument("--paths", type=int, default=8, help="paths of the truth")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Lives every world under every policy; shares are of net margin: margin less minutes and money."""
    begun = time.perf_counter()
    usual = QUICK if args.quick else REFERENCE
    asked = (args.accounts, args.behaviour, args.pilot, args.policy_weeks, args.worlds)
    accounts, behaviour, pilot, weeks, worlds = (own or other for own, other in zip(asked, usual, strict=True))
    times = Times(behaviour, pilot, weeks, args.share, args.futures, args.paths, 6)
    shares = {OURS: 1.0, f"{OURS}_quarter": 0.25}
    nets: list[dict[str, Floats]] = []
    rows: list[dict[str, int]] = []
    hashes = []
    for seed in range(args.seed, args.seed + worlds):
        world = build_world(Shape(accounts, max(accounts // 50, 2), behaviour + pilot + weeks + 30), seed)
        found, learned = live_world(world, times, shares)
        nets.append(found)
        rows.append(learned)
        hashes.append(world.hash)
        sys.stderr.write(f"world {seed}: {time.perf_counter() - begun:.0f} s\n")
    seats = accounts // max(accounts // 50, 2)
    gains = {name: [_by_seat(one[name] - one[PLAYBOOK], seats) for one in nets] for name in nets[0]}
    policies = {name: _against(gains[name], gains[ORACLE]) for name in gains}
    simple = max(policies[name]["share_of_oracle"] for name in SIMPLE)
    curve = {
        str(round(float(np.mean([one[name] for one in rows])))): {**policies[name], "best_simple": simple}
        for name in sorted(shares, key=lambda name: shares[name])
    }
    parameters = {
        "accounts": accounts,
        "behaviour": behaviour,
        "pilot": pilot,
        "policy_weeks": weeks,
        "worlds": worlds,
        "share": args.share,
        "futures": args.futures,
        "seed": args.seed,
    }
    largest = {key: curve[list(curve)[-1]][key] for key in ("share_of_oracle", "low", "high", "best_simple")}
    return {
        "parameters": parameters,
        **largest,
        "curve": curve,
        "policies": policies,
        "scenarios": {},
        "not_run": ["the scenarios of the world", "seeds until the half-width is 5 % of the oracle's gain"],
        "world": hashes,
        "kappa": "playbook",
        "seconds": time.perf_counter() - begun,
    }


def _by_seat(gain: Floats, accounts: int) -> Floats:
    """Gains of blocks of accounts that share a rep's hours."""
    return np.asarray([part.sum() for part in np.array_split(gain, max(len(gain) // accounts, 2))], dtype=np.float64)


def _against(gains: list[Floats], oracle: list[Floats]) -> dict[str, float]:
    """The gain per account with its share of the oracle's; the interval is that of a ratio clustered by rep (t)."""
    own, best = np.concatenate(gains), np.concatenate(oracle)
    ratio = float(own.sum() / best.sum())
    error = float(np.sqrt(len(own) * np.var(own - ratio * best, ddof=1)) / abs(best.sum()))
    mean_error = float(np.sqrt(len(own) * np.var(own, ddof=1)))
    reach = float(student.ppf(0.975, len(own) - 1))
    return {
        "gain": float(own.sum()),
        "gain_half_width": reach * mean_error,
        "share_of_oracle": ratio,
        "low": ratio - reach * error,
        "high": ratio + reach * error,
    }


def render(result: Mapping[str, Any]) -> list[str]:
    """The figures as lines for a person."""
    return [
        f"{name:<20}{one['share_of_oracle']:8.2f} ({one['low']:.2f} to {one['high']:.2f}), gain {one['gain']:,.0f} "
        f"± {one['gain_half_width']:,.0f}"
        for name, one in sorted(result["policies"].items(), key=lambda item: -item[1]["gain"])
    ]
