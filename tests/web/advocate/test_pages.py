"""The advocate's pages, asked for over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.cast import MOMENT, People
from tests.sharing.library import make_account, make_post
from tests.sharing.pigeon import Pigeon
from tests.web.advocate.asking import compose, text_of
from vocero.content.models import Topic
from vocero.lib.clock import MovingClock
from vocero.people.models import Enrolment
from vocero.policy import services as policy
from vocero.policy.models import Acknowledgement, Term
from vocero.sharing import services
from vocero.sharing.models import Draft, Share
from vocero.sharing.publishing import Publisher
from vocero.tracking.models import ShareTotal

SignIn = Callable[[Any], Client]
pytestmark = pytest.mark.usefixtures("clock")


def test_every_page_opens(people: People, ana: Client) -> None:
    post = make_post(people.house)
    pages = ["/today", f"/share/{post.public_id}", "/shares", "/guideline", "/me", "/me/connect/mastodon"]
    for address in [*pages, "/me/connect/bluesky"]:
        assert ana.get(address).status_code == 200, address


def test_as_is_in_two_taps_by_hand(people: People, ana: Client) -> None:
    post = make_post(people.house)
    assert f'href="/share/{post.public_id}"' in text_of(ana.get("/today"))
    typed = ana.get(f"/share/{post.public_id}?network=linkedin").context["sheet"].typed
    answer = compose(ana, post, text=typed.text, caption=typed.caption.public_id)
    share = Share.objects.get()
    assert answer.url == f"/shares/{share.public_id}/finish"
    assert (share.channel, share.state, share.personalized) == ("handoff", "started", False)
    finish = text_of(ana.get(answer.url))
    assert "I work at Aurora Mills. Our mill runs on sunlight now." in finish
    assert f"%2Fl%2F{share.link.token}" in finish, "LinkedIn takes the link from its address"
    assert finish.count("<li><h2>") == 3


def test_by_api_there_are_ten_seconds_to_take_it_back_and_the_text_is_kept(
    people: People, ana: Client, pigeon: Pigeon, clock: MovingClock
) -> None:
    make_account(people.ana, "pigeon")
    post = make_post(people.house)
    answer = compose(ana, post, network="pigeon", text="In my own words, and gladly.")
    share = Share.objects.get()
    assert 'data-undo="10"' in text_of(ana.get(answer.url))
    clock.advance(timedelta(seconds=5))
    back = ana.post(f"/shares/{share.public_id}/cancel")
    assert back.url == f"/share/{post.public_id}"
    typed = ana.get(back.url).context["sheet"].typed
    assert typed.text == "In my own words, and gladly.", "the wording in front is chosen again, not written into them"
    clock.advance(timedelta(seconds=60))
    assert Publisher(now=clock).run() == 0
    assert pigeon.posts == []


def test_a_share_that_is_out_says_so_with_joy_and_shows_its_figures(
    people: People, ana: Client, pigeon: Pigeon, clock: MovingClock
) -> None:
    make_account(people.ana, "pigeon")
    answer = compose(ana, make_post(people.house), network="pigeon")
    clock.advance(timedelta(seconds=11))
    Publisher(now=clock).run()
    page = text_of(ana.get(answer.url))
    assert "Your share is out on Pigeon." in page
    part = text_of(ana.get(answer.url, headers={"HX-Request": "true"}))
    assert "/take-down" in part, "it can be taken down as soon as the page learns that it is out"
    assert 'hx-trigger="every 2s"' not in page
    share = Share.objects.get()
    ShareTotal.objects.create(share=share, first_click_id=1, valid=10, unique=4)
    assert "4 clicks" in text_of(ana.get("/shares"))


def test_what_blocks_is_said_on_the_page_and_nothing_typed_is_lost(people: People, ana: Client) -> None:
    policy.add_term(Term.Kind.CONFIDENTIAL, "Project Falcon", at=MOMENT)
    post = make_post(people.house)
    answer = compose(ana, post, text="Busy with project-falcon, you know.")
    assert answer.status_code == 422
    page = text_of(answer)
    assert "<mark>project-falcon</mark>" in page
    assert "Project Falcon" not in page
    assert "Busy with project-falcon, you know." in page
    assert not Share.objects.exists()
    assert Draft.objects.get().text == "Busy with project-falcon, you know."


def test_checks_run_while_typing_and_keep_the_draft(people: People, ana: Client) -> None:
    policy.add_term(Term.Kind.BANNED, "cheap", at=MOMENT)
    post = make_post(people.house)
    answer = compose(ana, post, text="A cheap trick")
    assert answer.status_code == 422
    live = ana.post(f"/share/{post.public_id}/checks", {"network": "linkedin", "text": "cheap and good"})
    assert "<mark>cheap</mark>" in text_of(live)
    assert "<html" not in text_of(live)
    assert "cheap and good" in text_of(ana.get(f"/share/{post.public_id}"))


def test_nobody_can_guess_terms_by_trying_many(people: People, ana: Client) -> None:
    post = make_post(people.house)
    address = f"/share/{post.public_id}/checks"
    answers = [ana.post(address, {"network": "copy", "text": f"word {number}"}).status_code for number in range(61)]
    assert answers == [200] * 60 + [429]


def test_a_new_guideline_is_asked_for_before_the_next_share_and_the_text_is_kept(people: People, ana: Client) -> None:
    post = make_post(people.house)
    guideline = policy.publish_guideline({"en": "Be kind."}, at=MOMENT)
    asked = compose(ana, post, text="I had just written this down.")
    assert asked.url == f"/guideline?next=/share/{post.public_id}"
    assert not Share.objects.exists()
    page = text_of(ana.get(asked.url))
    assert "<p>Be kind.</p>" in page
    back = ana.post("/guideline", {"version": guideline.version, "next": f"/share/{post.public_id}"})
    assert back.url == f"/share/{post.public_id}"
    assert Acknowledgement.objects.filter(member=people.ana, guideline=guideline).exists()
    assert "I had just written this down." in text_of(ana.get(back.url))
    assert ana.post("/guideline", {"version": 1, "next": "https://evil.example/"}).url == "/today"


def test_accepting_a_version_that_is_no_longer_in_force_shows_the_new_one(people: People, ana: Client) -> None:
    policy.publish_guideline({"en": "Be kind."}, at=MOMENT)
    policy.publish_guideline({"en": "Be very kind."}, at=MOMENT)
    page = text_of(ana.post("/guideline", {"version": 1}))
    assert "Be very kind." in page
    assert not Acknowledgement.objects.exists()


def test_sharing_the_same_post_there_again_is_asked_first(people: People, ana: Client) -> None:
    post = make_post(people.house)
    compose(ana, post)
    again = compose(ana, post)
    assert again.status_code == 422
    assert 'name="again"' in text_of(again)
    assert Share.objects.count() == 1
    compose(ana, post, again="1")
    assert Share.objects.count() == 2


def test_the_disclosure_may_be_switched_off_only_on_curated_posts(people: People, ana: Client) -> None:
    curated = make_post(people.house)
    own = make_post(people.house, origin="company", url="https://aurora.example/own")
    assert 'name="switchable"' in text_of(ana.get(f"/share/{curated.public_id}"))
    assert 'name="switchable"' not in text_of(ana.get(f"/share/{own.public_id}"))
    compose(ana, curated, switchable="1")
    assert Share.objects.get(post=curated).disclosed is False
    assert compose(ana, own, switchable="1").status_code == 422
    compose(ana, own, disclosure="Aurora Mills is my employer.")
    assert Share.objects.get(post=own).text == "Aurora Mills is my employer. Well told."


def test_colleagues_begin_with_different_texts_and_a_used_one_comes_last(people: People, sign_in: SignIn) -> None:
    post = make_post(people.house, captions=[("en", "", f"Text number {number}, quite ready.") for number in range(4)])
    people.house.installation.__class__.objects.update(language="en")
    begun = []
    for member in people.advocates:
        member.language = "en"
        member.save()
        sheet = sign_in(member).get(f"/share/{post.public_id}").context["sheet"]
        begun.append(sheet.typed.caption.pk)
        services.share_post(member, post, network="copy", text=sheet.typed.text, caption=sheet.typed.caption, at=MOMENT)
    counts = [begun.count(caption.pk) for caption in post.captions.all()]
    assert max(counts) - min(counts) <= 1, "ten people, four texts: two or three each"


def test_whether_a_text_was_personalized_is_recorded(people: People, ana: Client) -> None:
    post = make_post(people.house)
    caption = post.captions.get()
    added = caption.text + " I carried the last panel up myself."
    for network, text in (("linkedin", caption.text), ("x", added), ("threads", caption.text.replace("Here", "here"))):
        compose(ana, post, network=network, text=text, caption=caption.public_id)
    told = dict(Share.objects.values_list("network", "personalized"))
    assert told == {"linkedin": False, "x": True, "threads": False}


def test_another_ready_text_can_be_taken_and_ones_own_brought_back(people: People, ana: Client) -> None:
    post = make_post(people.house, captions=[("en", "", "The first text."), ("en", "", "The second text.")])
    first, second = post.captions.all()
    mine = "Something entirely my own, really."
    page = compose(ana, post, do=f"use:{second.public_id}", text=mine, caption=first.public_id)
    assert page.context["sheet"].typed.text == "The second text."
    back = compose(ana, post, do="use:earlier", text="The second text.", caption=second.public_id, earlier=mine)
    assert back.context["sheet"].typed.text == mine


def test_networks_that_cannot_carry_a_post_say_why(people: People, ana: Client) -> None:
    post = make_post(people.house, networks_allowed=["linkedin", "instagram"], url="")
    sheet = ana.get(f"/share/{post.public_id}").context["sheet"]
    assert [network.name for network in sheet.composer.networks] == ["linkedin", "practice"]
    why = {one.name: str(one.why) for one in sheet.left_out}
    assert "needs an image" in why["instagram"]
    assert "other networks" in why["x"]
    assert "clicks cannot be counted" in text_of(ana.get(f"/share/{post.public_id}"))


def test_a_post_can_be_planned_in_ones_own_time(people: People, ana: Client, pigeon: Pigeon) -> None:
    make_account(people.ana, "pigeon")
    post = make_post(people.house)
    assert compose(ana, post, do="plan", network="pigeon", when="").status_code == 422
    assert compose(ana, post, do="plan", network="pigeon", when="2026-12-30T10:00").status_code == 422
    compose(ana, post, do="plan", network="pigeon", when="2026-11-20T08:30")
    share = Share.objects.get()
    assert (share.due_wall, share.due_zone) == ("2026-11-20T08:30", "Europe/Madrid")
    edited = ana.post(
        f"/shares/{share.public_id}/edit", {"text": "Changed my mind, happily.", "when": "2026-11-21T09:00"}
    )
    assert edited.url == f"/shares/{share.public_id}"
    share.refresh_from_db()
    assert share.text == "I work at Aurora Mills. Changed my mind, happily."
    assert share.due_wall == "2026-11-21T09:00"


def test_practice_runs_the_checks_and_leaves_nothing_behind(people: People, ana: Client) -> None:
    policy.add_term(Term.Kind.BANNED, "cheap", at=MOMENT)
    post = make_post(people.house)
    assert compose(ana, post, network="practice", text="cheap").status_code == 422
    answer = compose(ana, post, network="practice")
    assert "Nothing left this house" in text_of(ana.get(answer.url))
    assert compose(ana, post, network="practice").status_code == 302, "practice is never asked about twice"


def test_where_the_text_is_filled_in_nobody_is_told_to_copy_it_first(people: People, ana: Client) -> None:
    post = make_post(people.house)
    for network, heading, last in (("x", "Almost out on X", "Post it"), ("email", "Almost sent", "Send it")):
        finish = text_of(ana.get(compose(ana, post, network=network).url))
        assert heading in finish
        assert finish.index("Open ") < finish.index(last) < finish.index("Should it not be there, copy it here:")
        assert "Copy your text" not in finish


def test_a_text_to_paste_is_out_nowhere_in_particular(people: People, ana: Client) -> None:
    compose(ana, make_post(people.house), network="copy")
    today = text_of(ana.get("/today"))
    assert "Is it out?" in today
    assert "Is it out on" not in today


def test_a_day_that_was_chosen_is_still_in_sight_when_something_is_asked_first(
    people: People, ana: Client, pigeon: Pigeon
) -> None:
    make_account(people.ana, "pigeon")
    post = make_post(people.house)
    compose(ana, post, network="pigeon")
    asked = compose(ana, post, do="plan", network="pigeon", when="2026-11-20T10:00")
    assert asked.status_code == 422
    page = text_of(asked)
    assert "This is on its way to Pigeon already" in page
    assert 'id="for-later" open' in page
    assert 'value="2026-11-20T10:00"' in page


def test_back_from_connecting_an_account_that_network_is_chosen_and_the_draft_is_there(
    people: People, ana: Client, pigeon: Pigeon
) -> None:
    post = make_post(people.house)
    compose(ana, post, do="refresh", network="x", text="Begun on X.")
    left_out = ana.get(f"/share/{post.public_id}").context["sheet"].left_out
    assert f"?next=/share/{post.public_id}%3Fnetwork=bluesky" in next(
        one.url for one in left_out if one.name == "bluesky"
    )
    make_account(people.ana, "pigeon")
    typed = ana.get(f"/share/{post.public_id}?network=pigeon").context["sheet"].typed
    assert (typed.network, typed.text) == ("pigeon", "Begun on X.")


def test_time_zones_are_places_and_ones_own_stays_where_it_is(people: People, ana: Client) -> None:
    page = text_of(ana.get("/me"))
    assert "<option>Europe/Madrid" in page or "Europe/Madrid</option>" in page
    assert "localtime" not in page
    assert "Zulu" not in page


def test_a_handoff_is_asked_about_once(people: People, ana: Client) -> None:
    compose(ana, make_post(people.house))
    share = Share.objects.get()
    assert "Is it out on LinkedIn?" in text_of(ana.get("/today"))
    ana.post(f"/shares/{share.public_id}/answer", {"answer": "not_now"})
    assert "Is it out on LinkedIn?" not in text_of(ana.get("/today"))
    ana.post(f"/shares/{share.public_id}/answer", {"answer": "yes"})
    share.refresh_from_db()
    assert (share.state, share.certainty) == ("sent", "self_reported")
    assert ana.post(f"/shares/{share.public_id}/answer", {"answer": "perhaps"}).status_code == 404


def test_posts_and_shares_of_others_are_not_there(people: People, ana: Client, sign_in: SignIn) -> None:
    hidden = make_post(people.house, state="draft")
    assert ana.get(f"/share/{hidden.public_id}").status_code == 404
    post = make_post(people.house, url="https://aurora.example/x")
    theirs = services.share_post(people.bruno, post, network="linkedin", text="Ciao a tutti.", at=MOMENT)
    for way in ("", "/finish", "/edit"):
        assert ana.get(f"/shares/{theirs.public_id}{way}").status_code == 404
    for way in ("/cancel", "/take-down", "/answer", "/clear-up"):
        assert ana.post(f"/shares/{theirs.public_id}{way}", {"answer": "yes"}).status_code == 404
    assert sign_in(people.nobody_asked).get("/today").url == "/join"


def test_taking_it_down_says_what_the_network_lets_us_do(
    people: People, ana: Client, pigeon: Pigeon, clock: MovingClock
) -> None:
    make_account(people.ana, "pigeon")
    compose(ana, make_post(people.house), network="pigeon")
    clock.advance(timedelta(seconds=11))
    Publisher(now=clock).run()
    share = Share.objects.get()
    assert "We delete it on Pigeon." in text_of(ana.get(f"/shares/{share.public_id}"))
    ana.post(f"/shares/{share.public_id}/take-down")
    share.refresh_from_db()
    assert (share.state, pigeon.posts, share.link.state) == ("withdrawn", [""], "live")

    by_hand = services.share_post(
        people.ana, make_post(people.house, url="https://a.example/"), network="linkedin", text="Hi.", at=MOMENT
    )
    services.confirm_handoff(by_hand, "yes", at=MOMENT)
    assert "does not let us delete it for you" in text_of(ana.get(f"/shares/{by_hand.public_id}"))


def test_an_unclear_share_is_settled_by_the_one_who_looked(people: People, ana: Client) -> None:
    share = services.share_post(people.ana, make_post(people.house), network="linkedin", text="Hi.", at=MOMENT)
    Share.objects.update(state="unconfirmed", channel="api", reason="unclear")
    page = text_of(ana.get(f"/shares/{share.public_id}"))
    assert "so that it is not posted twice" in page
    ana.post(f"/shares/{share.public_id}/clear-up", {"answer": "no"})
    share.refresh_from_db()
    assert (share.state, share.reason) == ("failed", "not_there")


def test_me_saves_what_is_chosen(people: People, ana: Client) -> None:
    topic = Topic.objects.create(program=people.program, name={"en": "Energy"}, created_at=MOMENT)
    ana.post("/me/topics", {"topic": [topic.public_id]})
    ana.post("/me/reading", {"language": "pl", "time_zone": "Europe/Warsaw"})
    ana.post("/me/name", {"shows_name": "1"})
    ana.post("/me/networks", {"network": ["x", "linkedin"], "range-x": "100-300"})
    people.ana.refresh_from_db()
    assert (people.ana.language, people.ana.time_zone) == ("pl", "Europe/Warsaw")
    assert people.ana.topic_follows.get().topic == topic
    assert people.ana.enrolments.get().shows_name
    assert set(people.ana.network_choices.values_list("network", flat=True)) == {"x", "linkedin"}
    assert people.ana.audiences.get().high == 300


def test_a_break_and_leaving_stop_what_is_planned(
    people: People, ana: Client, pigeon: Pigeon, clock: MovingClock
) -> None:
    make_account(people.ana, "pigeon")
    post = make_post(people.house)
    compose(ana, post, do="plan", network="pigeon", when="2026-11-20T08:30")
    ana.post("/me/break")
    assert people.ana.enrolments.get().state == Enrolment.State.PAUSED
    assert "taking a break" in text_of(ana.get("/today"))
    assert compose(ana, post, again="1").status_code == 422
    ana.post("/me/break", {"do": "end"})
    ana.post("/me/leave")
    share = Share.objects.get()
    assert (share.state, share.reason) == ("cancelled", "left")
    clock.move_to(MOMENT + timedelta(days=5))
    Publisher(now=clock).run()
    assert pigeon.posts == []


def test_the_worth_of_a_share_stands_beside_the_button_and_off_hides_every_trace(people: People, ana: Client) -> None:
    post = make_post(people.house)
    assert "5 points with the first click, and 3 more in your own words." in text_of(
        ana.get(f"/share/{post.public_id}?network=x")
    )
    refreshed = compose(ana, post, do="refresh", network="x", switchable="1")
    assert "earns no points" in text_of(refreshed)
    type(people.house.installation).objects.update(points_enabled=False)
    for page in (
        ana.get(f"/share/{post.public_id}"),
        compose(ana, post, do="refresh", switchable="1"),
        ana.get("/shares"),
    ):
        shown = text_of(page).split("<main")[1].split("</main>")[0].replace("code_points", "")
        assert "point" not in shown
