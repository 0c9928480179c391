"""What every page loads from us besides static files, and the page of all parts (in debug)."""

from django.conf import settings
from django.urls import path

from vocero.web import files, manifest, styleguide, stylesheet

urlpatterns = [
    path("look/brand-<slug:color>.css", stylesheet.brand, name="brand"),
    path("look/<slug:digest>.css", stylesheet.stylesheet, name="stylesheet"),
    path("files/<slug:key>", files.file, name="file"),
    path("site.webmanifest", manifest.manifest, name="manifest"),
]
if settings.DEBUG:
    urlpatterns += styleguide.urlpatterns
