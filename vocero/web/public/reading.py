"""Who is asking, read for each page with two queries that are put together once: the session and its member."""

from typing import Any, Final

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from vocero.lib import clock
from vocero.lib.prepared import Prepared
from vocero.people.models import Member

_FIELDS: Final = tuple(field.attname for field in Member._meta.concrete_fields)


class SessionStore(DatabaseSessions):
    """Django's own sessions in the database; only reading one is quicker."""

    def load(self) -> dict[str, Any]:
        rows = _SESSION.rows(key=self.session_key or "")
        if not rows or rows[0][1] <= clock.now():
            self._session_key = None
            return {}
        decoded: dict[str, Any] = self.decode(rows[0][0])
        return decoded


class _Members:
    def get_user(self, user_id: Any) -> Member | None:
        """Give the member that a session names, if they may still sign in."""
        rows = _MEMBER.rows(member=int(user_id))
        member = Member.from_db(DEFAULT_DB_ALIAS, _FIELDS, rows[0]) if rows else None
        return member if member is not None and member.is_active else None


class MemberBackend(_Members, ModelBackend):
    """Django's own backend, for those whom the product itself signs in."""


class SignInBackend(_Members, AuthenticationBackend):  # type: ignore[misc]
    """The backend of the sign-in pages."""


def _session(key: str) -> QuerySet[Session, Any]:
    return Session.objects.filter(session_key=key).values_list("session_data", "expire_date")


def _member(member: int) -> QuerySet[Member, Any]:
    return Member.objects.filter(pk=member).values_list(*_FIELDS)


_SESSION: Final = Prepared(_session, "key", texts=("key",), typed=True)
_MEMBER: Final = Prepared(_member, "member", typed=True)
