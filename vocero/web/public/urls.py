"""Addresses that anybody may open."""

from django.urls import URLPattern, URLResolver, path

from vocero.web.public import (
    demo,
    files,
    home,
    join,
    language,
    mailbox,
    privacy,
    report,
    setup,
    sign_in,
    weekly,
    welcome,
)

app_name = "public"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("sign-in", sign_in.ask_for_code, name="sign-in"),
    path("sign-in/code", sign_in.enter_code, name="sign-in-code"),
    path("sign-in/password", sign_in.enter_password, name="sign-in-password"),
    path("sign-in/link/<str:token>", sign_in.use_link, name="sign-in-link"),
    path("phone", sign_in.on_phone, name="phone"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("welcome", welcome.type_code, name="welcome-code"),
    path("welcome/<str:token>", welcome.open_invitation, name="welcome"),
    path("join", join.meaning, name="join"),
    path("join/guideline", join.guideline, name="join-guideline"),
    path("join/topics", join.topics, name="join-topics"),
    path("join/networks", join.choose_networks, name="join-networks"),
    path("join/done", join.done, name="join-done"),
    path("join/no-thank-you", join.declined, name="join-declined"),
    path("privacy", privacy.page, name="privacy"),
    path("report/<str:token>", report.report, name="report"),
    path("language", language.switch, name="language"),
    path("setup/<str:token>", setup.set_up, name="setup"),
    path("f/<slug:key>", files.stored, name="file"),
    path("mailbox", mailbox.messages, name="mailbox"),
    path("mailbox/<slug:public_id>", mailbox.message, name="mailbox-message"),
    path("mailbox/<slug:public_id>/html", mailbox.markup, name="mailbox-html"),
    path("weekly/stop/<str:token>", weekly.stop, name="weekly-stop"),
    path("demo", demo.choose, name="demo"),
    path("demo/as/<str:token>", demo.sign_in, name="demo-sign-in"),
]
