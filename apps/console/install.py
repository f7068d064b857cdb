"""What lets a phone or computer install Second Look: a manifest, a service worker, and the page shown without a connection.

Nothing here is about a person, so nothing asks for a sign-in. The service worker keeps the product's own static files and
the offline page, and no page or answer that holds data of anybody.
"""

import json
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

_ICONS: Final = (
    ("icon-192", 192, "any"),
    ("icon-512", 512, "any"),
    ("maskable-512", 512, "maskable"),
)
_GROUND: Final = "#f5f6f9"
_ACCENT: Final = "#4338ca"


@require_GET
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest. Its colours are those of the light theme; pages name the dark one themselves."""
    described: dict[str, Any] = {
        "id": "/",
        "name": "Second Look",
        "short_name": "Second Look",
        "description": gettext("Alerts that wait for a person, cases, and the record of both."),
        "lang": translation.get_language() or settings.LANGUAGE_CODE,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": _GROUND,
        "theme_color": _ACCENT,
        "icons": [
            {
                "src": static(f"console/install/{name}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for name, size, purpose in _ICONS
        ],
    }
    return JsonResponse(described, content_type="application/manifest+json")


@never_cache
@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script of the service worker; a release with other static files is another script, so that browsers take it."""
    facts = {
        "release": getattr(staticfiles_storage, "manifest_hash", "") or "plain",
        "offline": f"{reverse('offline')}?language={_language(request)}",
        "files": settings.STATIC_URL,
        "icon": static("console/install/icon-192.png"),
    }
    script = render_to_string("console/service_worker.js", {"facts": json.dumps(facts)})
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown instead of a page that could not be fetched."""
    with translation.override(_language(request)):
        return HttpResponse(render_to_string("console/offline.html"))


def _language(request: HttpRequest) -> str:
    """The language asked for where pages are written in it; else the one of the request."""
    asked = request.GET.get("language", "")
    if asked in dict(settings.LANGUAGES):
        return asked
    return translation.get_language() or settings.LANGUAGE_CODE
