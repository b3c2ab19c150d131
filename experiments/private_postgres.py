"""A PostgreSQL server of one's own, in a folder of its own, for tests and benchmarks."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from tempfile import mkdtemp

from kqml.errors import CouldNot, Fault

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
"""Where Debian keeps the newest server's programs; empty where there is none."""


class PostgresServer:
    """A running server on a free port of this machine, until `remove`. `settings`: its configuration, `name=value`."""

    def __init__(self, *settings: str) -> None:
        if not PROGRAMS:
            raise CouldNot("There is no PostgreSQL.", [Fault("/usr/lib/postgresql", "is absent", "install postgresql")])
        self._programs = PROGRAMS[0]
        self.folder = Path(mkdtemp(prefix="kqml-postgres-"))
        self.port = free_port()
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-D", f"{self.folder}/data", "-U", "kqml", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self._options = " ".join(
            f"-c {setting}" for setting in (f"port={self.port}", "unix_socket_directories=''", *settings)
        )
        self.start()

    def start(self) -> None:
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-o", self._options, "-l", f"{self.folder}/log", "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is what a loss of power looks like."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", mode, "-w", "stop")

    def kill(self) -> None:
        """`kill -9` of the server with all its processes, as when the machine loses them."""
        lock = self.folder / "data" / "postmaster.pid"
        first = int(lock.read_text().split()[0])
        every = (first, *_children(first))
        for process in every:
            _kill(process)
        while not all(map(_is_gone, every)):
            time.sleep(0.001)
        lock.unlink(missing_ok=True)  # a dead process that nobody has asked about yet looks alive to PostgreSQL

    def remove(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, database: str) -> str:
        return f"postgresql://kqml@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *words: str) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        command = [*as_user, str(self._programs / program), *words]
        ended = subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if ended.returncode:
            log = self.folder / "log"
            result = log.read_text().splitlines()[-3:] if log.exists() else []
            raise CouldNot("PostgreSQL failed.", [Fault(program, ended.stderr.decode().strip(), " / ".join(result))])


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task/{process}/children")
    return [int(word) for word in tasks.read_text().split()]


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def _is_gone(process: int) -> bool:
    """Dead, whether or not its parent knows."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
