"""The front door: leads each person to the page that is theirs."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from vocero.people.queries import takes_part
from vocero.web.access import public, signed_in


@public
def home(request: HttpRequest) -> HttpResponseBase:
    """Today for those who take part, the overview for the program team, joining or sign-in for all others."""
    if not request.user.is_authenticated:
        return redirect("public:demo" if settings.ENVIRONMENT.demo else "public:sign-in")
    who = signed_in(request)
    if who.runs_the_program:
        return redirect("manager:overview")
    return redirect("advocate:today" if takes_part(who) else "public:join")
