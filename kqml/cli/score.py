"""`kqml score`: to be written."""


def run() -> None:
    raise NotImplementedError
