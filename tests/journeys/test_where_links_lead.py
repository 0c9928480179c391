"""What was shared turns out to be wrong: the program team corrects it, takes it down and brings it back; a visitor looks."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.accessibility import violations
from tests.journeys.steps import set_up, sign_in
from tests.running import Running, installation, wait_for
from tests.servers.loopback import LoopbackServer, Reply

pytestmark = pytest.mark.browser

_SHARED = """
import json
from vocero.company.queries import main_program
from vocero.content.models import Post
from vocero.lib.clock import now
from vocero.sharing.models import Link
post = Post.objects.create(program=main_program(), title="A mill that runs on sunlight", url="{url}/wrong", state="offered",
                           created_at=now(), updated_at=now(), offered_at=now())
links = [Link.objects.create(kind="post", post=post, target_url=post.url, created_at=now()) for _one in range(2)]
print(json.dumps({{"post": post.public_id, "tokens": [one.token for one in links]}}))
"""


@pytest.fixture
def website() -> Iterator[LoopbackServer]:
    """A website whose pages say which they are."""
    html = {"Content-Type": "text/html; charset=utf-8"}
    with LoopbackServer(lambda request, _line: Reply(200, f"<h1>The page {request.path}</h1>", html)) as server:
        yield server


def shared(house: Running, website: LoopbackServer) -> dict[str, Any]:
    """Put a post and two of its links into the installation."""
    done = house.run("shell", "--verbosity", "0", "-c", _SHARED.format(url=website.url))
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def arrives(visitor: Any, link: str, heading: str) -> None:
    """Let a visitor follow a link, again if need be, until they read a heading."""

    def reads() -> bool:
        visitor.goto(link)
        return heading in visitor.locator("h1").inner_text()

    wait_for(reads, what=f"“{heading}” behind {link}")


def test_a_visitor_of_what_was_shared_is_told_what_the_program_team_says(
    tmp_path: Path, open_page: Callable[..., Any], website: LoopbackServer
) -> None:
    with installation(tmp_path / "house", start=False) as house:
        set_up(house, "en")
        made = shared(house, website)
        house.start()
        desk, visitor = open_page(), open_page(phone=True)
        links = [f"{house.url}/l/{token}" for token in made["tokens"]]
        for link in links:
            arrives(visitor, link, "The page /wrong")
        sign_in(desk, house)
        desk.goto(f"{house.url}/manage/library/posts/{made['post']}")
        desk.get_by_role("link", name="Where its links lead").first.click()
        assert violations(desk) == []

        expect(desk.locator("#id_to")).to_be_hidden()
        desk.locator('[name="lead"][value="rerouted"]').check()
        desk.locator("#id_to").fill("not a page")
        desk.locator("main form .primary").click()
        expect(desk.locator("#id_to")).to_have_value("not a page")
        assert violations(desk) == []
        desk.locator("#id_to").fill(f"{website.url}/right")
        desk.locator("main form .primary").click()
        desk.get_by_text("2 links say that it was corrected").wait_for()
        for link in links:
            arrives(visitor, link, "This has been corrected")
        visitor.get_by_role("link", name="Go to the page").click()
        expect(visitor.locator("h1")).to_have_text("The page /right")

        desk.locator('[name="lead"][value="withdrawn"]').check()
        desk.locator("main form .primary").click()
        assert violations(desk) == []
        arrives(visitor, links[0], "This has been corrected")  # it was only asked
        desk.get_by_role("button", name="Yes, end them").click()
        desk.get_by_text("2 links say that it has been taken down").wait_for()
        arrives(visitor, links[1], "This has been taken down")
        expect(visitor.get_by_role("link")).to_have_count(0)

        desk.locator('[name="lead"][value="live"]').check()
        desk.locator("main form .primary").click()
        desk.get_by_text("2 links lead to this page").wait_for()
        for link in links:
            arrives(visitor, link, "The page /wrong")
