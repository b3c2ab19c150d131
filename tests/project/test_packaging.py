"""The project as an installed thing: its names, its locks, its two commands."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"kqml", "features", "models", "serve", "experiments"}


def top_level_names(distribution) -> set[str]:
    files = distribution.files or []
    return {file.parts[0].removesuffix(".py") for file in files if file.suffix == ".py" and file.parts[0] != ".."}


def test_no_other_distribution_ships_a_package_with_one_of_our_names():
    clashes = {
        distribution.metadata["Name"]: top_level_names(distribution) & OURS
        for distribution in distributions()
        if distribution.metadata["Name"] != "kqml" and top_level_names(distribution) & OURS
    }
    assert clashes == {}


@pytest.mark.parametrize(("name", "packages"), [("core", 100), ("dev", 150), ("clients", 20)])
def test_a_lock_pins_every_package_with_hashes_and_holds_no_address(name, packages):
    lock = (ROOT / "requirements" / f"{name}.txt").read_text()
    pins = re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,]+\])?==\S+", lock, flags=re.MULTILINE)
    assert len(pins) > packages
    assert lock.count("--hash=sha256:") >= len(pins)
    assert "://" not in lock


def test_the_lock_of_the_typescript_generator_pins_every_package_and_holds_no_address():
    text = (ROOT / "requirements" / "typescript" / "package-lock.json").read_text()
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert len(packages) > 20
    assert [name for name, entry in packages.items() if "integrity" not in entry or "resolved" in entry] == []
    assert "://" not in text


def test_the_dev_lock_agrees_with_the_core_lock():
    def pins(name: str) -> set[tuple[str, str]]:
        lines = (ROOT / "requirements" / f"{name}.txt").read_text()
        return set(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([\w.!+]+)", lines, flags=re.MULTILINE))

    assert pins("core") - pins("dev") == set()


def test_every_dependency_has_a_lower_bound():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    named = [*project["dependencies"], *extras]
    assert [name for name in named if ">=" not in name and not name.startswith("kqml[")] == []


def test_the_readme_begins_with_the_two_commands():
    commands = [line.split("#")[0].strip() for line in (ROOT / "README.md").read_text().splitlines()]
    assert [line for line in commands if line.startswith("make ")][:2] == ["make demo", "make test"]


def test_importing_a_package_reads_no_settings_and_loads_no_giant():
    code = (
        "import sys, kqml.settings, features.catalog, models.churn.scoring, serve.server;"
        "print([name for name in ('mlflow', 'polars', 'econml', 'optuna') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.strip() == "[]"


CONTRACT_BREAKERS = {
    "features/planted.py": "import models.churn.churn_model",
    "kqml/planted.py": "import features.rows",
    "models/planted.py": "import fastapi",
    "serve/planted.py": "import mlflow",
    "experiments/planted.py": "import numba",
}


@pytest.mark.slow
@pytest.mark.parametrize("file", CONTRACT_BREAKERS)
def test_a_broken_import_contract_fails_the_check(file, tmp_path):
    for package in OURS:
        for source in (ROOT / package).rglob("*.py"):
            target = tmp_path / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text())
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (tmp_path / file).write_text(CONTRACT_BREAKERS[file] + "\n")
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def installs_of_locks() -> list[str]:
    files = [ROOT / "Makefile", ROOT / "Containerfile", ROOT / ".ci" / "run", *(ROOT / "docs").glob("*.md")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if "install" in line and ("requirements/" in line or "--require-hashes" in line)]


def test_every_install_of_a_lock_checks_hashes_and_resolves_nothing():
    """Without `--no-deps` an older pip refuses the lock as soon as a package has a newer release."""
    lines = [
        line for line in installs_of_locks() if "$(LOCKED)" not in line and "requirements/dev.txt pyproject" not in line
    ]
    assert lines
    assert [line for line in lines if "--require-hashes" not in line or "--no-deps" not in line] == []


def make_dry_run(*words: str) -> str:
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "--no-print-directory", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return done.stdout


def test_installing_from_a_bundle_asks_no_index():
    from_bundle = make_dry_run("install", "BUNDLE=wheels")
    assert f"--no-index --find-links {ROOT / 'wheels'} -r requirements/dev.txt" in from_bundle
    assert "--find-links" not in make_dry_run("install")


def test_locks_take_releases_that_are_a_week_old():
    assert re.search(r"--exclude-newer \d{4}-\d{2}-\d{2} -o requirements/core.txt", make_dry_run("lock"))


def imported_names() -> set[str]:
    """The first names of all imports of the packages and the tests."""
    sources = [path for folder in (*OURS, "tests") for path in (ROOT / folder).rglob("*.py")]
    pattern = re.compile(r"^\s*(?:from|import) (\w+)", re.MULTILINE)
    return {name for path in sources for name in pattern.findall(path.read_text(encoding="utf-8"))}


TOOLS = {"uvicorn", "psycopg", "python-multipart"}
"""Loaded by name: the server, the driver of PostgreSQL, the parser of forms."""
DEV_TOOLS = {"pytest-xdist", "pytest-cov", "pytest-randomly", "ruff", "mypy", "import-linter", "pandas-stubs"}
DEV_TOOLS |= {"scipy-stubs", "hatchling", "editables", "httpx2", "kqml"}
IMPORTED_AS = {"scikit-learn": "sklearn", "argon2-cffi": "argon2", "chinesecalendar": "chinese_calendar"}


def test_every_dependency_is_imported():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    names = {re.split(r"[^\w-]", name)[0] for name in [*project["dependencies"], *extras]} - TOOLS - DEV_TOOLS
    assert {name for name in names if IMPORTED_AS.get(name, name.replace("-", "_")) not in imported_names()} == set()
