"""`kqml train`: to be written."""


def run() -> None:
    raise NotImplementedError
