"""`kqml catalog`: to be written."""


def run() -> None:
    raise NotImplementedError
