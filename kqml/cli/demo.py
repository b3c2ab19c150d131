"""`kqml demo`: to be written."""


def run() -> None:
    raise NotImplementedError
