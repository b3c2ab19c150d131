"""The company's rules for looking after accounts, read from a playbook file."""

from kqml.playbook.playbook import Package, Playbook, RepDefaults
from kqml.playbook.reading import PRESETS, read_playbook

__all__ = ["PRESETS", "Package", "Playbook", "RepDefaults", "read_playbook"]
