"""A leak planted in the engine, or a closed window, fails the tests; here is which.

Each is planted in a copy of the sources, of which the tests of `test_engine_oracle.py` with written-down values then
run without machine code.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import features
import kqml

TESTS = Path(__file__).parents[1]
BOUNDS = "test_bounds_are_half_open_and_what_was_not_known_is_missing"
PLANTED = {
    "nothing": ("engine/account.py", "", "", []),
    "a window closed at the cutoff": (
        "engine/searching.py",
        "if times[middle] < limit:",
        "if times[middle] <= limit:",
        [f"{BOUNDS}[an_event_at_the_cutoff_is_the_future]", f"{BOUNDS}[recency_ends_before_the_cutoff]"],
    ),
    "a window open at its beginning": (
        "engine/account.py",
        "limit = cutoffs[k0] - back if back >= 0",
        "limit = cutoffs[k0] - back + (back > 0) if back >= 0",
        [f"{BOUNDS}[a_window_begins_with_its_first_instant]"],
    ),
    "a record that came late is seen": (
        "engine/account.py",
        "count += scratch.latest[scratch.edge[0, k]] >= cutoffs[k]",
        "count += 0",
        [f"{BOUNDS}[known_at_the_cutoff_is_too_late]"],
    ),
    "a record known at the cutoff is seen": (
        "engine/streams.py",
        "retained += log.known_at[event] < cutoff",
        "retained += log.known_at[event] <= cutoff",
        [f"{BOUNDS}[known_at_the_cutoff_is_too_late]"],
    ),
    "a cutoff a day too late": (
        "engine/account.py",
        "high = low + before(log.occurred_at[low : log.offsets[account + 1]], cutoffs[-1])",
        "high, cutoffs = log.offsets[account + 1], cutoffs + 86_400_000_000",
        [f"{BOUNDS}[recency_ends_before_the_cutoff]"],
    ),
    "what was before the account counts as 0": (
        "engine/windows.py",
        "slot[k] = np.nan if window.back > window.reach[k] else number",
        "slot[k] = number",
        [f"{BOUNDS}[before_the_account_is_missing]"],
    ),
}


CLOSINGS = (
    ("visible_at = max(result.occurred_at[event], result.known_at[event])", "visible_at = result.occurred_at[event]"),
    ("result.closing[SEEN, n] = max(begun, result.known_at[event])", "result.closing[SEEN, n] = begun"),
    ("result.turns[DUE_ROW, i] = rows_until(cutoffs, result.closing[DUE, i])", "result.turns[DUE_ROW, i] = 0"),
)
"""Three leaks of one file, each of which fails another test: an answer, a question seen early, due before its time."""

OF_CLOSINGS = (
    "an_answer_known_at_the_cutoff_comes_too_late",
    "a_question_known_at_the_cutoff_is_not_yet_asked",
    "due_at_the_cutoff_is_not_overdue",
)


def test_leaks_planted_in_closings_fail_a_test_each(tmp_path):
    copy_sources(tmp_path)
    for right, wrong in CLOSINGS:
        plant(tmp_path / "features" / "engine" / "closings.py", right, wrong)
    assert {f"{BOUNDS}[{name}]" for name in OF_CLOSINGS} <= set(failing_tests(tmp_path))


@pytest.mark.parametrize("leak", PLANTED)
def test_a_planted_leak_fails_the_test_that_is_named(leak, tmp_path):
    file, right, wrong, failing = PLANTED[leak]
    copy_sources(tmp_path)
    plant(tmp_path / "features" / file, right, wrong)
    failed = failing_tests(tmp_path)
    assert set(failing) <= set(failed)
    assert bool(failing) == bool(failed)


def copy_sources(folder: Path) -> None:
    """The sources with the tests of the engine."""
    for package in (features, kqml):
        shutil.copytree(Path(str(package.__file__)).parent, folder / package.__name__)
    for name in ("feature_oracle.py", "random_logs.py", "features/test_engine_oracle.py"):
        shutil.copy(TESTS / name, folder)


def plant(source: Path, right: str, wrong: str) -> None:
    text = source.read_text()
    assert right in text
    source.write_text(text.replace(right, wrong))


def failing_tests(folder: Path) -> list[str]:
    """The tests with written-down values that fail in `folder`."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-rf"]
    done = subprocess.run(
        [*command, "test_engine_oracle.py", "-k", f"{BOUNDS} or never_recorded or quiet"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return re.findall(r"^FAILED test_engine_oracle\.py::(\S+)", done.stdout, flags=re.MULTILINE)
