"""The first day of a company without mail: from an empty database to a first share, by what the pages say and no more.

Nothing here knows an address, a name in the markup or a command: after `vocero serve` everything is found by the
words and roles that a person sees or hears, and after each step the page has to say what comes next.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.content.real_input import unpacked
from tests.running import Running, installation
from tests.servers.loopback import LoopbackServer, Reply

pytestmark = pytest.mark.browser

COMPANY, OWNER, ADVOCATE, MAIL = "Aurora Mills", "Olga Owner", "Ana Ruiz", "ana@aurora.example"
CAPTION = "How a browser comes to be, told by those who build it."
DEEDS_FOR_TEN_MINUTES = 60
"""Ten seconds for each press, choice or entry: who needs more of them than this does not begin within ten minutes."""


class Newcomer:
    """Somebody who has read no manual: finds things by their words alone, and remembers what they did and met."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.deeds = 0
        self.complaints: list[str] = []
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", lambda answer: self.complaints.append(answer.url) if answer.status >= 400 else None)

    def goes_to(self, address: str) -> None:
        """Type or scan an address that was shown, as on the console or in a message."""
        self.deeds += 1
        self.page.goto(address)

    def presses(self, words: str, *, role: str = "button") -> None:
        """Press the first button (or link) with these words that can be seen."""
        self.deeds += 1
        self._visible(self.page.get_by_role("main").get_by_role(role, name=words)).click()

    def follows(self, place: str) -> None:
        """Follow the navigation to a place."""
        self.deeds += 1
        navigation = self._visible(self.page.get_by_role("navigation", name="Main"))
        navigation.get_by_role("link", name=place).click()

    def fills(self, label: str, text: str) -> None:
        """Write into the field with this label."""
        self.deeds += 1
        self._field(label).fill(text)

    def chooses(self, label: str, choice: str) -> None:
        """Choose an entry of the list with this label."""
        self.deeds += 1
        self._field(label).select_option(label=choice)

    def ticks(self, words: str, *, role: str = "checkbox") -> None:
        """Tick a box, or one of several, by the words beside it."""
        self.deeds += 1
        self._visible(self.page.get_by_role("main").get_by_text(words, exact=True)).click()
        assert self.page.get_by_role(role, name=words).first.is_checked(), words

    def reads(self, words: str) -> None:
        """Wait until the page says these words where they can be seen."""
        self._visible(self.page.get_by_text(words)).wait_for()

    def reads_heading(self, words: str) -> None:
        """Wait until a heading of the page says these words."""
        self.page.get_by_role("heading", name=words).first.wait_for()

    def _field(self, label: str) -> Any:
        """The first field that can be seen whose label begins with these words; "optional" may follow."""
        return self._visible(self.page.get_by_role("main").get_by_label(re.compile(rf"^\s*{label}\b")))

    def _visible(self, found: Any) -> Any:
        """The first that can be seen, once the page has its style: without it a phone has the desktop's links too."""
        self.page.wait_for_load_state()
        return found.locator("visible=true").first

    def is_told_to(self, title: str) -> None:
        """The overview shows the path, and the step that it has opened is this one, with something to press."""
        self.page.get_by_role("heading", name="The first day").wait_for()
        step = self.page.get_by_role("listitem").filter(has_text=title).locator("visible=true").first
        step.get_by_role("button", name="Skip this for now").wait_for()
        opened = self.page.get_by_role("button", name="Skip this for now").locator("visible=true")
        assert opened.count() == 1, "one step at a time is open"

    def finds_step(self, title: str, state: str) -> None:
        """A step of the path says of itself that it is in place or skipped."""
        step = self.page.get_by_role("listitem").filter(has_text=title).filter(has_text=state)
        assert step.count() == 1, f"{title} is not {state}"


@pytest.fixture
def website() -> Iterator[LoopbackServer]:
    """A website with one real page."""
    page = (unpacked("trafilatura") / "tests" / "resources" / "mozilla.org.firefox.developer.html").read_bytes()
    with LoopbackServer(
        lambda _request, _line: Reply(200, page, {"Content-Type": "text/html; charset=utf-8"})
    ) as server:
        yield server


def test_a_company_without_mail_comes_to_its_first_share_by_what_the_pages_say(
    tmp_path: Path, open_page: Callable[..., Any], website: LoopbackServer
) -> None:
    place = urlsplit(website.url).netloc
    with installation(tmp_path / "house", VOCERO_ALLOW_PRIVATE_HOSTS=place) as house:
        owner, advocate = Newcomer(open_page()), Newcomer(open_page(phone=True))
        sets_up(owner, address_on_the_console(house))
        walks_to_the_offer(owner)
        offers_a_first_post(owner, website)
        way_in = finishes_the_path(owner)
        joins(advocate, way_in)
        shares_by_hand(advocate)
        sees_nothing_but_totals(owner)
    assert (owner.complaints, advocate.complaints) == ([], [])
    assert owner.deeds + advocate.deeds <= DEEDS_FOR_TEN_MINUTES


def address_on_the_console(house: Running) -> str:
    """The address that `vocero serve` printed, with the words that lead to it."""
    told = re.search(r"Set it up in your browser:\s+(\S+)", house.log.read_text())
    assert told, house.log.read_text()
    return told.group(1)


def sets_up(owner: Newcomer, address: str) -> None:
    """Answer the few questions; the overview with the path comes by itself."""
    owner.goes_to(address)
    owner.fills("Name of your company", COMPANY)
    owner.fills("Your name", OWNER)
    owner.fills("Your work e-mail", "olga@aurora.example")
    owner.fills("A password for you", "correct horse battery staple")
    owner.presses("Set up")
    owner.is_told_to("Give it your look")


def walks_to_the_offer(owner: Newcomer) -> None:
    """Look and people are done, mail is skipped because none is set, the words are taken, the source is skipped."""
    owner.fills("Color", "#1f7a4d")
    owner.presses("Save")
    owner.finds_step("Give it your look", "in place")
    owner.is_told_to("Who may be asked")

    owner.presses("Add a person", role="link")
    owner.fills("Full name", ADVOCATE)
    owner.fills("Work e-mail", MAIL)
    owner.presses("Add")
    owner.follows("Overview")
    owner.finds_step("Who may be asked", "in place")
    owner.is_told_to("Test the mail")

    owner.reads("You can go on without: personal links and printed codes do the same.")
    owner.presses("Skip this for now")
    owner.finds_step("Test the mail", "skipped")
    owner.is_told_to("Guideline and joining text")

    owner.presses("Yes, use these")
    owner.finds_step("Guideline and joining text", "in place")
    owner.is_told_to("A first source")

    owner.presses("Skip this for now")
    owner.finds_step("A first source", "skipped")
    owner.is_told_to("Offer a first post")


def offers_a_first_post(owner: Newcomer, website: LoopbackServer) -> None:
    """A pasted link becomes a post with one caption; the page names what is missing until nothing is."""
    owner.presses("Add a post", role="link")
    owner.fills("Address of the page", website.url + "/firefox")
    owner.presses("Read the page")
    owner.reads("Still missing:")
    owner.chooses("Language", "English")
    owner.fills("Text", CAPTION)
    owner.ticks("Curated", role="radio")
    owner.chooses("What it is about", "Industry insight")
    owner.ticks("Educate")
    owner.ticks("Yes, I would post this on my own profile")
    owner.presses("Offer to colleagues")
    owner.reads("is offered to your colleagues.")
    owner.follows("Overview")
    owner.finds_step("Offer a first post", "in place")
    owner.is_told_to("Try it on your own phone")


def finishes_the_path(owner: Newcomer) -> str:
    """Look at the code for the phone, then invite one person; gives the personal link that the page shows."""
    owner.presses("Show the code")
    owner.reads("It signs you in there, works once and for fifteen minutes.")
    owner.presses("Back", role="link")
    owner.is_told_to("Try it on your own phone")
    owner.presses("I have tried it")
    owner.is_told_to("Invite five people")

    owner.fills("Name", ADVOCATE)
    owner.fills("Work e-mail", MAIL)
    owner.reads("Without mail you get a personal link for each of them to hand over.")
    owner.presses("Invite them")
    owner.reads("hand each link over yourself")
    way_in = owner.page.get_by_label("Personal link").inner_text().strip()
    owner.presses("Back to the overview", role="link")
    owner.page.get_by_role("heading", level=1).wait_for()
    assert owner.page.get_by_role("heading", name="The first day").count() == 0, "the path is walked"
    return str(way_in)


def joins(advocate: Newcomer, way_in: str) -> None:
    """Open the personal link on the phone, read, say yes, accept the guideline, choose LinkedIn."""
    advocate.goes_to(way_in)
    advocate.reads_heading("Hello Ana")
    advocate.presses("Go on")
    advocate.reads("Please read what it means for you. Then decide freely.")
    advocate.presses("Join")
    advocate.presses("I have read it and keep to it")
    advocate.reads_heading("What do you like to talk about?")
    advocate.presses("Next")
    advocate.reads_heading("Where do you meet people?")
    advocate.ticks("LinkedIn")
    advocate.presses("Next")
    advocate.reads_heading("You are in")
    advocate.presses("See today’s posts", role="link")
    advocate.reads("Pick something you like.")


def shares_by_hand(advocate: Newcomer) -> None:
    """Take the text to LinkedIn in the three steps, come back and say that it is out."""
    advocate.presses("Share", role="link")
    advocate.reads_heading("Make it yours")
    assert CAPTION in advocate.page.get_by_label("Your words").input_value()
    advocate.reads("Nothing is posted yet: you finish it in LinkedIn.")
    advocate.presses("Share")
    advocate.reads_heading("Almost out on LinkedIn")
    assert advocate.page.get_by_label("Your text").is_visible()
    advocate.presses("Copy")
    advocate.page.context.route("https://www.linkedin.com/**", lambda route: route.fulfill(body="LinkedIn"))
    with advocate.page.context.expect_page() as opened:
        advocate.presses("Open LinkedIn", role="link")
    opened.value.close()
    advocate.page.bring_to_front()
    advocate.page.evaluate("window.dispatchEvent(new Event('focus'))")  # a headless window gets no focus by itself
    advocate.reads_heading("Is it out?")
    advocate.presses("Yes, it is out")
    advocate.reads_heading("Your share is out on LinkedIn.")
    advocate.reads("Clicks show here as soon as there are any.")
    advocate.follows("My shares")
    advocate.reads("LinkedIn")


def sees_nothing_but_totals(owner: Newcomer) -> None:
    """The owner's list of people says that Ana was invited, and nothing of what she did since."""
    owner.follows("People")
    row = owner.page.get_by_role("row").filter(has_text=ADVOCATE)
    assert "Invited" in row.inner_text()
