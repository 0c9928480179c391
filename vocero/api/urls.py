"""Addresses of the API: version 1."""

from django.urls import URLPattern, URLResolver, path

from vocero.api import v1

urlpatterns: list[URLPattern | URLResolver] = [path("v1/", v1.addresses())]
