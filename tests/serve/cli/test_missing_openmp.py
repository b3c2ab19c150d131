"""A machine without the OpenMP runtime: LightGBM cannot be loaded, and the error says how to install it."""

import pytest

from serve.cli import app


def test_the_error_names_the_package_to_install(monkeypatch, capsys):
    def build(packages):
        def run():
            raise OSError("libgomp.so.1: cannot open shared object file: No such file or directory")

        return run

    monkeypatch.setattr(app, "build_app", build)
    monkeypatch.setattr("sys.argv", ["kqml", "train"])
    with pytest.raises(SystemExit) as left:
        app.run_app({})
    assert left.value.code == 3
    assert "apt-get install libgomp1" in capsys.readouterr().err
