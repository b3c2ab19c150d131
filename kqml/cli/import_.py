"""`kqml import-`: to be written."""


def run() -> None:
    raise NotImplementedError
