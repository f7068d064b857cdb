"""Pages are sent compressed. Footage, exports and event streams go out as they are: byte ranges of them are asked for."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_COMPRESSED = ("text/html", "application/json", "application/vnd.oai.openapi")


class PageCompressionMiddleware(GZipMiddleware):
    """Django's own, with its random padding against guessing secrets by length, for pages and JSON alone."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "")
        if response.streaming or not kind.startswith(_COMPRESSED):
            return response
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed
