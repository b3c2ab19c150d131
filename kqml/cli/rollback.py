"""`kqml rollback`: to be written."""


def run() -> None:
    raise NotImplementedError
