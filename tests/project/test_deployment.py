"""The pages for whoever runs the service: every command and flag exists, every file shown is one."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import typer
from access_samples import RULES
from documented_keys import documented_keys

from kqml.__main__ import PACKAGES, create_app

ROOT = Path(__file__).parents[2]
COMMANDS = [name for names in PACKAGES.values() for name in names]
PAGES = ("deployment.md", "operations.md", "integration.md")
PAGES_OF_METRICS = ("operations.md", "api.md")
UNITS = sorted((ROOT / "deploy").glob("*.service")) + sorted((ROOT / "deploy").glob("*.timer"))


BLOCK = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"(?:^|[ /])kqml ([a-z][^#'`]*)")
CONTINUED = re.compile(r"\\\n\s*")
OF_OTHERS = ("[", "systemctl ", "journalctl ")


def commands_of(text: str) -> list[str]:
    """What stands behind `kqml ` in code, up to the end of the line (where it does not go on), a comment, a quote."""
    text = CONTINUED.sub(" ", text)
    code = BLOCK.findall(text) + re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))
    lines = [line for part in code for line in part.splitlines() if not line.startswith(OF_OTHERS)]
    return [match[1].strip() for line in lines if (match := COMMAND.search(line))]


SAID = sorted(
    {words for page in PAGES for words in commands_of((ROOT / "docs" / page).read_text(encoding="utf-8"))}
    | {
        words.replace("$(date +%%F)", "today")
        for unit in UNITS
        for line in unit.read_text().splitlines()
        if line.startswith("ExecStart=") and "bin/kqml " in line
        for words in [line.partition("bin/kqml ")[2].rstrip("'")]
    }
)


@pytest.fixture(scope="module")
def program() -> click.Group:
    found = typer.main.get_command(create_app())
    assert isinstance(found, click.Group) or hasattr(found, "commands")
    return found


@pytest.mark.parametrize("said", SAID)
def test_every_command_and_flag_shown_exists(program, said):
    words = shlex.split(said)
    name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
    assert name in COMMANDS, f"kqml {said}"
    command = program
    for word in name.split():
        command = command.commands[word]
    known = {flag for parameter in command.params for flag in parameter.opts + parameter.secondary_opts}
    assert [word for word in words if word.startswith("--") and word not in known] == []


def test_commands_were_found():
    assert len(SAID) > 25
    assert "serve --workers 2" in SAID


def scope_of(call: str) -> str:
    """The scope of a call as a page writes it, such as `GET /v1/accounts/{id}`."""
    wanted = re.sub(r"\{[^}]*\}", "{}", call.partition("?")[0])
    return next(str(scope) for name, scope in RULES.items() if re.sub(r"\{[^}]*\}", "{}", name) == wanted)


def test_the_documented_key_of_a_crm_suffices_for_the_calls_of_its_page():
    page = (ROOT / "docs" / "integration.md").read_text(encoding="utf-8")
    calls = set(re.findall(r"(?:GET|POST|PUT|DELETE) /v1[^\s`,|]*", page))
    assert len(calls) > 6
    keys = documented_keys("integration.md")
    assert {call: scope_of(call) for call in calls if scope_of(call) not in keys["crm"]} == {}
    assert documented_keys("deployment.md")["crm"] == keys["crm"]


def test_the_documented_key_of_prometheus_reads_the_metrics():
    assert documented_keys("deployment.md")["prometheus"] == {str(RULES["GET /metrics"])}


def verified(unit: Path) -> "subprocess.CompletedProcess[str]":
    words = ["systemd-analyze", "verify", "--man=no", str(unit)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_are_valid(unit, tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is absent")
    for file in UNITS:
        (tmp_path / file.name).write_text(re.sub(r"/opt/kqml/\.venv/bin/\w+", "/bin/true", file.read_text()))
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in ended.stderr.splitlines() if str(tmp_path) in line] == []
    assert ended.returncode == 0, ended.stderr


def test_a_unit_with_a_misspelt_setting_would_be_noticed(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is absent")
    unit = tmp_path / "kqml.service"
    unit.write_text("[Service]\nExecStart=/bin/true\nReadWritePath=/srv/kqml\n")
    assert "ReadWritePath" in verified(unit).stderr


def test_the_pages_name_every_file():
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    for file in (ROOT / "deploy").iterdir():
        assert f"deploy/{file.name}" in page


def test_the_proxy_fits_the_service():
    proxy = (ROOT / "deploy" / "nginx.conf").read_text()
    serve = typer.main.get_command(create_app()).commands["serve"]
    (limit,) = [parameter.default for parameter in serve.params if "--max-body-mib" in parameter.opts]
    assert f"client_max_body_size {limit}m;" in proxy
    assert "server 127.0.0.1:8000;" in proxy
    assert proxy.count("{") == proxy.count("}")


@pytest.mark.slow
def test_mlflow_knows_the_flags():
    shown = subprocess.run(
        [sys.executable, "-m", "mlflow", "server", "--help"], capture_output=True, text=True, check=True
    ).stdout
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith("mlflow server ")]
    assert [word for word in shlex.split(line) if word.startswith("--") and f"{word} " not in shown] == []
    unit = (ROOT / "deploy" / "kqml-mlflow.service").read_text()
    assert line.replace("postgresql+psycopg://mlflow@127.0.0.1/mlflow", "${BACKEND}") in unit


def test_the_metrics_told_are_those_of_the_api():
    named = {
        page: set(re.findall(r"kqml_\w+", (ROOT / "docs" / page).read_text())) for page in ("operations.md", "api.md")
    }
    assert named["operations.md"] == {name for name in named["api.md"] if name != "kqml_session"}
