"""Settings: the file, the environment over it, every fault at once, the page that lists them."""

import os
from pathlib import Path

import pytest

from kqml.errors import BadUse
from kqml.settings import Settings, read_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("KQML_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_file_the_defaults_hold(folder):
    settings = read_settings()
    assert (settings.home, settings.language, settings.churn.gap) == (Path(".kqml"), "zh", 28)
    assert settings.registry_uri == f"sqlite:///{folder / '.kqml' / 'mlflow.db'}"


def test_the_environment_overrides_the_file(folder, monkeypatch):
    (folder / "kqml.toml").write_text('language = "en"\nport = 9000\n[churn]\nhorizon = 60\ngap = 7\n')
    monkeypatch.setenv("KQML_PORT", "9001")
    monkeypatch.setenv("KQML_CHURN__GAP", "14")
    settings = read_settings()
    assert (settings.language, settings.port, settings.churn.horizon, settings.churn.gap) == ("en", 9001, 60, 14)


@pytest.mark.parametrize(
    ("own", "mlflow", "expected"),
    [
        ("http://own", "http://theirs", "http://own"),
        (None, "http://theirs", "http://theirs"),
    ],
)
def test_the_registry_is_ours_before_mlflows(folder, monkeypatch, own, mlflow, expected):
    if own:
        monkeypatch.setenv("KQML_MLFLOW_URI", own)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow)
    assert read_settings().registry_uri == expected


@pytest.mark.parametrize(
    ("file", "environment", "expected"),
    [
        ("", None, "pharmacy"),
        ('[playbook]\nfile = "mine.toml"\n', None, "mine.toml"),
        ('[playbook]\nfile = "mine.toml"\n', "dealer", "dealer"),
        ('playbook = "mine.toml"\n', None, "mine.toml"),
    ],
)
def test_the_playbook_in_force_is_named_in_the_file_or_the_environment(
    folder, monkeypatch, file, environment, expected
):
    (folder / "kqml.toml").write_text(file)
    if environment:
        monkeypatch.setenv("KQML_PLAYBOOK", environment)
    assert read_settings().playbook.file == expected


def test_every_fault_is_told_at_once_by_key(folder):
    (folder / "kqml.toml").write_text('languge = "en"\nport = "many"\n[churn]\nhorizon = "long"\n')
    with pytest.raises(BadUse, match="settings cannot be used") as caught:
        read_settings()
    assert {fault.where for fault in caught.value.faults} == {"languge", "port", "churn.horizon"}


def test_a_file_that_is_not_toml_is_bad_use(folder):
    (folder / "kqml.toml").write_text("port = = 3\n")
    with pytest.raises(BadUse, match=r"kqml\.toml is not valid TOML"):
        read_settings()


def test_a_named_file_must_exist(folder, monkeypatch):
    monkeypatch.setenv("KQML_CONFIG", "elsewhere.toml")
    with pytest.raises(BadUse, match=r"elsewhere\.toml .* does not exist"):
        read_settings()


GROUPS = ("churn", "bands", "security", "retention", "webhooks")


def test_a_secret_is_never_repeated(folder, monkeypatch):
    (folder / "kqml.toml").write_text('secret_keys = ["c2VjcmV0", 5]\n')
    with pytest.raises(BadUse, match=r"secret_keys: .*got a secret") as caught:
        read_settings()
    assert "c2VjcmV0" not in str(caught.value)
    (folder / "kqml.toml").write_text('secret_keys = "c2VjcmV0"\n')
    assert "c2VjcmV0" not in repr(read_settings())


def test_the_page_lists_every_setting():
    page = (ROOT / "docs" / "settings.md").read_text()
    nested = {name for group in GROUPS for name in Settings.model_fields[group].default.model_dump()}
    assert [name for name in (*Settings.model_fields, *nested) if name not in page] == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[churn]\nhorizn = 60\n", r"churn\.horizn: Extra inputs"),
        ("[bands]\nraised = nan\nstopped = 7\n", r"(?s)bands\.raised: .*finite.*bands\.stopped: "),
        ("port = 99999\n", r"port: .*65535"),
    ],
)
def test_what_could_never_hold_is_a_fault(folder, written, said):
    (folder / "kqml.toml").write_text(written)
    with pytest.raises(BadUse, match=said):
        read_settings()


def test_a_file_that_is_no_text_is_a_fault(folder):
    (folder / "kqml.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadUse, match=r"kqml.toml is not valid TOML"):
        read_settings()


def test_a_table_that_the_environment_garbles_is_a_fault(folder, monkeypatch):
    monkeypatch.setenv("KQML_CHURN", "abc")
    with pytest.raises(BadUse, match=r"The settings cannot be used: .*churn"):
        read_settings()
