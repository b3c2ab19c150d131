"""`kqml label-audit`: to be written."""


def run() -> None:
    raise NotImplementedError
