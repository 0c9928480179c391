"""Addresses of the advocate's pages."""

from django.urls import URLPattern, URLResolver, path

from vocero.web.advocate import accounts, compose, guideline, me, shares, today

app_name = "advocate"
urlpatterns: list[URLPattern | URLResolver] = [
    path("today", today.today, name="today"),
    path("share/<slug:public_id>", compose.compose, name="compose"),
    path("share/<slug:public_id>/checks", compose.compose_checks, name="compose-checks"),
    path("share/<slug:public_id>/thanks/<slug:share_id>", compose.compose_thanks, name="compose-thanks"),
    path("shares", shares.shares, name="shares"),
    path("shares/<slug:public_id>", shares.one, name="shares-share"),
    path("shares/<slug:public_id>/finish", shares.finish, name="shares-finish"),
    path("shares/<slug:public_id>/answer", shares.answer, name="shares-answer"),
    path("shares/<slug:public_id>/clear-up", shares.clear_up, name="shares-clear-up"),
    path("shares/<slug:public_id>/cancel", shares.cancel, name="shares-cancel"),
    path("shares/<slug:public_id>/take-down", shares.withdraw, name="shares-withdraw"),
    path("shares/<slug:public_id>/edit", shares.edit, name="shares-edit"),
    path("guideline", guideline.guideline, name="guideline"),
    path("me", me.me, name="me"),
    path("me/networks", me.save_choices, name="me-networks"),
    path("me/topics", me.save_topics, name="me-topics"),
    path("me/reading", me.save_reading, name="me-reading"),
    path("me/name", me.save_name, name="me-name"),
    path("me/break", me.take_break, name="me-break"),
    path("me/export", me.export, name="me-export"),
    path("me/leave", me.leave, name="me-leave"),
    path("me/connect/<slug:network>", accounts.connect, name="me-connect"),
    path("me/connected", accounts.connected, name="me-connected"),
    path("me/accounts/<slug:public_id>/disconnect", accounts.disconnect, name="me-disconnect"),
]
