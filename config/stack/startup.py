"""Bringing a whole Second Look up: servers, variables, schema, pages, processes. In this order."""

import os
from collections.abc import Sequence

from config.stack import plan
from config.stack.home import write_private
from config.stack.run import Command, Run
from config.stack.server import Server, UnableToStart
from config.stack.static import Pages
from config.stack.supervisor import Child

WEB_PORT = 8000


def bring_up(run: Run) -> None:
    """Everything runs and is ready when this returns. Raises UnableToStart, NoPortFree, StopAsked."""
    pages = _begin_pages(run)
    servers = _start_servers(run)
    _write_variables(run)
    for child, server in servers:
        with run.terminal.step(child.title) as step:
            run.wait_for(child)
            server.bootstrap()
            step.note(server.listens_on())
    _prepare_database(run)
    _finish_pages(run, *pages)
    _start_processes(run)


def _start_servers(run: Run) -> "Sequence[tuple[Child, Server]]":
    """Start every server that nobody gave us; their addresses, and the given ones, into variables."""
    started = []
    for row in plan.SERVERS:
        if row.is_given(os.environ):
            run.variables |= row.given(os.environ)
            run.terminal.done(f"{row.title}  given by {row.variable}")
            continue
        server = row.make(run.home)
        with run.terminal.busy(f"Preparing {row.title}"):
            server.prepare()
        run.variables |= server.exports()
        run.open_layer(row.title)
        child = run.start(
            server, title=row.title, start_patience_seconds=row.start_patience_seconds
        )
        started.append((child, server))
    return started


def _write_variables(run: Run) -> None:
    """Every variable the processes need; also a file, for `manage.py` in other terminals."""
    port = run.home.choose_port("web", default=WEB_PORT)
    ours = {
        "SECOND_LOOK_HOME": str(run.home.path),
        "SECRET_KEY": run.home.password("secret_key"),
        "PUBLIC_URL": f"http://localhost:{port}",
    }
    run.variables |= {name: os.environ.get(name) or value for name, value in ours.items()}
    lines = [f"{name}={value}\n" for name, value in sorted(run.variables.items())]
    write_private(run.home.folder() / "stack.env", "".join(lines))


def _prepare_database(run: Run) -> None:
    """Our own servers have prepared themselves but for the tables; given ones lack more than that."""
    given = any(row.is_given(os.environ) for row in plan.SERVERS)
    with run.terminal.step("Database schema"):
        if given:
            run.command("prepare", database="DATABASE_OWNER_URL")
        else:
            run.command("migrate", "--no-input", "--skip-checks", database="DATABASE_OWNER_URL")


def _begin_pages(run: Run) -> "tuple[Pages, Command | None]":
    """Collecting needs no server, so it runs while they start."""
    pages = Pages.of(run.home)
    stale = not pages.collected()
    return pages, run.begin("collectstatic", "--no-input", "--skip-checks") if stale else None


def _finish_pages(run: Run, pages: Pages, command: Command | None) -> None:
    if command:
        with run.terminal.step("Styles, scripts and fonts"):
            run.finish(command)
            pages.remember()


def _start_processes(run: Run) -> None:
    run.home.folder("celery")
    run.open_layer("our processes")
    port = run.home.chosen_port("web")
    processes = plan.processes(variables=run.variables, home=run.home.path, port=port)
    started = [
        (run.start(process, title=process.job.title, ready_words=process.job.ready_words), process)
        for process in processes
    ]
    for child, process in started:
        try:
            with run.terminal.step(child.title) as step:
                run.wait_for(child)
                step.note(process.listens_on())
        except UnableToStart as problem:
            if process.job.essential:
                raise
            run.terminal.warn(f"{problem}\nIt is tried again and again; the rest works.")
