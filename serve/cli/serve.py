"""`kqml serve`: scores over HTTP."""

from typing import Annotated

import typer

from kqml.settings import read_settings
from serve.cli.administration import allowed_networks, personal_data_cipher, security_settings
from serve.cli.playbook_option import read_playbook_in_force


def run(
    model: Annotated[
        str | None, typer.Option(help="Serve this version, whatever its grade, and do not follow the champion.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Else KQML_PORT, else 8000; 0 takes a free one.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Else KQML_HOST, else 127.0.0.1: this machine only.")] = None,
    open_: Annotated[
        bool,
        typer.Option("--open", help="Let everybody on this machine in while the database knows no key and no user."),
    ] = False,
    max_body_mib: Annotated[int, typer.Option(min=1, max=1024, help="Larger request bodies are refused.")] = 32,
) -> None:
    """Answer `POST /v1/scores` with churn scores of the histories in the body.

    Follows the registry's champion without a restart. Without a champion it answers 503 until one is promoted. Who may
    ask is known by API keys (`kqml keys create`) and users (`kqml users create`); without any it does not start.

    Example: kqml serve --port 8000 --workers 2
    """
    from contextlib import nullcontext

    from serve.database.preparation import open_prepared
    from serve.logs import build_logger
    from serve.security.startup_checks import check_start
    from serve.usecases.model_registry import registry_client
    from serve.usecases.publish_model import published_pointer
    from serve.watcher import watch_registry
    from serve.workers import ServeOptions, serve

    settings = read_settings()
    registry = registry_client(settings)
    served = settings.served.absolute()
    rules = read_playbook_in_force(None, settings)
    security = security_settings(settings, open_)
    database = open_prepared(settings.database_address, settings.time_zone)
    if check_start(database, security, host or settings.host):
        build_logger().warning("open", why="no key and no user: everybody on this machine may do everything")
    database.close()
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
        sealer=personal_data_cipher(settings),
        reach=allowed_networks(settings),
        playbook=rules,
    )
    with watch_registry(registry, served) if model is None else nullcontext():
        serve(options)
