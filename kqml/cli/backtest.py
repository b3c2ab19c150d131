"""`kqml backtest`: to be written."""


def run() -> None:
    raise NotImplementedError
