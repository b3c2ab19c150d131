"""A dataset with the marks on its duties."""

from dataclasses import dataclass

from kqml.dataset.folder import Dataset
from kqml.duties import DutyInputs, read_duty_inputs
from kqml.duties.overrides import DutyOverride
from kqml.playbook import Playbook
from serve.database.dataset_export import snapshot_accounts
from serve.database.duty_overrides import duty_overrides, read_override_rows
from serve.database.engine import Database
from serve.security.contact_vault import MaskingVault


@dataclass(frozen=True)
class DutyHistory:
    """A dataset, of a folder or in memory; a folder has no overrides."""

    dataset: Dataset
    overrides: tuple[DutyOverride, ...] = ()

    def inputs(self, playbook: Playbook) -> DutyInputs:
        """Return the inputs of duties, whenever they became known."""
        return read_duty_inputs(self.dataset, playbook, self.overrides)

    def inputs_at(self, playbook: Playbook, cutoff: int) -> DutyInputs:
        """Return the same as it was known before a cutoff."""
        return read_duty_inputs(self.dataset.known_before(cutoff), playbook, self.overrides)


def read_duty_history(database: Database) -> DutyHistory:
    """Read one snapshot of the database into memory, without the personal fields of contacts."""
    with database.snapshot() as connection:
        overrides = duty_overrides(read_override_rows(connection))
        return DutyHistory(snapshot_accounts(connection, MaskingVault()), overrides)
