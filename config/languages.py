"""Which language an answer is in: the person's for pages, English for what programs read."""

from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

_FOR_PROGRAMS = ("/api/",)


class LanguageMiddleware(LocaleMiddleware):
    """Django's own choice (the cookie, then what the browser asks for), except that the API speaks English.

    What integrators match on, and what an answer of the API is written to a record with, does not depend on a browser.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(_FOR_PROGRAMS):
            translation.activate("en")
            request.LANGUAGE_CODE = "en"
            return
        super().process_request(request)
