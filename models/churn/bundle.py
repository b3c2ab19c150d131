"""The bundle: everything that scoring needs of a trained model, as one checksummed folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import orjson

from features.peers import PeerReference
from kqml.dataset.folder import DatasetInfo
from kqml.errors import CouldNot, Fault
from kqml.playbook import Playbook, read_playbook
from kqml.playbook.playbook import playbook_from
from kqml.playbook.reading import content_of
from models.churn.checksummed_folder import REMEDY, read_checksummed, write_checksums
from models.churn.churn_model import ChurnModel, booster_text, model_from, model_json
from models.churn.logistic_line import Floats

TREES, MODEL, DATASET, TYPICAL = "booster.txt", "model.json", "dataset.json", "typical.json"
PEERS, PLAYBOOK = "peers.json", "playbook.json"
PARTS = (TREES, MODEL, DATASET, TYPICAL, PEERS, PLAYBOOK)

TYPICAL_ROWS = 20_000
"""Rows, evenly spread, from which the usual value of a column is read: enough for a median."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model with what surrounds it. `dataset`: of the training data. `typical`: (F,) a usual value per column, the
    median of the training rows, NaN where there is none. `peers`: what accounts are compared with when they are scored
    one by one. `playbook`: by whose rules its features are built. `fingerprint`: sha256 of the manifest, hence of all
    bytes."""

    model: ChurnModel
    dataset: DatasetInfo
    typical: Floats
    peers: PeerReference
    playbook: Playbook
    fingerprint: str


def save_bundle(
    folder: Path,
    model: ChurnModel,
    dataset: DatasetInfo,
    values: Floats,
    peers: PeerReference,
    playbook: Playbook | None = None,
) -> str:
    """Write a new bundle; `values` are the training rows (R, F), `playbook` the preset `pharmacy` where none is given.

    Returns its fingerprint; CouldNot where it exists.
    """
    typical = typical_values(values, len(model.numeric_columns))
    files = {
        TREES: booster_text(model).encode(),
        MODEL: _json(model_json(model)),
        DATASET: dataset.to_json().encode(),
        TYPICAL: _json([None if np.isnan(value) else float(value) for value in typical]),
        PEERS: _json(peers.to_json()),
        PLAYBOOK: _json(content_of(playbook or read_playbook())),
    }
    return write_checksums(folder, files)


def load_bundle(folder: Path, registered: str | None = None) -> Bundle:
    """Return the bundle of a folder, every byte checked, and its fingerprint against the `registered` one where there
    is one. Raises CouldNot naming what is missing, broken or foreign.

    Nothing is parsed before the checks: LightGBM ends the process on some malformed trees.
    """
    files, fingerprint = read_checksummed(folder)
    if registered is not None and fingerprint != registered:
        text = f"the fingerprint is {fingerprint[:12]}…, the registered one {registered[:12]}…"
        raise CouldNot("The bundle differs from the registered one.", [Fault(str(folder), text, REMEDY)])
    missing = [name for name in PARTS if name not in files]
    if missing:
        faults = [
            Fault(str(folder / name), "the manifest does not list the file", "train a new model") for name in missing
        ]
        raise CouldNot(f"The bundle {folder} is incomplete.", faults)
    try:
        model = model_from(files[TREES].decode(), orjson.loads(files[MODEL]))
        dataset = DatasetInfo.from_json(files[DATASET].decode())
        typical = np.array(orjson.loads(files[TYPICAL]), dtype=np.float64)
        peers = PeerReference.from_json(orjson.loads(files[PEERS]))
        playbook = playbook_from(orjson.loads(files[PLAYBOOK]))
    except (ValueError, KeyError, TypeError, lgb.basic.LightGBMError) as error:
        fault = Fault(str(folder), f"{type(error).__name__}: {error}", "train a model with this version of kqml")
        raise CouldNot("The bundle cannot be loaded by this version of kqml.", [fault]) from error
    return Bundle(model, dataset, typical, peers, playbook, fingerprint)


def typical_values(values: Floats, numeric: int) -> Floats:
    """Return the median of each of the first `numeric` columns over its present values; NaN for the other columns."""
    typical = np.full(values.shape[1], np.nan)
    step = max(1, len(values) // TYPICAL_ROWS)
    for index in range(numeric):
        column = values[::step, index]
        present = column[~np.isnan(column)]
        if len(present):
            typical[index] = np.median(present)
    return typical


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
