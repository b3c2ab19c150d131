"""`kqml check`: to be written."""


def run() -> None:
    raise NotImplementedError
