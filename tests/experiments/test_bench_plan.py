"""The benchmark of a large company's week: its commands run in processes of their own, failures are told."""

import pytest

from experiments.bench import plan
from experiments.docs.service_sections import plan_section
from kqml.errors import CouldNot

RESULT = {
    "parameters": {"accounts": 1000, "weeks": 52, "seed": 0, "store": True},
    "events": 150_000,
    "reps": 20,
    "scored": 900,
    "recommended": 800,
    "seconds": {"score": 4.0, "plan": 6.0},
    "processor_seconds": {"score": 5.0, "plan": 7.0},
    "peak_gib": {"score": 0.5, "plan": 0.75},
    "total": {"folder": 10.0, "store": None},
    "store_bytes": {"events": 2**20, "scores": 2**20, "decisions": 5 * 2**20},
}


def test_a_command_is_measured_in_a_process_of_its_own(tmp_path):
    commands = plan.Commands(tmp_path, {})
    answer = commands.run("playbook", "playbook", "check", "pharmacy")
    assert answer["actions"][0] == "wait"
    assert commands.seconds["playbook"] > 0
    assert commands.processor_seconds["playbook"] > 0
    assert 0.01 < commands.peak_gib["playbook"] < 4
    with pytest.raises(CouldNot, match=r"kqml bad failed(.|\n)*dataset.json is missing"):
        commands.run("bad", "plan", tmp_path)


def test_the_lines_and_the_section_tell_every_command():
    lines = plan.render(RESULT)
    assert lines[0] == "900 accounts scored of 150,000 events, 800 actions for 20 reps"
    assert "folder: 10 s" in lines
    assert not [line for line in lines if line.startswith("store:")]
    page = "\n".join(plan_section([RESULT]))
    assert "| 1,000 | 150,000 | `kqml plan` | 6 | 7 | 0.8 |" in page
    assert "decisions of a week take 5 MiB" in page
