"""`kqml features`: to be written."""


def run() -> None:
    raise NotImplementedError
