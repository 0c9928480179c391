"""The `vocero` command: its own processes and commands beside Django's, with wrong settings said in plain words."""

import argparse
import os
import socket  # noqa: TID251  asks whether a port of this machine is free; nothing leaves it
import subprocess
import sys
from collections.abc import Callable, Sequence

from vocero.config import environment, supervisor
from vocero.config.demo import start
from vocero.config.environment import Environment, WrongSettings
from vocero.config.supervisor import Child, Supervisor

HELP = """Vocero: people share what they are proud of, and the company sees honestly what it brings.

  vocero demo            a believable company to click through
  vocero setup           the first questions of a new installation
  vocero serve           pages, links, ingest and worker on one port
  vocero links           tracked links alone, in a process of their own
  vocero worker          due work alone, on this or another machine
  vocero ingest          take the clicks of this machine's links into the database
  vocero import-people FILE
                         bring in a people list (CSV or XLSX)
  vocero rebuild         make the roll-ups anew from the facts (--since DATE)
  vocero verify          recount from the facts and compare with the roll-ups
  vocero archive         take single clicks beyond their time into monthly files
  vocero export          take single clicks to ClickHouse, or compare (--compare)
  vocero reroute LINK    what was shared is taken down, ended or corrected (--withdrawn, --expired, --to ADDRESS)
  vocero check           what is wrong with this installation, and how to mend it
  vocero backup [FOLDER] copy the whole installation while it runs, without its keys
  vocero restore FOLDER  put a backup into an empty place; nothing leaves it until somebody says so
  vocero prepare         bring the database to this version (serve does it by itself)
  vocero help COMMAND    more about one command; Django's own commands work too

Settings come from the environment: docs/operate/settings.md.
"""

_STARTS = frozenset({"serve", "links", "worker", "ingest", "prepare"})
"""What must not begin on half of a restored copy."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status (2 when the settings are wrong)."""
    words = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    try:
        if not words or words[0] in {"-h", "--help"} or words == ["help"]:
            print(HELP, end="")
            return 0
        if words[0] in _STARTS and (begun := environment.load().data / "restoring").exists():
            print(
                f"A restore was begun here and did not end ({begun}). Empty the database and the data folder, and run"
                " vocero restore again.",
                file=sys.stderr,
            )
            return 1
        if words[0] in {"serve", "links", "demo"}:
            return {"serve": serve, "links": links, "demo": demo}[words[0]](words[1:])
        return django([words[0].replace("-", "_") if words[0] != "help" else "help", *words[1:]])
    except WrongSettings as error:
        print(error, file=sys.stderr)
        return 2


def django(words: list[str]) -> int:
    """Run a management command, Vocero's or Django's."""
    from django.core.management import execute_from_command_line

    if words[0] == "help":
        words = [word.replace("-", "_") for word in words]
    execute_from_command_line(["vocero", *words])
    return 0


def _ports(
    words: list[str], program: str, add: Callable[[argparse.ArgumentParser], object] | None = None
) -> argparse.Namespace:
    """Read `--host` and `--port` and let them stand for the settings, for this process and those that it starts."""
    parser = argparse.ArgumentParser(prog=f"vocero {program}")
    parser.add_argument("--host", help="the address to listen on (VOCERO_HOST)")
    parser.add_argument("--port", type=int, help="the port to listen on (VOCERO_PORT)")
    if add:
        add(parser)
    given = parser.parse_args(words)
    for name, value in (("VOCERO_HOST", given.host), ("VOCERO_PORT", given.port)):
        if value is not None:
            os.environ[name] = str(value)
            os.environ.pop(name + environment.FILE_SUFFIX, None)
    return given


def serve(words: list[str]) -> int:
    """Prepare the database, then keep pages, links, ingest and worker running until told to end."""
    given = _ports(
        words,
        "serve",
        lambda parser: parser.add_argument(
            "--links-port", type=int, help="answer tracked links on this port too, in a process of their own"
        ),
    )
    told = environment.load()
    for port in filter(None, (told.port, given.links_port)):
        if reason := _why_not_free(told.host, port):
            print(f"Vocero cannot listen on {told.host}:{port}: {reason}. Choose another with --port.", file=sys.stderr)
            return 1
    status = subprocess.call(supervisor.command("prepare", "--tell"))
    if status:
        return status
    return _run_tree(told, links_port=given.links_port)


def demo(words: list[str]) -> int:
    """Make a believable company unless it is there already, then serve it; prints one-click sign-in links."""
    os.environ.setdefault("VOCERO_DATA", start.FOLDER)
    os.environ["VOCERO_DEMO"] = "yes"
    given = _ports(
        words,
        "demo",
        lambda parser: parser.add_argument("--fresh", action="store_true", help="start over with a new company"),
    )
    told = environment.load()
    if start.WAITING_PID not in os.environ and (reason := _why_not_free(told.host, told.port)):
        print(
            f"The demo cannot listen on {told.host}:{told.port}: {reason}. Choose another with --port.", file=sys.stderr
        )
        return 1
    try:
        status = start.make_ready(told, fresh=given.fresh) or subprocess.call(supervisor.command("prepare"))
    except start.NotADemo as error:
        print(
            f"{error} holds a real company, which the demo would overwrite. Set VOCERO_DATA to another folder.",
            file=sys.stderr,
        )
        return 1
    if status:
        return status
    lines = start.sign_in_lines(told)
    return _run_tree(told, news="\n".join(["Sign in with one click:", *lines]))


def _run_tree(told: Environment, *, links_port: int | None = None, news: str = "") -> int:
    """Keep the processes running until told to end; `news` is told once they answer."""
    tree = Supervisor(children(told, links_port=links_port), tell=_tell)
    tree.run(when_started=lambda: _say_address(told, news))
    return 0


def children(told: Environment, *, links_port: int | None = None) -> list[Child]:
    """The processes of one installation on one machine."""
    pages = supervisor.granian(
        "wsgi",
        "vocero.config.wsgi:application",
        host=told.host,
        port=told.port,
        workers=told.workers,
        threads=supervisor.PAGE_THREADS,
    )
    tree = [
        Child("pages", pages),
        Child("worker", supervisor.command("worker")),
        Child("ingest", supervisor.command("ingest")),
    ]
    if links_port:
        for others in tree:
            others.gives_way = supervisor.BESIDE_LINKS
        tree.append(Child("links", links_command(told, told.host, links_port)))
    return tree


def links_command(told: Environment, host: str, port: int) -> list[str]:
    """The command of the links process: a raw RSGI application, without Django."""
    target = "vocero.config.links:application"
    return supervisor.granian("rsgi", target, host=host, port=port, workers=1, threads=1)


def links(words: list[str]) -> int:
    """Become the links process."""
    _ports(words, "links")
    told = environment.load()
    if reason := _why_not_free(told.host, told.port):
        print(
            f"Vocero cannot listen on {told.host}:{told.port}: {reason}. Choose another with --port.", file=sys.stderr
        )
        return 1
    command = links_command(told, told.host, told.port)
    return os.execv(command[0], command)  # noqa: S606


def _why_not_free(host: str, port: int) -> str:
    """Why this machine cannot listen there, or nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError as error:
            return (error.strerror or "unknown reason").lower()
    return ""


def _answers(host: str, port: int) -> bool:
    """Whether `/readyz` of this machine answers 200."""
    place = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    try:
        with socket.create_connection((place, port), timeout=2) as door:
            door.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return door.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _say_address(told: Environment, news: str = "") -> bool:
    """Tell the address once the pages answer; gives whether they do."""
    if not _answers(told.host, told.port):
        return False
    _tell("\n".join(filter(None, [f"Vocero answers at {told.base_url}", news])))
    return True


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
