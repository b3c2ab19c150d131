"""`kqml keys secret`: a key for the setting that seals personal data."""

from serve.cli.administration import Json
from serve.cli.output import emit


def run(as_json: Json = False) -> None:
    """Prints a random key for KQML_SECRET_KEYS; it is kept nowhere.

    Example: kqml keys secret
    """
    from serve.security.encryption import make_secret_key

    fresh = make_secret_key()
    emit({"secret_key": fresh}, as_json, lambda console: console.print(fresh, markup=False, highlight=False))
