"""The content security policy of pages we do not write ourselves.

Our own pages allow no inline code and nothing from elsewhere (settings.CONTENT_SECURITY_POLICY). Two parts need more, and
get it on their own addresses only: the admin, whose Alpine evaluates expressions and whose widgets set styles, and the API
documentation, whose page starts with an inline script. Neither may load anything from another host.
"""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_PREFIXES = ("/admin/", "/api/docs/")
_DIRECTIVES = {
    "default-src": [SELF],
    "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
}


class AdminPolicyMiddleware:
    """Widen the policy below `/admin/` and `/api/docs/`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith(_PREFIXES):
            response._csp_replace = _DIRECTIVES  # type: ignore[attr-defined]
        return response
