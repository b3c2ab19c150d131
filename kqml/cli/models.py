"""`kqml models`: to be written."""


def run() -> None:
    raise NotImplementedError
