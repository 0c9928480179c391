"""Addresses of the advocate's pages."""

from django.urls import URLPattern, URLResolver

app_name = "advocate"
urlpatterns: list[URLPattern | URLResolver] = []
