"""The register of personal data: for every model of the product, what it holds of a person and what erasing does to it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class OnErase(StrEnum):
    """What happens to a model's rows of a person when the person is erased."""

    NOTHING = "holds nothing of a person"
    EMPTIED = "emptied in place; the row stays because facts point to it"
    DELETED = "deleted"
    KEPT = "kept: it says nothing any more once the member's row is empty"


@dataclass(frozen=True, slots=True)
class Entry:
    """One model: the path from it to the member, the columns that a person may read, and what erasing does."""

    path: str = ""
    columns: tuple[str, ...] = ()
    on_erase: OnErase = OnErase.NOTHING


_NOTHING: Final = Entry()

REGISTER: Final[dict[str, Entry]] = {
    "company.Installation": _NOTHING,
    "company.Program": _NOTHING,
    "company.StoredFile": _NOTHING,
    "company.AuditEntry": _NOTHING,  # names people by a public id only
    "company.Schedule": _NOTHING,
    "company.Revision": _NOTHING,
    "company.ApiKey": _NOTHING,
    "people.Team": _NOTHING,
    "people.Member": Entry(
        "pk",
        ("name", "email", "team", "location", "country", "language", "time_zone", "job_title", "role", "created_at"),
        OnErase.EMPTIED,
    ),
    "people.Segment": _NOTHING,
    "people.ConsentText": _NOTHING,
    "people.Invitation": Entry("member", ("channel", "created_at", "sent_at", "used_at"), OnErase.EMPTIED),
    "people.Enrolment": Entry("member", ("state", "joined_at", "changed_at", "shows_name"), OnErase.KEPT),
    "people.ConsentEvent": Entry("enrolment__member", ("state", "text", "language", "at"), OnErase.KEPT),
    "people.PeopleImport": Entry("created_by", ("filename", "created_at", "confirmed_at"), OnErase.EMPTIED),
    "networks.InstanceApp": _NOTHING,
    "networks.Account": Entry(
        "member", ("network", "instance", "handle", "state", "connected_at", "disconnected_at"), OnErase.EMPTIED
    ),
    "networks.Audience": Entry("member", ("network", "low", "high", "origin", "updated_at"), OnErase.KEPT),
    "networks.NetworkChoice": Entry("member", ("network", "position"), OnErase.DELETED),
    "content.Topic": _NOTHING,
    "content.TopicFollow": Entry("member", ("topic",), OnErase.DELETED),
    "content.Campaign": _NOTHING,
    "content.Source": _NOTHING,
    "content.Post": Entry("created_by", ("title", "url", "state", "created_at"), OnErase.KEPT),
    "content.PostImage": _NOTHING,
    "content.Caption": _NOTHING,
    "policy.Guideline": Entry("created_by", ("version", "created_at"), OnErase.KEPT),
    "policy.Acknowledgement": Entry("member", ("guideline", "language", "at"), OnErase.KEPT),
    "policy.Term": _NOTHING,
    "policy.DisclosureWording": _NOTHING,
    "policy.StopSwitch": Entry("engaged_by", ("engaged_at", "reason", "released_at"), OnErase.KEPT),
    "sharing.Draft": Entry("member", ("post", "network", "text", "updated_at"), OnErase.DELETED),
    "sharing.Share": Entry(
        "member",
        ("post", "network", "channel", "state", "certainty", "text", "created_at", "due_at", "out_at", "remote_url"),
        OnErase.EMPTIED,
    ),
    "sharing.Attempt": _NOTHING,
    "sharing.Link": Entry("share__member", ("token", "target_url", "state", "created_at"), OnErase.KEPT),
    "sharing.EngagementReading": Entry(
        "share__member", ("share", "day_on", "reactions", "comments", "reshares"), OnErase.KEPT
    ),
    "tracking.DailySalt": _NOTHING,
    "tracking.OwnVisit": Entry("member", ("day_on",), OnErase.DELETED),
    "tracking.SegmentCursor": _NOTHING,
    "tracking.Referrer": _NOTHING,
    "tracking.Click": _NOTHING,  # a visitor's key of one day, whose salt is deleted when the day closes
    "tracking.ClickArrival": _NOTHING,
    "tracking.ClickStat": _NOTHING,
    "tracking.ClickWeek": _NOTHING,
    "tracking.RequestStat": _NOTHING,
    "tracking.ShareDay": Entry("share__member", ("share", "day_on", "unique"), OnErase.KEPT),
    "tracking.ShareTotal": Entry("share__member", ("share", "valid", "unique"), OnErase.KEPT),
    "tracking.MemberDay": Entry("member", ("day_on", "unique"), OnErase.KEPT),
    "tracking.MemberMonth": Entry("member", ("month_on", "unique"), OnErase.KEPT),
    "tracking.ClickMonth": _NOTHING,
    "tracking.ExportCursor": _NOTHING,
    "tracking.VisitorCount": _NOTHING,
    "tracking.Conversion": Entry("share__member", ("kind", "state", "at", "company_amount"), OnErase.KEPT),
    "measurement.ShareStat": _NOTHING,
    "measurement.ShareWeek": _NOTHING,
    "measurement.EngagementStat": _NOTHING,
    "measurement.ConversionStat": _NOTHING,
    "measurement.AdvocateDay": Entry("member", ("day_on", "network"), OnErase.KEPT),
    "measurement.Participation": _NOTHING,
    "measurement.SoFar": _NOTHING,
    "measurement.AudienceTotal": _NOTHING,
    "measurement.SharedPost": _NOTHING,
    "measurement.Headcount": _NOTHING,
    "measurement.FoldedDay": _NOTHING,
    "measurement.Slice": _NOTHING,
    "measurement.DisclosureDecision": _NOTHING,
    "measurement.DisclosedCell": _NOTHING,
    "measurement.Rate": Entry("confirmed_by", ("network", "confirmed_at"), OnErase.KEPT),
    "measurement.MonthPlan": _NOTHING,
    "measurement.ReportLink": Entry("created_by", ("created_at",), OnErase.KEPT),
    "recognition.LedgerEntry": Entry("member", ("rule", "fact", "points", "at"), OnErase.KEPT),
    "recognition.PeriodPoints": Entry("member", ("kind", "first_on", "points"), OnErase.KEPT),
    "recognition.ScoreLock": _NOTHING,
    "recognition.Note": Entry("author", ("share", "text", "at"), OnErase.DELETED),
    "recognition.PostThanks": Entry("author", ("post", "text", "at"), OnErase.EMPTIED),
    "notices.Mail": Entry("member", ("kind", "state", "at"), OnErase.DELETED),
    "notices.MailboxMessage": Entry("", (), OnErase.DELETED),  # the demo's mailbox, found by address
    "notices.WeeklyChoice": Entry("member", ("wanted", "changed_at"), OnErase.DELETED),
    "notices.WeeklyMail": Entry("member", ("week_on", "state", "at"), OnErase.DELETED),
    "account.EmailAddress": Entry("user", ("email",), OnErase.DELETED),
    "account.EmailConfirmation": Entry("email_address__user", (), OnErase.DELETED),
    "auth.Permission": _NOTHING,
    "auth.Group": _NOTHING,
    "contenttypes.ContentType": _NOTHING,
    "sessions.Session": Entry("", (), OnErase.DELETED),  # found by reading them
}
