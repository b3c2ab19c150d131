"""The company's rules for looking after accounts, read from a playbook file."""

from kqml.playbook.planning import ActionRule, RepDefaults
from kqml.playbook.playbook import Playbook
from kqml.playbook.reading import PRESETS, parse_playbook, read_playbook

__all__ = ["PRESETS", "ActionRule", "Playbook", "RepDefaults", "parse_playbook", "read_playbook"]
