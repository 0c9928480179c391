"""What a visitor of a link is told, and what is written down about them."""

import io
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from tests.cast import House, People
from tests.tracking.clicking import CHROME, IPHONE, LINKEDIN, Door, hand_off
from vocero.company.models import ApiKey, AuditEntry, Installation
from vocero.sharing.models import Link
from vocero.tracking import segment
from vocero.tracking.click_token import click_key, read_token
from vocero.tracking.links.core import Answer
from vocero.tracking.links.table import LinkRow
from vocero.tracking.segment import ClickRecord
from vocero.tracking.services import make_salts, remember_visitor
from vocero.tracking.visitors import visitor_key

pytestmark = pytest.mark.django_db(transaction=True)

type OpenDoor = Callable[..., Door]


def location(answer: Answer) -> str:
    return dict(answer.headers)["location"]


def written(answer: Answer) -> ClickRecord:
    assert answer.record is not None
    found = segment.decode(answer.record, 0)
    assert found is not None
    return found[0]


def test_a_link_leads_to_its_post_with_utm_values_and_is_never_cached(link: Link, open_door: OpenDoor) -> None:
    answer = open_door().ask(f"/l/{link.token}")
    assert answer.status == 302
    assert location(answer) == (
        f"https://aurora.example/sun?utm_source=linkedin&utm_medium=employee-advocacy&utm_content={link.post.public_id}"
    )
    assert ("cache-control", "no-store") in answer.headers


def test_what_is_written_down_names_nobody(link: Link, open_door: OpenDoor, house: House) -> None:
    make_salts(house.installation, at=timezone.now())
    record = written(
        open_door().ask(
            f"/l/{link.token}",
            peer="89.64.1.1",
            referer="https://www.linkedin.com/in/ana-lopez?secret=1",
            user_agent=IPHONE,
        )
    )
    assert (record.link_id, record.country, record.referrer) == (link.pk, b"PL", b"https://www.linkedin.com")
    assert record.agent == IPHONE.encode()
    assert b"89.64" not in segment.encode(record)
    assert abs(record.at - timezone.now()) < timedelta(minutes=1)
    assert segment.moment_of_id(record.click_id) == record.at


def test_the_visitor_key_is_the_one_that_a_signed_in_page_leaves(
    link: Link, open_door: OpenDoor, people: People, house: House
) -> None:
    make_salts(house.installation, at=timezone.now())
    assert remember_visitor(house.installation, people.ana, address="203.0.113.7", agent=CHROME, at=timezone.now())
    record = written(open_door().ask(f"/l/{link.token}"))
    visit = people.ana.own_visits.get()
    assert (bytes(visit.visitor), visit.day_on) == (record.visitor, record.day_on)


def test_a_visitor_is_the_same_in_the_morning_and_another_the_next_day() -> None:
    salts = [bytes(32), b"1" * 32]
    keys = [visitor_key(salt, "203.0.113.7", CHROME) for salt in (salts[0], salts[0], salts[1])]
    assert keys[0] == keys[1] != keys[2]
    assert visitor_key(salts[0], "203.0.113.8", CHROME) != keys[0]
    assert visitor_key(salts[0], "203.0.113.7", IPHONE) != keys[0]
    assert visitor_key(salts[0], "::ffff:203.0.113.7", CHROME) == keys[0]
    home = [visitor_key(salts[0], f"2001:db8:1:2:{end}", CHROME) for end in (":1", "aaaa::7")]
    assert home[0] == home[1] != visitor_key(salts[0], "2001:db8:1:3::1", CHROME)


def test_head_is_answered_alike_and_written_down_as_head(link: Link, open_door: OpenDoor) -> None:
    door = open_door()
    answer = door.ask(f"/l/{link.token}", method="HEAD")
    assert (answer.status, location(answer)) == (302, location(door.ask(f"/l/{link.token}")))
    assert written(answer).flags == segment.HEAD_METHOD


@pytest.mark.parametrize("name", ["sec_purpose", "purpose", "x_moz"])
def test_a_page_fetched_ahead_is_written_down_as_prefetch(link: Link, open_door: OpenDoor, name: str) -> None:
    record = written(open_door().ask(f"/l/{link.token}", **{name: "prefetch;prerender"}))
    assert record.flags == segment.PREFETCH


def test_a_networks_preview_gets_title_description_and_picture(link: Link, open_door: OpenDoor) -> None:
    post = link.post
    post.title, post.remote_image_url = 'Sun & "gas" <3', "https://aurora.example/sun.jpg"
    post.save()
    answer = open_door().ask(f"/l/{link.token}", user_agent=LINKEDIN)
    assert answer.status == 200
    assert '<meta property="og:title" content="Sun &amp; &quot;gas&quot; &lt;3">' in answer.body
    assert '<meta property="og:description" content="How we replaced gas with 3,000 panels.">' in answer.body
    assert '<meta property="og:image" content="https://aurora.example/sun.jpg">' in answer.body
    assert "og:url" not in answer.body
    assert written(answer).flags == segment.PREVIEW_SERVED


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ("withdrawn", 410, "taken down"),
        ("expired", 410, "ended"),
        ("rerouted", 410, "corrected"),
    ],
)
def test_a_link_that_is_over_says_so_and_leads_nowhere(
    link: Link, open_door: OpenDoor, state: str, status: int, words: str
) -> None:
    Link.objects.filter(pk=link.pk).update(state=state)
    answer = open_door().ask(f"/l/{link.token}")
    assert (answer.status, answer.record) == (status, None)
    assert words in answer.body
    assert "location" not in dict(answer.headers)
    assert ('href="https://aurora.example/sun' in answer.body) == (state == "rerouted")


@pytest.mark.parametrize(
    "path",
    [
        "/l/", "/l/AAAAAAAAAAA", "/l/https://evil.example/", "/l/../../etc/passwd", "/l/%2e%2e", "//evil.example",
        "/l/AAAAAAAAAAA?u=https://evil.example", "/l/AAAAAAAAAA\n", "/l/ＡＡＡＡＡＡＡＡＡＡＡ", "/", "/l/" + "A" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_link_of_ours_leads_nowhere(db: None, open_door: OpenDoor, house: House, path: str) -> None:
    answer = open_door().ask(path)
    assert (answer.status, answer.record) == (404, None)
    assert "evil" not in str(answer)
    assert house.installation.name in answer.body


def test_words_come_in_the_visitors_language_if_we_speak_it(house: House, open_door: OpenDoor) -> None:
    door = open_door()
    for accepted, language in (("pl-PL,pl;q=0.9", "pl"), ("fr, it;q=0.5", "it"), ("fr", "en"), ("", "en")):
        assert f'<html lang="{language}">' in door.ask("/l/AAAAAAAAAAA", accept_language=accepted).body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_link_is_only_read(link: Link, open_door: OpenDoor, method: str) -> None:
    answer = open_door().ask(f"/l/{link.token}", method=method)
    assert (answer.status, answer.record) == (405, None)


def test_guessing_is_slowed_down_for_the_one_who_guesses_only(link: Link, open_door: OpenDoor) -> None:
    door = open_door()
    answers = [door.ask(f"/l/{number:011d}").status for number in range(80)]
    assert answers == [404] * 60 + [429] * 20
    assert door.ask(f"/l/{link.token}").status == 429
    assert door.ask(f"/l/{link.token}", peer="198.51.100.9").status == 302
    assert door.ask(f"/l/{link.token}").status == 302  # known by now


@pytest.mark.parametrize(
    ("words", "words_shown", "offered"),
    [
        (["--withdrawn"], "taken down", None),
        (["--expired"], "ended", None),
        (["--to", "https://aurora.example/corrected?a=1"], "corrected", "https://aurora.example/corrected?a=1"),
    ],
)
def test_what_was_shared_is_taken_down_corrected_and_brought_back_within_seconds(
    link: Link,
    open_door: OpenDoor,
    people: People,
    house: House,
    words: list[str],
    words_shown: str,
    offered: str | None,
) -> None:
    other = Link.objects.get(share=hand_off(people.bruno, house))
    link.post.url = "https://aurora.example/moved"  # since it was shared
    link.post.save()
    door = open_door()
    before = door.ask(f"/l/{link.token}")
    assert (before.status, door.ask(f"/l/{other.token}").status) == (302, 302)
    said = io.StringIO()
    call_command("reroute", f"http://testserver/l/{link.token}", *words, stdout=said)
    assert said.getvalue().startswith("1 links changed.")
    assert "still offered" in said.getvalue()
    door.keeper._turn(surroundings=False)
    answer = door.ask(f"/l/{link.token}")
    assert (answer.status, answer.record) == (410, None)
    assert words_shown in answer.body
    assert ("location" in dict(answer.headers), 'class="go"' in answer.body) == (False, bool(offered))
    assert not offered or f'href="{offered}' in answer.body
    assert door.ask(f"/l/{other.token}").status == 302
    call_command("reroute", link.post.public_id, "--live", stdout=said)
    door.keeper._turn(surroundings=False)
    back = location(door.ask(f"/l/{link.token}"))
    assert back == (location(before).replace("/sun?", "/moved?") if offered else location(before))
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")][-2:] == ["sharing.links_rerouted"] * 2


@pytest.mark.parametrize("to", ["javascript:alert(1)", "//evil.example", "aurora.example/sun", ""])
def test_links_are_rerouted_to_web_addresses_only(link: Link, to: str) -> None:
    with pytest.raises(CommandError, match="http"):
        call_command("reroute", link.token, "--to", to)
    with pytest.raises(CommandError, match="There is no post"):
        call_command("reroute", "nothing", "--withdrawn")
    link.refresh_from_db()
    assert (link.state, link.changed_at) == ("live", None)


@pytest.mark.parametrize(
    "place", ["https://go.example", "https://Go.Example", "https://go.example:443", "http://go.example"]
)
def test_a_link_does_not_lead_to_a_link(link: Link, place: str) -> None:
    Installation.objects.update(links_url="https://go.example")
    with pytest.raises(CommandError, match="tracked link itself"):
        call_command("reroute", link.token, "--to", f"{place}/l/{link.token}")


def test_known_links_work_without_the_database_also_after_a_restart(
    link: Link, open_door: OpenDoor, people: People, house: House, tmp_path: Path
) -> None:
    make_salts(house.installation, at=timezone.now())
    unknown = Link.objects.get(share=hand_off(people.bruno, house))
    door = open_door()
    before = door.ask(f"/l/{link.token}")
    door.close()
    nowhere = {"sqlite": tmp_path / "gone.sqlite3"} if connection.vendor == "sqlite" else {"postgresql": {"port": 1}}
    reborn = open_door(**nowhere)
    after = reborn.ask(f"/l/{link.token}")
    assert location(after) == location(before)
    assert written(after).visitor == written(before).visitor
    answer = reborn.ask(f"/l/{unknown.token}")
    assert (answer.status, dict(answer.headers)["retry-after"]) == (503, "60")
    assert reborn.ask(f"/l/{link.token}").status == 302


def test_what_was_withdrawn_while_the_process_was_down_is_not_answered(link: Link, open_door: OpenDoor) -> None:
    door = open_door()
    assert door.ask(f"/l/{link.token}").status == 302
    door.close()
    Link.objects.filter(pk=link.pk).update(state="withdrawn", changed_at=timezone.now())
    assert open_door().ask(f"/l/{link.token}").status == 410


def test_a_connected_site_gets_the_clicks_word_and_nobody_else(link: Link, open_door: OpenDoor, house: House) -> None:
    ApiKey.objects.create(
        program=house.program, name="Site", kind="site", secret_hash="1" * 64, origin="https://www.aurora.example",
        created_at=timezone.now(),
    )  # fmt: skip
    Link.objects.filter(pk=link.pk).update(target_url="https://aurora.example/shop?a=1#buy")
    answer = open_door(click_key=click_key("secret")).ask(f"/l/{link.token}")
    address, _, fragment = location(answer).partition("#")
    word = address.rpartition("&vclick=")[2]
    assert (fragment, len(word)) == ("buy", 22)
    assert read_token(word, click_key("secret")) == written(answer).click_id
    assert read_token(word, click_key("other")) is None
    ApiKey.objects.update(revoked_at=timezone.now())
    assert "vclick" not in location(open_door().ask(f"/l/{link.token}"))


def test_the_address_is_read_behind_our_own_proxies_only(link: Link, open_door: OpenDoor, house: House) -> None:
    make_salts(house.installation, at=timezone.now())
    direct, behind = open_door(), open_door(trusted_proxies=1)
    one = written(direct.ask(f"/l/{link.token}", peer="203.0.113.7"))
    forged = written(direct.ask(f"/l/{link.token}", peer="203.0.113.7", x_forwarded_for="198.51.100.1"))
    told = written(behind.ask(f"/l/{link.token}", peer="10.0.0.2", x_forwarded_for="1.2.3.4, 203.0.113.7"))
    assert one.visitor == forged.visitor == told.visitor


def test_a_million_links_do_not_grow_the_table_past_its_bound(open_door: OpenDoor, house: House) -> None:
    table = open_door(most_links=1000).keeper.table
    for number in range(5000):
        table.learn(LinkRow(f"{number:011d}", number, "live", "https://a.example/1", {"source": "x"}, 1))
    assert len(table) <= 1000
    assert table.find("00000004999") is not None
    assert len({id(known.target) for _, known in table.items()}) == 1


def test_the_links_need_no_django() -> None:
    code = (
        "import sys, vocero.tracking.links.front_rsgi, vocero.tracking.links.front_wsgi;"
        "print([name for name in sys.modules if name.split('.')[0] in {'django', 'ninja', 'psycopg'}])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["front_rsgi", "front_wsgi"])
def test_a_front_is_small(name: str) -> None:
    lines = (Path(segment.__file__).parent / "links" / f"{name}.py").read_text().splitlines()
    assert len(lines) < 60
