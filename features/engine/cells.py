"""The compiled part of peers: sums per cell, differences from their means."""

import numpy as np
from numpy.typing import NDArray

from features.engine.jit import compiled


@compiled
def add_to_cells(
    own: NDArray[np.float64],
    moments: NDArray[np.int64],
    cells: NDArray[np.int64],
    sums: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Adds each row's numbers to the cells it is in (columns of `cells`, -1 none), strictly in the order of rows, so
    that the sums do not depend on how rows were cut into chunks."""
    # One thread on purpose: parallel sums would depend on the order in which threads finish.
    for row in range(len(own)):
        for level in range(cells.shape[1]):
            cell = cells[row, level]
            if cell < 0:
                continue
            for column in range(own.shape[1]):
                if not np.isnan(own[row, column]):
                    sums[moments[row], cell, column] += own[row, column]
                    counts[moments[row], cell, column] += 1


@compiled
def less_means(
    out: NDArray[np.float64],
    columns: NDArray[np.int64],
    moments: NDArray[np.int64],
    cells: NDArray[np.int64],
    means: NDArray[np.float64],
    itself: NDArray[np.bool_],
) -> None:
    """Subtracts from the peer columns the mean of the narrowest cell that has one, or puts the mean `itself` there;
    missing where none has."""
    for row in range(len(out)):
        for place in range(len(columns)):
            mean = np.nan
            for level in range(cells.shape[1]):
                # Levels go from narrow to wide: a cell with too few accounts has no mean, and the next wider one stands
                # in.
                if np.isnan(mean) and cells[row, level] >= 0 and moments[row] >= 0:
                    mean = means[moments[row], cells[row, level], place]
            out[row, columns[place]] = mean if itself[place] else out[row, columns[place]] - mean


@compiled
def over_targets(
    out: NDArray[np.float64],
    columns: NDArray[np.int64],
    tiers: NDArray[np.int8],
    targets: NDArray[np.float64],
    excess: NDArray[np.bool_],
) -> None:
    """Divides the target columns by what the row's tier has for a target; how far that lies above 1 where `excess`."""
    for row in range(len(out)):
        for place in range(len(columns)):
            target = targets[place, tiers[row]] if tiers[row] >= 0 else np.nan
            share = out[row, columns[place]] / target
            if excess[place]:
                share = np.nan if np.isnan(share) else max(share - 1.0, 0.0)
            out[row, columns[place]] = share
