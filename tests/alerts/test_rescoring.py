"""An external detector is asked again: its answer, every way of failing, and where frames never go."""

import io
import json
import socket
import threading
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from PIL import Image

from apps.alerts.addresses import AddressRefused, require_url
from apps.alerts.models import DetectorSource
from apps.alerts.operations import create_source
from apps.alerts.operations.rescoring import (
    endpoint_of,
    rotate_rescore_secret,
    set_rescoring,
    try_rescoring,
)
from apps.alerts.plain_png import plain_png
from apps.alerts.rescoring import RescoreEndpoint, UnableToRescore
from apps.alerts.signing import new_secret
from apps.audit.events import Actor, Event, Subject
from apps.audit.queries import events_of
from tests.alerts.detectors import detector
from tests.console.people import signed_in
from tests.world import World

SECRET = new_secret()


def picture(value: int, *, side: int = 16) -> bytes:
    return plain_png(bytes([value]) * (side * side * 3), width=side, height=side)


def endpoint(url: str, *, seconds: float = 20.0, secret: str = SECRET) -> RescoreEndpoint:
    return RescoreEndpoint(source_id=uuid4(), url=url, secret=secret, timeout_seconds=seconds)


def test_frames_travel_without_loss() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (7, 11, 3), dtype=np.uint8)
    png = plain_png(pixels.tobytes(), width=11, height=7)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), pixels)


def test_the_documented_example_answers_a_signed_question() -> None:
    with detector("motion", secret=SECRET) as url:
        still = endpoint(url).ask([(0.0, picture(50)), (0.2, picture(50))])
        moving = endpoint(url).ask([(0.0, picture(50)), (0.2, picture(82))])
        with pytest.raises(UnableToRescore, match="status 401"):
            endpoint(url, secret=new_secret()).ask([(0.0, picture(50))])
    assert (still, moving) == (0.0, 0.5)


@pytest.mark.parametrize(
    ("judgement", "sentence"),
    [
        ("wordy", "did not answer with"),
        ("beyond", "not within 0..1"),
        ("long", "too long"),
    ],
)
def test_what_is_no_score_is_said_in_words(judgement: str, sentence: str) -> None:
    with (
        detector(judgement, secret=SECRET) as url,
        pytest.raises(UnableToRescore, match=sentence),
    ):
        endpoint(url).ask([(0.0, picture(1))])


def test_a_slow_detector_is_not_waited_for() -> None:
    with (
        detector("slow", secret=SECRET) as url,
        pytest.raises(UnableToRescore, match=r"did not answer in 0\.3 s"),
    ):
        endpoint(url, seconds=0.3).ask([(0.0, picture(1))])


def test_nobody_there_is_said_in_words() -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with pytest.raises(UnableToRescore, match="cannot be reached"):
        endpoint(f"http://127.0.0.1:{port}/").ask([(0.0, picture(1))])


class Raw:
    """Answers each connection with the same bytes, and keeps what it was sent."""

    def __init__(self, *answers: bytes) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}/"
        self.answers = answers
        self.seen: list[bytes] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with self.server:
            for answer in self.answers:
                connection, _ = self.server.accept()
                with connection:
                    self.seen.append(self._request(connection))
                    connection.sendall(answer)

    def _request(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data or not data.rstrip().endswith(b"}"):
            data += connection.recv(65536)
        return data


def answered(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_a_redirect_is_not_followed() -> None:
    raw = Raw(answered("302 Found", b"", "location: http://169.254.169.254/"))
    with pytest.raises(UnableToRescore, match="redirect"):
        endpoint(raw.url).ask([(0.0, picture(1))])


def test_a_busy_detector_is_asked_once_more_with_the_same_id() -> None:
    raw = Raw(answered("503 Busy"), answered("200 OK", b'{"score": 0.25}'))
    assert endpoint(raw.url).ask([(0.0, picture(1))]) == 0.25
    ids = [
        line
        for request in raw.seen
        for line in request.split(b"\r\n")
        if line.lower().startswith(b"webhook-id")
    ]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_an_error_that_lasts_is_not_hammered() -> None:
    raw = Raw(answered("500 Broken"))
    with pytest.raises(UnableToRescore, match="status 500"):
        endpoint(raw.url).ask([(0.0, picture(1))])
    assert len(raw.seen) == 1


@pytest.mark.parametrize(
    "url",
    ["http://10.1.2.3/s", "https://192.168.0.9:8443/s", "http://[fd00::5]/s", "http://kiosk/score"],
)
def test_addresses_inside_the_network_may_be_kept(url: str) -> None:
    assert require_url(url, beyond_network=False).hostname


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://10.0.0.5/", "begins with http"),
        ("10.0.0.5:9000", "begins with http"),
        ("http://", "begins with http"),
        ("http://10.0.0.5:99999/", "not an address"),
        ("http://me:secret@10.0.0.5/", "no user"),
        ("http://10.0.0.5/ x", "no spaces"),
        ("http://8.8.8.8/", "outside the store's network"),
        ("http://[::ffff:8.8.8.8]/", "outside the store's network"),
        ("http://169.254.169.254/latest", "none that a detector"),
        ("http://0.0.0.0/", "none that a detector"),
        ("http://[fe80::1]/", "none that a detector"),
        ("http://224.0.0.1/", "none that a detector"),
        ("http://10.0.0.5/" + "a" * 300, "at most 300"),
    ],
)
def test_other_addresses_are_refused_in_words(url: str, sentence: str) -> None:
    with pytest.raises(AddressRefused, match=sentence):
        require_url(url, beyond_network=False)


def test_a_tenant_may_allow_an_address_outside_by_https_only() -> None:
    assert require_url("https://8.8.8.8/", beyond_network=True)
    with pytest.raises(AddressRefused, match="https only"):
        require_url("http://8.8.8.8/", beyond_network=True)
    with pytest.raises(AddressRefused, match="none that a detector"):
        require_url("https://169.254.169.254/", beyond_network=True)


def test_a_name_that_leads_outside_is_refused_when_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def outside(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(socket, "getaddrinfo", outside)
    with pytest.raises(UnableToRescore, match="outside the store's network"):
        endpoint("http://kiosk.store/score").ask([(0.0, picture(1))])


@pytest.fixture
def source(world: World) -> DetectorSource:
    return create_source(actor=Actor.system(world.tenant.id), name="kiosk")[0]


@pytest.mark.django_db
def test_setting_an_address_gives_a_secret_once_and_is_audited(
    world: World, source: DetectorSource
) -> None:
    actor = Actor.system(world.tenant.id)
    secret = set_rescoring(actor=actor, source=source, url="http://10.0.0.5:9000/score")
    again = set_rescoring(
        actor=actor, source=source, url="http://10.0.0.6:9000/score", timeout_seconds=2.0
    )

    source.refresh_from_db()
    assert secret
    assert again is None
    assert endpoint_of(source).secret == secret
    assert (endpoint_of(source).url, endpoint_of(source).timeout_seconds) == (
        "http://10.0.0.6:9000/score",
        2.0,
    )
    other = rotate_rescore_secret(actor=actor, source=source)
    assert endpoint_of(source).secret == other != secret
    set_rescoring(actor=actor, source=source, url="")
    source.refresh_from_db()
    assert source.rescore_secret_sealed is None
    with pytest.raises(UnableToRescore, match="No address is set"):
        endpoint_of(source)
    told = [
        one.event
        for one in events_of(
            tenant_id=world.tenant.id, subjects=[Subject("source", str(source.id))]
        )
    ]
    assert told.count(Event.SOURCE_CHANGED) == 3
    assert told.count(Event.SOURCE_SECRET_ROTATED) == 2


@pytest.mark.django_db
def test_a_wrong_address_changes_nothing(world: World, source: DetectorSource) -> None:
    actor = Actor.system(world.tenant.id)
    with pytest.raises(ValidationError, match="outside the store's network"):
        set_rescoring(actor=actor, source=source, url="http://8.8.8.8/")
    source.refresh_from_db()
    assert source.rescore_url == ""


@pytest.mark.django_db
def test_a_source_is_tried_against_a_real_process(world: World, source: DetectorSource) -> None:
    actor = Actor.system(world.tenant.id)
    secret = set_rescoring(
        actor=actor, source=source, url="http://127.0.0.1:9/score", timeout_seconds=20
    )
    assert secret
    with detector("motion", secret=secret) as url:
        set_rescoring(actor=actor, source=source, url=url)
        assert 0 < try_rescoring(source=source) <= 1


@pytest.mark.django_db(transaction=True)
def test_the_commands_set_try_and_refuse(world: World) -> None:
    def run(name: str, *arguments: str) -> Any:
        out = io.StringIO()
        call_command(
            name, "--tenant", world.tenant.slug, "--name", "door", *arguments, "--json", stdout=out
        )
        return json.loads(out.getvalue())

    made = run("source_create", "--rescore-url", "http://127.0.0.1:9/score")
    with detector("times", secret=made["rescore_secret"]) as url:
        tried = run("source_change", "--rescore-url", url, "--rescore-timeout", "20", "--try")
    assert (tried["secret"], tried["score"]) == (None, pytest.approx(0.3002))
    assert run("source_change", "--new-rescore-secret")["secret"]
    with pytest.raises(CommandError, match="outside the store's network"):
        run("source_change", "--rescore-url", "http://8.8.8.8/")
    with pytest.raises(CommandError, match="There is no source"):
        call_command("source_change", "--tenant", "nobody", "--name", "door")


@pytest.mark.django_db
def test_the_admin_sets_it_and_says_what_the_detector_answered(
    world: World, source: DetectorSource
) -> None:
    client = signed_in(world.administrator)
    page = f"/admin/alerts/detectorsource/{source.id}/change/"
    fields = {
        "name": "kiosk",
        "is_active": "on",
        "rescore_url": "http://8.8.8.8/",
        "rescore_timeout_seconds": "20",
        "ai_act_class": "undecided",
        "ai_act_rationale": "",
    }
    refused = client.post(page, fields)
    assert b"outside the store" in refused.content
    saved = client.post(page, fields | {"rescore_url": "http://127.0.0.1:9/score"}, follow=True)
    assert b"whsec_" in saved.content
    source.refresh_from_db()
    with detector("times", secret=endpoint_of(source).secret) as url:
        tried = client.post(
            page,
            fields | {"rescore_url": url, "alerts_detectorsource_try_rescoring": "Save"},
            follow=True,
        )
    assert b"The detector answered: 0.3002." in tried.content
    gone = client.post(
        page,
        fields | {"rescore_url": url, "alerts_detectorsource_try_rescoring": "Save"},
        follow=True,
    )
    assert b"cannot be reached" in gone.content
