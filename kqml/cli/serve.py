"""`kqml serve`: to be written."""


def run() -> None:
    raise NotImplementedError
