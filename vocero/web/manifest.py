"""The web app manifest: lets a phone keep Vocero on its home screen under the company's name."""

from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.utils.translation import gettext as _

from vocero.company.queries import installation
from vocero.web.access import public

MOST_ON_A_HOME_SCREEN = 12


@public
def manifest(request: HttpRequest) -> JsonResponse:
    """Name, colors and icons for the home screen; opens where the person's own pages begin."""
    house = installation()
    name = house.name if house else "Vocero"
    pictures = [
        {"src": static(f"img/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size, purpose in ((192, "any"), (512, "any"), (512, "maskable"))
    ]
    return JsonResponse(
        {
            "name": name,
            "short_name": name if len(name) <= MOST_ON_A_HOME_SCREEN else "Vocero",
            "description": _("Posts from work that are worth passing on."),
            "start_url": "/",
            "display": "standalone",
            "background_color": "#faf8f4",
            "theme_color": "#faf8f4",
            "icons": pictures,
        },
        content_type="application/manifest+json",
    )
