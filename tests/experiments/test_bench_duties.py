"""The benchmark of duties runs and tells what it measured."""

import argparse

from experiments.bench import duties


def test_a_small_company_is_measured():
    parser = argparse.ArgumentParser()
    duties.describe(parser)
    result = duties.run(parser.parse_args(["--quick"]))
    assert result["parameters"] == {"accounts": result["accounts"], "weeks": 104, "seed": 0}
    assert set(result["seconds"]) == {"read", "festival", "plain", "compliance"}
    assert result["rows"]["festival"] > result["rows"]["plain"] > 0
    assert duties.render(result)[0].startswith(f"{result['accounts']:,} accounts")
