import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_model import NO_PEERS, small_model, small_rows

from kqml.dataset.folder import DatasetInfo
from kqml.errors import BadUse, CouldNot, Refused
from models.churn.bundle import load_bundle, save_bundle
from models.registry.aliases import CHALLENGER, SignedMove, list_moves, promote, rollback
from models.registry.client import RegistryClient, connect_registry, quiet_mlflow
from models.registry.training import TrainingRecord, log_training
from models.registry.versions import (
    Version,
    bundle_folder,
    champion,
    find_version,
    list_versions,
    read_metrics,
)

ROWS = small_rows()


def signed(day: int, why: str = "better") -> SignedMove:
    return SignedMove("li.na", why, datetime(2024, 3, day, tzinfo=UTC))


def trained(registry: RegistryClient, tmp_path: Path, grade: str = "A") -> Version:
    """One more version of this grade."""
    folder = tmp_path / f"bundle-{len(list(tmp_path.glob('bundle-*')))}"
    save_bundle(folder, small_model(grade=grade), DatasetInfo(fingerprint="d" * 64), ROWS, NO_PEERS)
    record = TrainingRecord({"rounds": 5}, {"auc": 0.91, "slope": float("nan")}, {}, {"audit.json": "{}"})
    return log_training(registry, folder, record)


def test_a_logged_training_is_a_version_without_alias(registry: RegistryClient, tmp_path: Path) -> None:
    version = trained(registry, tmp_path)
    assert (version.number, version.grade, version.aliases, version.dataset) == (1, "A", (), "d" * 64)
    assert read_metrics(registry, [version]) == {1: {"auc": 0.91}}
    with connect_registry(registry) as client:
        run = client.get_run(version.run_id)
        assert run.info.status == "FINISHED"
        assert run.data.params["churn.horizon"] == "90"
        assert [file.path for file in client.list_artifacts(version.run_id)] == ["audit.json"]


def test_the_bundle_comes_back_from_the_registry_bit_for_bit(registry: RegistryClient, tmp_path: Path) -> None:
    folder = bundle_folder(registry, trained(registry, tmp_path))
    assert np.array_equal(load_bundle(folder).model.probability(ROWS), small_model().probability(ROWS))


def test_nothing_is_written_to_the_working_folder(registry: RegistryClient, tmp_path: Path) -> None:
    promote(registry, str(trained(registry, tmp_path).number), signed(1))
    assert list(Path.cwd().iterdir()) == []


def test_pyfunc_gives_the_model_s_probabilities(registry: RegistryClient, tmp_path: Path) -> None:
    version = trained(registry, tmp_path)
    with quiet_mlflow():
        import mlflow.pyfunc

        served = mlflow.pyfunc.load_model(version.source)
    words = pd.Series(["dealer", "pharmacy", None, "unheard of"] * 15, dtype="str")
    rows = ROWS.copy()
    rows[:, 3] = [0, 1, np.nan, np.nan] * 15
    with pytest.warns(UserWarning, match=r"segment: the model does not know \['unheard of'\]"):
        answer = served.predict(pd.DataFrame(rows[:, :3], columns=["a", "b", "c"]).assign(segment=words))
    assert np.array_equal(answer.to_numpy(), small_model().probability(rows))


def test_a_failed_run_is_marked_so(registry: RegistryClient, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", small_model(), DatasetInfo(), ROWS, NO_PEERS)
    with pytest.raises(CouldNot, match=r"nowhere\.png"):
        log_training(registry, tmp_path / "b", TrainingRecord(figures={"lift": tmp_path / "nowhere.png"}))
    with connect_registry(registry) as client:
        runs = client.search_runs([client.get_experiment_by_name("kqml").experiment_id])
    assert [run.info.status for run in runs] == ["FAILED"]
    assert list_versions(registry) == []


@pytest.mark.parametrize("grade", ["C", "ungraded"])
def test_what_has_not_beaten_a_rule_of_thumb_is_not_promoted(
    registry: RegistryClient, tmp_path: Path, grade: str
) -> None:
    trained(registry, tmp_path, grade)
    with pytest.raises(Refused, match=rf"grade: the grade is {grade}, A or B is required"):
        promote(registry, "1", signed(1))
    assert champion(registry) is None
    assert list_moves(registry) == []


def test_a_challenger_may_have_any_grade(registry: RegistryClient, tmp_path: Path) -> None:
    trained(registry, tmp_path, "C")
    promote(registry, "1", signed(1), CHALLENGER)
    assert find_version(registry, "challenger").number == 1


def test_every_move_says_who_when_and_why(registry: RegistryClient, tmp_path: Path) -> None:
    for _ in range(2):
        trained(registry, tmp_path)
    promote(registry, "1", signed(1, "first"))
    promote(registry, "2", signed(2, "better lift"))
    rollback(registry, signed(3, "complaints"))
    told = [(move.action, move.before, move.after, move.who, move.why, move.at[:10]) for move in list_moves(registry)]
    assert told == [
        ("promote", None, 1, "li.na", "first", "2024-03-01"),
        ("promote", 1, 2, "li.na", "better lift", "2024-03-02"),
        ("rollback", 2, 1, "li.na", "complaints", "2024-03-03"),
    ]


def test_rollback_goes_back_one_champion_at_a_time(registry: RegistryClient, tmp_path: Path) -> None:
    for day in (1, 2, 3):
        promote(registry, str(trained(registry, tmp_path).number), signed(day))
    assert [rollback(registry, signed(day)).after for day in (4, 5)] == [2, 1]
    with pytest.raises(Refused, match="version 1 is the first"):
        rollback(registry, signed(6))
    promote(registry, "3", signed(7))
    assert rollback(registry, signed(8)).after == 1


def test_rollback_undoes_a_move_made_behind_our_back(registry: RegistryClient, tmp_path: Path) -> None:
    for _ in range(2):
        trained(registry, tmp_path)
    promote(registry, "1", signed(1))
    with connect_registry(registry) as client:
        client.set_registered_model_alias("kqml", "champion", "2")
    assert rollback(registry, signed(2)).after == 1


def test_moves_at_the_same_instant_are_all_recorded(registry: RegistryClient, tmp_path: Path) -> None:
    for _ in range(2):
        promote(registry, str(trained(registry, tmp_path).number), signed(1))
    assert [move.after for move in list_moves(registry)] == [1, 2]


def test_there_is_nothing_to_roll_back_before_the_first_promotion(registry: RegistryClient) -> None:
    with pytest.raises(Refused, match="there is none"):
        rollback(registry, signed(1))


def test_promoting_the_champion_again_is_refused(registry: RegistryClient, tmp_path: Path) -> None:
    trained(registry, tmp_path)
    promote(registry, "1", signed(1))
    with pytest.raises(Refused, match="is already the champion"):
        promote(registry, "1", signed(2))


def test_a_version_that_does_not_exist_names_those_that_do(registry: RegistryClient, tmp_path: Path) -> None:
    with pytest.raises(BadUse, match="run `kqml train` first"):
        promote(registry, "1", signed(1))
    trained(registry, tmp_path)
    with pytest.raises(BadUse, match=r"'7' – versions: 1"):
        promote(registry, "7", signed(1))


def test_a_broken_bundle_cannot_be_promoted(registry: RegistryClient, tmp_path: Path) -> None:
    version = trained(registry, tmp_path)
    (bundle_folder(registry, version) / "booster.txt").write_text("tree")
    with pytest.raises(CouldNot, match=r"booster\.txt: the file has 4 bytes"):
        promote(registry, "1", signed(1))


def test_versions_are_listed_newest_first_with_their_aliases(registry: RegistryClient, tmp_path: Path) -> None:
    for grade in ("A", "C", "B"):
        trained(registry, tmp_path, grade)
    promote(registry, "1", signed(1))
    listed = [(version.number, version.grade, version.aliases) for version in list_versions(registry)]
    assert listed == [(3, "B", ()), (2, "C", ()), (1, "A", ("champion",))]


def test_an_unreachable_registry_is_one_clear_failure_without_its_password(tmp_path: Path) -> None:
    registry = RegistryClient("postgresql://kqml:secret@127.0.0.1:9/mlflow", tmp_path)
    assert registry.shown == "postgresql://kqml:***@127.0.0.1:9/mlflow"
    (tmp_path / "not.db").write_text("this is no database, and long enough to be taken for none" * 10)
    with pytest.raises(CouldNot, match="The model registry request failed"):
        list_versions(RegistryClient(f"sqlite:///{tmp_path / 'not.db'}", tmp_path))


def test_a_bundle_that_was_exchanged_cannot_be_promoted(registry: RegistryClient, tmp_path: Path) -> None:
    folder = bundle_folder(registry, trained(registry, tmp_path, "C"))
    shutil.rmtree(folder)
    save_bundle(folder, small_model(grade="A"), DatasetInfo(), ROWS, NO_PEERS)
    with pytest.raises(CouldNot, match="differs from the registered one"):
        promote(registry, "1", signed(1))


def test_artifacts_that_are_gone_are_named(registry: RegistryClient, tmp_path: Path) -> None:
    folder = bundle_folder(registry, trained(registry, tmp_path))
    shutil.rmtree(folder)
    with pytest.raises(CouldNot, match=rf"{folder}: neither the folder nor its end below .* exists"):
        promote(registry, "1", signed(1))


def test_an_address_whose_driver_is_not_installed_is_said_so(tmp_path: Path) -> None:
    unreachable = RegistryClient("postgresql+psycopg2://nobody@127.0.0.1:1/x", tmp_path / "artifacts")
    with pytest.raises(CouldNot, match="registry request failed"):
        list_versions(unreachable)
