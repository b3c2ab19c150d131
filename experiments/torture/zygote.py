"""A process that has loaded the service and becomes one whenever it is told to: a start costs milliseconds.

Reads lines `PORT` from standard input; for each it forks a service on that port, then prints its process id.
"""

import os
import signal
import sys
from pathlib import Path

import uvicorn

from kqml.calendar.business_time import DAY_US
from serve.security.encryption import make_secret_key, read_cipher
from serve.security.sessions import SessionLimits
from serve.security.startup_checks import SecurityOptions
from serve.workers import ServeOptions, build_app


def main() -> None:
    """The database's address and the home are the arguments."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    database, home = sys.argv[1], Path(sys.argv[2])
    secret = make_secret_key()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _serve(_options(database, home, int(line), secret))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _options(database: str, home: Path, port: int, secret: str) -> ServeOptions:
    return ServeOptions(
        pointer=home / "served" / "current.json",
        database=database,
        host="127.0.0.1",
        port=port,
        workers=1,
        language="en",
        body_limit=8 << 20,
        security=SecurityOptions(open=True, tls=False, limits=SessionLimits(DAY_US, DAY_US)),
        cipher=read_cipher(secret),
    )


def _serve(options: ServeOptions) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(2, 1)
    uvicorn.run(build_app(options), host=options.host, port=options.port, log_level="critical", lifespan="on")
    os._exit(0)


if __name__ == "__main__":
    main()
