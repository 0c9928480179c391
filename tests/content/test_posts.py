"""Posts: offered only when complete, changed without losing what was shared, put away and brought back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.cast import MOMENT, House, People
from tests.content import makers
from vocero.company.models import AuditEntry, StoredFile
from vocero.content import services
from vocero.content.models import Caption, Post
from vocero.people.models import Segment

DAY = timedelta(days=1)
EMPTY = services.PostDetails(url="https://press.example/x")


def _file() -> StoredFile:
    return StoredFile.objects.create(
        key=f"key{StoredFile.objects.count()}", sha256="0" * 64, content_type="image/png", size=1, created_at=MOMENT
    )


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("kind", {"kind": ""}),
        ("origin", {"origin": ""}),
        ("purposes", {"purposes": ()}),
        ("captions", {"captions": ()}),
        ("captions", {"captions": (services.CaptionText(language="en", text="   "),)}),
        ("expires_at", {"expires_at": MOMENT}),
    ],
)
def test_a_post_that_lacks_something_is_not_offered_and_says_what(house: House, field: str, changes: dict) -> None:
    post = makers.draft(house.program, **changes)
    with pytest.raises(services.NotReady) as refusal:
        services.offer_post(post, by=None, at=MOMENT, would_post_myself=True)
    assert list(refusal.value.problems) == [field]
    assert str(refusal.value)
    post.refresh_from_db()
    assert post.state == Post.State.DRAFT


def test_the_question_about_the_own_profile_is_answered_at_every_offer(house: House, people: People) -> None:
    post = makers.draft(house.program)
    with pytest.raises(services.NotReady) as refusal:
        services.offer_post(post, by=people.marta, at=MOMENT, would_post_myself=False)
    assert list(refusal.value.problems) == ["would_post_myself"]
    services.offer_post(post, by=people.marta, at=MOMENT, would_post_myself=True)
    services.archive_post(post, by=people.marta, at=MOMENT)
    with pytest.raises(services.NotReady):
        services.offer_post(post, by=people.marta, at=MOMENT, would_post_myself=False)


def test_one_caption_in_one_language_is_enough(house: House, people: People) -> None:
    post = makers.draft(house.program, captions=(services.CaptionText(language="pl", text="Warto przeczytać."),))
    services.offer_post(post, by=people.marta, at=MOMENT, would_post_myself=True)
    post.refresh_from_db()
    assert (post.state, post.offered_at, post.offered_by) == (Post.State.OFFERED, MOMENT, people.marta)
    assert not post.segments.exists()  # everybody
    assert AuditEntry.objects.get().action == "content.post_offered"


def test_everything_that_is_missing_is_said_at_once(house: House) -> None:
    post = services.create_post(house.program, by=None, at=MOMENT, details=EMPTY)
    with pytest.raises(services.NotReady) as refusal:
        services.offer_post(post, by=None, at=MOMENT, would_post_myself=False)
    assert set(refusal.value.problems) == {"captions", "kind", "origin", "purposes", "would_post_myself"}


def test_a_picture_without_words_keeps_a_post_from_being_offered(house: House) -> None:
    post = makers.draft(house.program, url="")
    image = services.add_image(post, _file(), alt="", at=MOMENT)
    with pytest.raises(services.NotReady) as refusal:
        services.offer_post(post, by=None, at=MOMENT, would_post_myself=True)
    assert list(refusal.value.problems) == ["images"]
    services.describe_images(post, {image.pk: "Five people around a loom"})
    services.offer_post(post, by=None, at=MOMENT, would_post_myself=True)
    assert post.state == Post.State.OFFERED


def test_an_offered_post_cannot_be_edited_into_one_that_could_not_be_offered(house: House) -> None:
    post = makers.offered(house.program)
    with pytest.raises(services.NotReady):
        services.edit_post(post, details=replace(makers.READY, captions=()), at=MOMENT)
    assert Caption.objects.filter(post=post, archived_at=None).count() == 1


def test_a_caption_that_was_offered_is_archived_when_it_changes_and_a_draft_one_is_not(house: House) -> None:
    post = makers.draft(house.program)
    first = post.captions.get()
    changed = services.CaptionText(language="en", text="Better.", public_id=first.public_id)
    services.edit_post(post, details=replace(makers.READY, captions=(changed,)), at=MOMENT)
    first.refresh_from_db()
    assert first.text == "Better."
    services.offer_post(post, by=None, at=MOMENT, would_post_myself=True)
    best = replace(changed, text="Best.")
    services.edit_post(post, details=replace(makers.READY, captions=(best,)), at=MOMENT + DAY)
    first.refresh_from_db()
    assert (first.text, first.archived_at) == ("Better.", MOMENT + DAY)
    assert [caption.text for caption in post.captions.filter(archived_at=None)] == ["Best."]


def test_a_caption_left_as_it_was_stays_the_same_row(house: House) -> None:
    post = makers.offered(house.program)
    caption = post.captions.get()
    same = services.CaptionText(language="en", text=caption.text, public_id=caption.public_id)
    more = services.CaptionText(language="es", text="Merece la pena.", network="linkedin")
    services.edit_post(post, details=replace(makers.READY, captions=(same, more)), at=MOMENT)
    kept = list(post.captions.filter(archived_at=None).values_list("pk", "language", "network"))
    assert kept[0] == (caption.pk, "en", "")
    assert kept[1][1:] == ("es", "linkedin")


def test_a_post_of_a_feed_expires_when_its_source_says_unless_told_otherwise(house: House) -> None:
    source = makers.source(house.program, days_active=10)
    services.ingest_entries(source, makers.feed(makers.entry("a")), at=MOMENT)
    post = Post.objects.get()
    services.edit_post(post, details=replace(makers.READY, url=post.url, expires_at=None), at=MOMENT)
    services.offer_post(post, by=None, at=MOMENT + DAY, would_post_myself=True)
    assert post.expires_at == MOMENT + 11 * DAY


def test_dismissed_and_archived_posts_come_back_to_where_they_belong(house: House) -> None:
    services.ingest_entries(makers.source(house.program), makers.feed(makers.entry("a")), at=MOMENT)
    entry, draft = Post.objects.get(), makers.draft(house.program)
    assert services.dismiss_posts([entry, draft], at=MOMENT) == 2
    assert services.bring_back_posts([entry, draft], at=MOMENT) == 2
    entry.refresh_from_db()
    draft.refresh_from_db()
    assert (entry.state, draft.state) == (Post.State.INBOX, Post.State.DRAFT)
    offered = makers.offered(house.program)
    assert services.dismiss_posts([offered], at=MOMENT) == 0


def test_a_duplicate_has_everything_but_dates_and_answers(house: House, people: People) -> None:
    topic = makers.topic(house.program)
    post = makers.offered(
        house.program, by=people.marta, topics=(topic,), hashtags=("craft",), featured=True, expires_at=MOMENT + DAY
    )
    services.add_image(post, _file(), alt="A loom", at=MOMENT)
    copy = services.duplicate_post(post, by=people.olga, at=MOMENT + DAY)
    assert copy.public_id != post.public_id
    assert (copy.state, copy.offered_at, copy.expires_at, copy.featured_at) == (Post.State.DRAFT, None, None, None)
    assert (copy.title, copy.kind, copy.hashtags, copy.created_by) == (post.title, post.kind, ["craft"], people.olga)
    assert [caption.text for caption in copy.captions.all()] == ["Worth a read."]
    assert [image.alt for image in copy.images.all()] == ["A loom"]
    assert list(copy.topics.all()) == [topic]


def test_five_posts_are_featured_at_most_and_the_longest_featured_make_room(house: House) -> None:
    made = [
        makers.offered(house.program, at=MOMENT + number * DAY, title=str(number), featured=True) for number in range(7)
    ]
    featured = Post.objects.filter(featured_at__isnull=False).order_by("pk")
    assert list(featured) == made[2:]


def test_addresses_that_are_no_web_addresses_are_refused(house: House) -> None:
    with pytest.raises(services.PostRefused) as refusal:
        makers.draft(house.program, url="javascript:alert(1)")
    assert refusal.value.field == "url"


def test_hashtags_are_words_without_signs_each_once() -> None:
    assert services.clean_hashtags("#Craft, craft #Łódź 2026 #we_care! <b>") == ("Craft", "Łódź", "we_care", "b")


def test_merged_topics_leave_an_alias_and_move_everything(house: House, people: People) -> None:
    old, new = makers.topic(house.program, "Looms"), makers.topic(house.program, "Craft")
    post, source = makers.offered(house.program, topics=(old,)), makers.source(house.program, topics=(old,))
    services.follow_topics(people.ana, [old])
    services.merge_topics(old, into=new, at=MOMENT)
    old.refresh_from_db()
    assert (old.alias_of, old.archived_at) == (new, MOMENT)
    assert list(post.topics.all()) == list(source.topics.all()) == [new]
    assert [follow.topic for follow in people.ana.topic_follows.all()] == [new]
    with pytest.raises(services.TopicRefused):
        services.merge_topics(new, into=old, at=MOMENT)


def test_two_topics_cannot_have_one_name_in_one_language(house: House) -> None:
    topic = services.add_topic(house.program, name={"en": "Craft", "pl": "Rzemiosło"}, at=MOMENT)
    with pytest.raises(services.TopicRefused):
        services.add_topic(house.program, name={"pl": "rzemiosło"}, at=MOMENT)
    services.rename_topic(topic, name={"en": "Crafts", "pl": "Rzemiosło"})
    with pytest.raises(services.TopicRefused):
        services.add_topic(house.program, name={"en": " "}, at=MOMENT)


def test_campaigns_get_a_code_of_their_name_once(house: House) -> None:
    campaign = services.add_campaign(house.program, name="Łódź: 100 lat!", at=MOMENT)
    assert campaign.code == "lodz-100-lat"
    with pytest.raises(services.TopicRefused):
        services.add_campaign(house.program, name="Lodz 100 lat", at=MOMENT)
    services.edit_campaign(campaign, name="New name", starts_on=None, ends_on=None)
    assert campaign.code == "lodz-100-lat"
    with pytest.raises(services.TopicRefused):
        services.edit_campaign(campaign, name="x", starts_on=MOMENT.date(), ends_on=MOMENT.date() - DAY)


def test_a_post_for_fewer_than_five_people_is_not_offered_because_its_figures_would_tell_on_them(
    people: People,
) -> None:
    few, others = (
        Segment.objects.create(program=people.program, name={"en": name}, created_at=MOMENT)
        for name in ("Few", "Others")
    )
    few.picked.set(people.advocates[:3])
    others.picked.set(people.advocates[2:4])
    post = makers.draft(people.program, segments=(few, others))
    with pytest.raises(services.NotReady) as refusal:
        services.offer_post(post, by=people.marta, at=MOMENT, would_post_myself=True)
    assert list(refusal.value.problems) == ["segments"]
    others.picked.add(people.ines)
    services.offer_post(post, by=people.marta, at=MOMENT, would_post_myself=True)
    assert post.state == Post.State.OFFERED
