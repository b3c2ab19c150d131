"""`kqml serve`: run the HTTP service."""

from typing import Annotated

import typer

from kqml.settings import read_settings
from serve.cli.administration import allowed_networks, personal_data_cipher, security_settings
from serve.cli.playbook_option import read_playbook_in_force


def run(
    model: Annotated[
        str | None, typer.Option(help="Serve this version, whatever its grade, instead of the champion.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Number of server processes.")] = 1,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; 0 selects a free one. Default: KQML_PORT, else 8000."),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. Default: KQML_HOST, else 127.0.0.1 (this machine only).")
    ] = None,
    open_: Annotated[
        bool,
        typer.Option(
            "--open", help="Allow access without login on this machine while the database has no keys and no users."
        ),
    ] = False,
    max_body_mib: Annotated[int, typer.Option(min=1, max=1024, help="Maximum size of a request body in MiB.")] = 32,
) -> None:
    """Serve the HTTP API.

    The service follows the champion of the registry without a restart. Without a champion, scores return 503 until one
    is promoted. Callers need an API key (`kqml keys create`) or a login (`kqml users create`); the service does not
    start before one exists.

    Example: kqml serve --port 8000 --workers 2
    """
    from contextlib import nullcontext

    from serve.logs import build_logger
    from serve.security.startup_checks import check_start
    from serve.usecases.database_access import prepared_database
    from serve.usecases.model_registry import registry_client
    from serve.usecases.publish_model import published_pointer
    from serve.watcher import watch_registry
    from serve.workers import ServeOptions, serve

    settings = read_settings()
    registry = registry_client(settings)
    served = settings.served.absolute()
    rules = read_playbook_in_force(None, settings)
    security = security_settings(settings, open_)
    with prepared_database(settings.database_address, settings.time_zone) as database:
        if check_start(database, security, host or settings.host):
            build_logger().warning("open", why="no key and no user: everybody on this machine may do everything")
    pointer = published_pointer(registry, served, model)
    options = ServeOptions(
        pointer=pointer,
        database=settings.database_address,
        host=host or settings.host,
        port=settings.port if port is None else port,
        workers=workers,
        language=settings.language,
        body_limit=max_body_mib * 2**20,
        security=security,
        cipher=personal_data_cipher(settings),
        reach=allowed_networks(settings),
        playbook=rules,
    )
    with watch_registry(registry, served) if model is None else nullcontext():
        serve(options)
