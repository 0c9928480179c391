"""Addresses that anybody may open."""

from django.urls import URLPattern, URLResolver, path

from vocero.web.public import home

app_name = "public"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
]
