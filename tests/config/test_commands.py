"""The commands of an operator do what their pages do, ask first, and say how to mend what is wrong."""

import io
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from tests import cast
from tests.measurement import facts
from tests.running import free_port, installation
from tests.sharing.library import make_post
from vocero.company.models import Installation, Schedule
from vocero.config import diagnosis, schedule
from vocero.config.addresses import MailServer
from vocero.config.diagnosis import FINE, NOTE, WRONG, Finding
from vocero.config.environment import Environment
from vocero.lib import clock
from vocero.measurement.models import ShareStat
from vocero.people.models import Member
from vocero.tracking.models import ClickStat, ClickWeek, SegmentCursor

ANSWERS = {"company_name": "Aurora Mills", "owner_name": "Olga Nowak", "owner_email": "Olga@aurora.example"}
LIST = "Nome;E-mail aziendale;Squadra\nBruno Bianchi;bruno@aurora.example;Vendite\nNessuno;senza posta;Vendite\n"


@pytest.fixture
def told(settings: Any, tmp_path: Path) -> Environment:
    """The environment of the tests, to be changed with `replace`."""
    told: Environment = settings.ENVIRONMENT
    return told


def run(*words: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets standard input hold a text."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.mark.django_db
def test_setup_makes_the_company_and_an_owner_who_can_sign_in(typed: Callable[[str], None]) -> None:
    typed("a long enough password\n")
    said = run("setup", password_stdin=True, time_zone="Europe/Madrid", **ANSWERS)
    assert "Aurora Mills is set up. Sign in as olga@aurora.example: http://testserver/sign-in" in said
    house = Installation.objects.get()
    assert (house.name, house.time_zone, house.currency) == ("Aurora Mills", "Europe/Madrid", "EUR")
    owner = Member.objects.get()
    assert owner.role == Member.Role.OWNER
    assert owner.check_password("a long enough password")


@pytest.mark.django_db
def test_setup_refuses_what_is_missing_or_wrong_and_writes_nothing(typed: Callable[[str], None]) -> None:
    typed("a long enough password\n")
    with pytest.raises(CommandError, match="Please give --owner-name"):
        run("setup", password_stdin=True, company_name="Aurora Mills")
    typed("a long enough password\n")
    with pytest.raises(CommandError, match="time_zone"):
        run("setup", password_stdin=True, time_zone="Madrid", **ANSWERS)
    with pytest.raises(CommandError, match="give a password"):
        run("setup", **ANSWERS)
    assert not Installation.objects.exists()
    assert not Member.objects.exists()


def test_setup_happens_once(house: cast.House) -> None:
    with pytest.raises(CommandError, match="set up already"):
        run("setup", **ANSWERS)


@pytest.mark.django_db
def test_where_to_begin_is_told_until_there_is_a_company() -> None:
    said = run("prepare", tell=True)
    assert "Set it up in your browser:\n  http://testserver/setup/" in said
    assert run("prepare") == ""
    cast.make_house()
    assert run("prepare", tell=True) == ""


def test_a_people_list_is_shown_first_and_written_after_yes(house: cast.House, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(LIST.encode("cp1252"))
    with pytest.raises(CommandError, match="Add --yes"):
        run("import_people", str(file))
    assert not Member.objects.exists()
    said = run("import_people", str(file), yes=True)
    assert "line 3: “senza posta” is not an e-mail address." in said
    assert "1 people are new, 0 were changed, 0 were the same, 1 lines were left out." in said
    assert Member.objects.get().team.name == "Vendite"  # type: ignore[union-attr]
    assert "0 people are new, 0 were changed, 1 were the same" in run("import_people", str(file), yes=True)


def test_a_people_list_that_is_none_is_refused(house: cast.House, tmp_path: Path) -> None:
    (tmp_path / "picture.xlsx").write_bytes(os.urandom(2000))
    with pytest.raises(CommandError):
        run("import_people", str(tmp_path / "picture.xlsx"), yes=True)
    with pytest.raises(CommandError, match=r"cannot be read: No such file or directory"):
        run("import_people", str(tmp_path / "absent.csv"), yes=True)
    (tmp_path / "people.csv").write_text(LIST)
    with pytest.raises(CommandError, match="--column email=x is not understood"):
        run("import_people", str(tmp_path / "people.csv"), "--column", "email=x", yes=True)


def test_rebuild_needs_a_company_and_a_day_with_facts(house: cast.House) -> None:
    assert "were made anew" in run("rebuild")
    with pytest.raises(CommandError, match="The facts are complete from 2026-11-16 on"):
        run("rebuild", "--since", "2026-01-01")
    Installation.objects.all().delete()
    with pytest.raises(CommandError, match="vocero setup"):
        run("rebuild")


def test_verify_recounts_from_facts_and_names_what_differs(people: cast.People, house: cast.House) -> None:
    today = clock.now().date()
    share = facts.share_on(people.ana, make_post(house), today - timedelta(days=1))
    facts.click_on(share, today - timedelta(days=1), [1, 2, 2])
    facts.convert_on(house, today - timedelta(days=1), share)
    run("rebuild")
    before = ShareStat.objects.count()
    assert before
    assert "The roll-ups are what the facts say." in run("verify")
    row = ShareStat.objects.order_by("pk").first()
    assert row is not None
    ShareStat.objects.filter(pk=row.pk).delete()
    ClickStat.objects.update(valid=7)
    out = io.StringIO()
    with pytest.raises(CommandError, match="Make them anew: vocero rebuild"):
        call_command("verify", stdout=out)
    assert "WRONG  share stats: 1 rows should be there, 0 should not" in out.getvalue()
    assert "WRONG  click stats" in out.getvalue()
    assert ShareStat.objects.count() == before - 1, "verify changes nothing"
    run("rebuild")
    assert "The roll-ups are what the facts say." in run("verify")
    ClickWeek.objects.update(unique=9)
    out = io.StringIO()
    with pytest.raises(CommandError, match="Make them anew: vocero rebuild"):
        call_command("verify", stdout=out)
    assert "WRONG  click weeks" in out.getvalue()
    assert "ok     click stats" in out.getvalue()


def about(found: list[Finding], what: str) -> Finding:
    return next(finding for finding in found if finding.about == what and finding.level != FINE)


@pytest.mark.django_db
def test_check_finds_nothing_wrong_in_a_fresh_installation(told: Environment) -> None:
    found = list(
        diagnosis.findings(
            replace(told, base_url="http://localhost:8000", links_url="http://localhost:8000"), at=clock.now()
        )
    )
    assert not [finding for finding in found if finding.level == WRONG]
    assert {finding.about for finding in found} >= {
        "secrets",
        "disk",
        "database",
        "clock",
        "storage",
        "mail",
        "address",
        "worker",
    }
    notes = " ".join(finding.text for finding in found if finding.level == NOTE)
    for missing in ("share sheet", "this machine only", "No mail is sent", "No worker"):
        assert missing in notes


@pytest.mark.django_db
def test_check_finds_secrets_that_others_can_read(told: Environment, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("x")
    (tmp_path / "keys").chmod(0o644)
    found = about(list(diagnosis.check_data(replace(told, data=tmp_path))), "secrets")
    assert found.level == WRONG
    assert found.mend == f"chmod 600 {tmp_path}/keys"


@pytest.mark.django_db
def test_check_finds_a_storage_that_cannot_be_written(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "file" / "below")},
        }
    }
    assert about(list(diagnosis.check_storage()), "storage").mend == "Let Vocero write to VOCERO_STORAGE."


def mailing(settings: Any, told: Environment, server: MailServer) -> Environment:
    settings.MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": server.as_django()}
    }
    return replace(told, mail_server=server)


def test_check_asks_the_mail_server_to_let_it_in(settings: Any, told: Environment) -> None:
    port = free_port()
    server = MailServer("127.0.0.1", port)
    refused = list(diagnosis.check_mail(mailing(settings, told, server)))
    assert "does not let us in (ConnectionRefusedError)" in about(refused, "mail").text
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        assert [finding.level for finding in diagnosis.check_mail(mailing(settings, told, server))] == [FINE]
        wrong = MailServer("127.0.0.1", port, user="me", password="hunter2")
        said = about(list(diagnosis.check_mail(mailing(settings, told, wrong))), "mail")
        assert "does not let us in" in said.text
        assert "hunter2" not in said.text
    finally:
        controller.stop()


def test_check_compares_the_address_with_the_one_of_the_company(house: cast.House, told: Environment) -> None:
    found = list(diagnosis.check_address(replace(told, base_url="https://localhost", links_url="https://localhost")))
    assert found[0].level == WRONG
    assert "The company's address is http://testserver, the setting says https://localhost." in found[0].text
    assert "VOCERO_TRUSTED_PROXIES" in " ".join(finding.mend for finding in found)


@pytest.mark.django_db
def test_check_opens_the_address_as_others_do(settings: Any, told: Environment, tmp_path: Path) -> None:
    with installation(tmp_path / "data") as running:
        place = running.url.removeprefix("http://")
        settings.VOCERO_ALLOW_PRIVATE_HOSTS = (place,)
        assert diagnosis._reach(running.url) == Finding(FINE, "address", f"{running.url} leads here.")
        assert diagnosis._reach(f"{running.url}/l").level == WRONG
    assert "cannot be reached from here" in diagnosis._reach(running.url).text
    assert "inside your own network" in diagnosis._reach(f"http://127.0.0.1:{free_port()}").text


@pytest.mark.django_db
def test_check_sees_whether_due_work_is_done(told: Environment) -> None:
    at = clock.now()
    schedule.beat(at - timedelta(minutes=10), "north")
    assert "No worker has been at work since" in about(list(diagnosis.check_work(told, at)), "worker").text
    schedule.beat(at, "north")
    assert [finding.level for finding in diagnosis.check_work(told, at)] == [FINE]
    Schedule.objects.create(name="content.fetch_due_sources", next_run_at=at, last_error="LookupError")
    assert (
        "content.fetch_due_sources failed last time (LookupError)."
        in about(list(diagnosis.check_work(told, at)), "worker").text
    )


@pytest.mark.django_db
def test_check_tells_of_clicks_that_no_disk_took(told: Environment) -> None:
    at = clock.now()
    schedule.beat(at, "north")
    lost = SegmentCursor.objects.create(node="n1", segment="n1.a.b.clicks", offset=64, lost=7, moved_at=at)
    assert "7 clicks could not be stored" in about(list(diagnosis.check_work(told, at)), "clicks").text
    SegmentCursor.objects.filter(pk=lost.pk).update(moved_at=at - timedelta(days=8))
    assert [finding.level for finding in diagnosis.check_work(told, at)] == [FINE]


@pytest.mark.django_db
def test_the_command_prints_every_line_and_ends_with_1_when_something_is_wrong(settings: Any) -> None:
    said = run("check")
    assert "  ok     settings: Every setting is known and can be used." in said
    assert "Nothing is wrong." in said
    settings.DEBUG = True
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check", stdout=out)
    assert ended.value.code == 1
    assert "  WRONG  settings: VOCERO_DEBUG is on" in out.getvalue()
    assert "System check identified no issues" in run("check", code=True)


def test_the_command_names_a_database_that_does_not_answer(tmp_path: Path) -> None:
    url = f"postgresql://vocero:hunter2@127.0.0.1:{free_port()}/vocero"
    with installation(tmp_path / "data", start=False, DATABASE_URL=url) as lost:
        said = lost.run("check")
    assert said.returncode == 1
    assert "  WRONG  database: It does not answer (OperationalError)." in said.stdout, said.stderr
    assert "hunter2" not in said.stdout + said.stderr


def test_help_lists_our_own_commands_first(tmp_path: Path) -> None:
    with installation(tmp_path / "data", start=False) as house:
        for words in ((), ("help",), ("--help",)):
            said = house.run(*words)
            assert said.returncode == 0
            assert said.stdout.startswith("Vocero: people share")
        assert "--column FIELD=NUMBER" in house.run("help", "import-people").stdout


def test_the_tests_use_the_settings_of_no_developer() -> None:
    assert str(settings.ENVIRONMENT.data).startswith("/tmp/") or "vocero-test" in str(settings.ENVIRONMENT.data)
    assert connection.settings_dict["NAME"] != "data/vocero.sqlite3"
