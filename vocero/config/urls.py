"""Every address of the product: public pages, the advocate's, the program team's and the API."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("vocero.api.urls")),
    path("manage/", include("vocero.web.manager.urls")),
    path("", include("vocero.web.advocate.urls")),
    path("", include("vocero.web.urls")),
    path("", include("vocero.web.public.urls")),
]

handler400 = "vocero.web.errors.bad_request"
handler403 = "vocero.web.errors.forbidden"
handler404 = "vocero.web.errors.not_found"
handler500 = "vocero.web.errors.server_error"
