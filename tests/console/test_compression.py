"""Pages are sent compressed; what is asked for in ranges is not."""

import gzip

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from config.compression import PageCompressionMiddleware
from tests.console.people import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_page_is_sent_compressed_to_a_browser_that_takes_it(world: World) -> None:
    client = signed_in(world.lead)
    plain = client.get("/")
    assert "Content-Encoding" not in plain.headers
    answer = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"Queue" in gzip.decompress(answer.content)
    assert len(answer.content) < len(plain.content) / 2


@pytest.mark.parametrize("kind", ["video/mp4", "application/pdf"])
def test_footage_and_files_are_sent_as_they_are(kind: str) -> None:
    request = HttpRequest()
    request.META["HTTP_ACCEPT_ENCODING"] = "gzip"
    body = b"frame" * 1_000
    for response in (
        HttpResponse(body, content_type=kind),
        StreamingHttpResponse([body], content_type=kind),
    ):
        sent = PageCompressionMiddleware(lambda _, response=response: response)(request)
        assert "Content-Encoding" not in sent.headers
