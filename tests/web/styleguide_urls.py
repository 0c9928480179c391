"""The product's addresses and the page of all parts, which is served in debug only."""

from vocero.config.urls import handler400, handler403, handler404, handler500
from vocero.config.urls import urlpatterns as product
from vocero.web import styleguide

urlpatterns = [*styleguide.urlpatterns, *product]

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
