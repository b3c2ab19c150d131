"""`kqml promote`: to be written."""


def run() -> None:
    raise NotImplementedError
