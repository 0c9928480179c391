"""Invitations: by mail, link and code; opening uses nothing up, and no list depends on what people answered."""

from datetime import timedelta

import pytest

from tests import cast
from tests.cast import MOMENT
from vocero.company import audit
from vocero.company.models import AuditEntry
from vocero.lib.tokens import fingerprint
from vocero.people import invitations, services
from vocero.people.errors import NotAllowed, NotInvited
from vocero.people.models import Enrolment, Invitation
from vocero.people.queries import can_remind, due_invitations, people_list, unanswered

pytestmark = pytest.mark.django_db
LATER = MOMENT + timedelta(days=5)


def asked(people: cast.People, *members: object) -> list[Invitation]:
    invitations.invite(members, program=people.program, actor="", at=MOMENT)  # type: ignore[arg-type]
    return list(Invitation.objects.order_by("pk"))


def handed_over(people: cast.People, at: object = MOMENT) -> invitations.Key:
    return invitations.personal_link(people.nobody_asked, program=people.program, channel="link", actor="", at=at)  # type: ignore[arg-type]


def test_a_link_lets_in_once_and_finding_it_uses_nothing_up(people: cast.People) -> None:
    key = handed_over(people)
    for _ in range(3):
        found = invitations.find(key.token)
        assert found is not None
        assert invitations.is_open(found, at=LATER)
    assert invitations.use(found, at=LATER) == people.nobody_asked
    with pytest.raises(NotInvited):
        invitations.use(found, at=LATER)


def test_neither_tokens_nor_codes_are_stored(people: cast.People) -> None:
    key = handed_over(people)
    row = Invitation.objects.values().get()
    assert key.token not in str(row)
    assert key.code not in str(row)
    assert row["token_hash"] == fingerprint("people.invitation.link", key.token)


def test_a_link_runs_out_after_thirty_days_and_with_deactivation(people: cast.People) -> None:
    key = handed_over(people)
    assert not invitations.is_open(key.invitation, at=MOMENT + timedelta(days=30, seconds=1))
    services.deactivate(people.nobody_asked, actor="", at=LATER)
    key.invitation.refresh_from_db()
    with pytest.raises(NotInvited):
        invitations.use(key.invitation, at=LATER)
    with pytest.raises(NotAllowed):
        handed_over(people)


def test_a_new_link_takes_the_place_of_the_one_before(people: cast.People) -> None:
    first, second = handed_over(people), handed_over(people)
    first.invitation.refresh_from_db()
    assert not invitations.is_open(first.invitation, at=LATER)
    assert invitations.is_open(second.invitation, at=LATER)
    assert AuditEntry.objects.filter(action="people.link_made", subject=people.nobody_asked.public_id).count() == 2


def test_the_code_of_the_newest_invitation_lets_in(people: cast.People) -> None:
    key = handed_over(people)
    spaced = f"{key.code[:3]} {key.code[3:]}"
    assert invitations.use_code("NORA@aurora.example", spaced, at=LATER) == people.nobody_asked


def test_five_wrong_codes_close_an_invitation_for_codes_but_not_for_its_link(people: cast.People) -> None:
    key = handed_over(people)
    wrong = f"{(int(key.code) + 1) % 10**6:06d}"
    for _ in range(5):
        with pytest.raises(NotInvited):
            invitations.use_code("nora@aurora.example", wrong, at=LATER)
    with pytest.raises(NotInvited):
        invitations.use_code("nora@aurora.example", key.code, at=LATER)
    assert invitations.use(key.invitation, at=LATER) == people.nobody_asked


def test_every_refused_code_gets_the_same_sentence(people: cast.People) -> None:
    handed_over(people)
    sentences = set()
    for email in ("nora@aurora.example", "ana@aurora.example", "nobody@aurora.example", ""):
        with pytest.raises(NotInvited) as refused:
            invitations.use_code(email, "12345", at=LATER)
        sentences.add(str(refused.value))
    assert len(sentences) == 1


def test_inviting_treats_everybody_alike_whatever_they_answered(people: cast.People) -> None:
    everybody = [people.ana, people.declined, people.paused, people.left, people.nobody_asked]
    asked(people, *everybody)
    rows = people_list(people.program).filter(pk__in=[one.pk for one in everybody])
    assert {(row.state, row.invited_at) for row in rows} == {("invited", MOMENT)}
    assert len(due_invitations(MOMENT, at_most=50)) == 5


def test_the_reminder_goes_to_those_without_an_answer_and_only_once(people: cast.People) -> None:
    one, *_others = asked(people, people.nobody_asked, people.ana, people.declined, people.left)
    assert list(unanswered(people.program)) == [people.nobody_asked]
    invitations.mark_sent(one, at=MOMENT)
    invitations.remind(people.program, actor="", at=LATER)
    assert list(Invitation.objects.filter(reminds=True).values_list("member", flat=True)) == [people.nobody_asked.pk]
    invitations.remind(people.program, actor="", at=LATER)
    assert Invitation.objects.filter(reminds=True).count() == 1


def test_whether_one_can_remind_depends_on_invitations_alone(people: cast.People) -> None:
    assert not can_remind(people.program)
    asked(people, people.ana)
    assert can_remind(people.program), "Ana has answered, and nobody can tell"
    invitations.remind(people.program, actor="", at=LATER)
    assert not can_remind(people.program)
    assert not Invitation.objects.filter(reminds=True).exists()


def test_a_reminder_changes_nothing_in_the_people_list(people: cast.People) -> None:
    asked(people, people.nobody_asked, people.ana)
    before = [(row.pk, row.state, row.invited_at) for row in people_list(people.program).order_by("pk")]
    invitations.remind(people.program, actor="", at=LATER)
    reminder = Invitation.objects.get(reminds=True)
    invitations.mark_bounced(reminder, at=LATER)
    assert [(row.pk, row.state, row.invited_at) for row in people_list(people.program).order_by("pk")] == before


def test_an_expired_invitation_is_renewed_once_at_a_time(people: cast.People) -> None:
    key = handed_over(people)
    after = MOMENT + timedelta(days=40)
    invitations.renew(key.invitation, at=after)
    invitations.renew(key.invitation, at=after + timedelta(minutes=1))
    assert Invitation.objects.filter(renews=True).count() == 1
    assert people_list(people.program).get(pk=people.nobody_asked.pk).invited_at == MOMENT


def test_one_worker_alone_takes_an_invitation_and_a_dead_one_loses_it(people: cast.People) -> None:
    (one,) = asked(people, people.nobody_asked)
    assert invitations.claim(one, at=MOMENT)
    assert not invitations.claim(one, at=MOMENT + timedelta(minutes=2))
    assert not due_invitations(MOMENT + timedelta(minutes=2), at_most=5)
    assert invitations.claim(one, at=MOMENT + timedelta(minutes=4))


def test_a_mail_that_does_not_get_out_is_tried_later_each_time_and_given_up_after_days(people: cast.People) -> None:
    (one,) = asked(people, people.nobody_asked)
    waits, at = [], MOMENT
    while due_invitations(at, at_most=1):
        assert invitations.claim(one, at=at)
        invitations.mark_delayed(one, at=at)
        one.refresh_from_db()
        if one.bounced_at:
            break
        assert one.due_at is not None
        waits.append((one.due_at - at).total_seconds() / 60)
        at = one.due_at
    assert waits[:7] == [5, 10, 20, 40, 80, 160, 180]
    assert timedelta(days=1) < at - MOMENT < timedelta(days=4)
    assert people_list(people.program).get(pk=people.nobody_asked.pk).state == "bounced"


def test_the_audit_log_of_inviting_and_reminding_names_nobody(people: cast.People) -> None:
    asked(people, people.nobody_asked, people.ana)
    invitations.remind(people.program, actor=people.olga.public_id, at=LATER)
    told = list(AuditEntry.objects.values_list("action", "subject", "detail"))
    assert told == [("people.invited", "", {"people": 2}), ("people.reminded", "", {})]
    assert audit.check().whole


def test_answers_are_appended_with_the_text_and_language_that_were_shown(people: cast.People) -> None:
    member, program, text = people.nobody_asked, people.program, people.house.consent_text
    services.join(member, program, text=text, language="pl", at=MOMENT)
    services.pause(member, program, language="pl", at=LATER, until_on=LATER.date())
    services.resume(member, program, language="pl", at=LATER)
    services.leave(member, program, language="en", at=LATER)
    enrolment = Enrolment.objects.get(member=member)
    assert enrolment.state == "left"
    assert [(one.state, one.language, one.text_id) for one in enrolment.consent_events.order_by("pk")] == [
        ("joined", "pl", text.pk),
        ("paused", "pl", text.pk),
        ("joined", "pl", text.pk),
        ("left", "en", text.pk),
    ]
    with pytest.raises(NotAllowed):
        services.pause(member, program, language="en", at=LATER)
