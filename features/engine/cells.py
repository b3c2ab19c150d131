"""Compiled loops of peer features: sums per cell, differences from their means, shares of targets."""

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
    """Add each row's numbers to its cells, strictly in the order of rows.

    own: (R, P). moments: R, the index of each row's cutoff. cells: (R, levels), -1 none. sums, counts: (cutoffs,
    cells, P), changed in place.
    """
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
    """Subtract from each peer column of `out` (R, F) the mean of the narrowest cell that has one; NaN where none has.

    columns: P, the indices of the peer columns. means: (cutoffs, cells, P). itself: P, True where the column holds the
    mean itself instead of the difference.
    """
    for row in range(len(out)):
        for peer in range(len(columns)):
            mean = np.nan
            for level in range(cells.shape[1]):
                # Levels go from narrow to wide: a cell with too few accounts has no mean, and the next wider one stands
                # in.
                if np.isnan(mean) and cells[row, level] >= 0 and moments[row] >= 0:
                    mean = means[moments[row], cells[row, level], peer]
            out[row, columns[peer]] = mean if itself[peer] else out[row, columns[peer]] - mean


@compiled
def over_targets(
    out: NDArray[np.float64],
    columns: NDArray[np.int64],
    tiers: NDArray[np.int8],
    targets: NDArray[np.float64],
    excess: NDArray[np.bool_],
) -> None:
    """Divide the target columns of `out` by the target of the row's tier; NaN where the tier is unknown.

    columns: T, indices in `out`. tiers: R, -1 unknown. targets: (T, tiers). excess: T, True where the column holds how
    far the share lies above 1 (at least 0).
    """
    for row in range(len(out)):
        for target in range(len(columns)):
            wanted = targets[target, tiers[row]] if tiers[row] >= 0 else np.nan
            share = out[row, columns[target]] / wanted
            if excess[target]:
                share = np.nan if np.isnan(share) else max(share - 1.0, 0.0)
            out[row, columns[target]] = share
