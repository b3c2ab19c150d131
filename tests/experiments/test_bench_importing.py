"""The import benchmark, small: it measures, it leaves nothing."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from experiments.bench import importing


@pytest.mark.parametrize("per", ["line", "day"])
def test_a_small_file_is_imported_within_the_memory_of_a_large_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, per: str
) -> None:
    monkeypatch.setattr(importing, "BLOCK_ROWS", 20_000)
    parser = ArgumentParser()
    importing.describe(parser)
    args = parser.parse_args(["--megabytes", "5", "--per", per, "--folder", str(tmp_path)])

    result = importing.run(args)

    assert result["parameters"] == {"megabytes": 5, "per": per, "seed": 0}
    assert 5_000_000 <= result["csv_bytes"] < 7_000_000
    assert (result["events"] == result["rows"]) == (per == "line")
    assert result["peak_mib"] < 2048
    assert list(tmp_path.iterdir()) == []
    assert "peak" in importing.render(result)[0]
