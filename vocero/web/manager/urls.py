"""Addresses of the program team's pages."""

from django.urls import URLPattern, URLResolver

app_name = "manager"
urlpatterns: list[URLPattern | URLResolver] = []
