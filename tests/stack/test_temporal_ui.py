"""Temporal's own UI through our door: who may enter, what passes, what stays outside."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from apps.accounts.models import Tenant, User
from apps.accounts.permissions import Role
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Event
from apps.audit.models import InboxEntry
from config.temporal_ui import PREFIX, temporal_ui
from tests.harness import environment
from tests.world import make_person, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "http://localhost:8000"
FROM_OUR_PAGE = {"origin": OURS, "sec-fetch-site": "same-origin"}


def ask(
    method: str,
    path: str,
    *,
    cookies: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=temporal_ui)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=OURS, cookies=cookies) as client:
            return await client.request(method, path, headers=headers, content=body)

    return asyncio.run(once())


def signed_in(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    name = django_settings.SESSION_COOKIE_NAME
    return {name: client.cookies[name].value}


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def ops(tenant: Tenant) -> User:
    return make_person(tenant, Role.OPS)


@pytest.fixture
def temporals_own(temporal_server: str, settings: Any) -> str:
    settings.TEMPORAL_UI_URL = environment.TEMPORAL.exports()["TEMPORAL_UI_URL"]
    return temporal_server


@pytest.fixture
def nobody_upstream(settings: Any) -> None:
    """Where Temporal's UI would be nobody answers: what passes our door gets a 502."""
    settings.TEMPORAL_UI_URL = f"http://127.0.0.1:9{PREFIX}"


def audited(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant.id):
        return [(row.event, str(row.subject_id)) for row in InboxEntry.objects.order_by("id")]


@pytest.mark.usefixtures("temporals_own")
def test_an_operations_engineer_sees_temporals_pages_and_data(ops: User) -> None:
    cookies = signed_in(ops)
    page = ask("GET", f"{PREFIX}/", cookies=cookies)
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    data = ask("GET", f"{PREFIX}/api/v1/namespaces/default", cookies=cookies)
    assert data.json()["namespaceInfo"]["name"] == "default"


@pytest.mark.usefixtures("nobody_upstream")
def test_a_stranger_is_sent_to_the_sign_in_and_back(tenant: Tenant) -> None:
    answer = ask("GET", f"{PREFIX}/namespaces/default/workflows?query=a%20b")
    assert answer.status_code == 302
    there = urlsplit(answer.headers["location"])
    assert there.path == "/accounts/login/"
    assert there.query == f"next={PREFIX}/namespaces/default/workflows%3Fquery%3Da%2520b"


@pytest.mark.usefixtures("nobody_upstream")
def test_a_made_up_session_is_a_strangers(tenant: Tenant) -> None:
    forged = {django_settings.SESSION_COOKIE_NAME: SessionStore().session_key or "x" * 32}
    assert ask("GET", f"{PREFIX}/", cookies=forged).status_code == 302
    refused = ask("POST", f"{PREFIX}/api/v1/x", cookies=forged, headers=FROM_OUR_PAGE)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in {Role.OPS, Role.ADMINISTRATOR}]
)
@pytest.mark.usefixtures("nobody_upstream")
def test_other_roles_are_refused_and_it_is_audited(tenant: Tenant, role: Role) -> None:
    person = make_person(tenant, role)
    assert ask("GET", f"{PREFIX}/", cookies=signed_in(person)).status_code == 403
    assert (Event.ACCESS_DENIED, str(person.id)) in audited(tenant)


@pytest.mark.usefixtures("temporals_own")
def test_where_several_tenants_work_one_tenants_operator_is_refused(ops: User) -> None:
    """The UI shows the runs of every tenant: their number, their times."""
    make_tenant()
    assert ask("GET", f"{PREFIX}/", cookies=signed_in(ops)).status_code == 403
    User.objects.filter(id=ops.id).update(is_superuser=True)
    assert ask("GET", f"{PREFIX}/", cookies=signed_in(ops)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "http://localhost:9999", "sec-fetch-site": "same-site"},
        {"origin": OURS, "sec-fetch-site": "cross-site"},
    ],
)
@pytest.mark.usefixtures("nobody_upstream")
def test_an_act_from_another_site_is_refused(ops: User, headers: dict[str, str]) -> None:
    answer = ask("POST", f"{PREFIX}/api/v1/x", cookies=signed_in(ops), headers=headers)
    assert answer.status_code == 403


@pytest.mark.usefixtures("temporals_own")
def test_an_act_passes_with_temporals_own_token_and_is_audited(tenant: Tenant, ops: User) -> None:
    cookies = signed_in(ops)
    token = ask("GET", f"{PREFIX}/", cookies=cookies).cookies["_csrf"]
    unknown_run = f"{PREFIX}/api/v1/namespaces/default/workflows/nobody/terminate"
    answer = ask(
        "POST",
        unknown_run,
        cookies=cookies | {"_csrf": token},
        headers=FROM_OUR_PAGE | {"x-csrf-token": token, "content-type": "application/json"},
        body=b"{}",
    )
    assert answer.status_code == 404, answer.text
    assert (Event.OPERATIONS_ACTED, str(ops.id)) in audited(tenant)


@pytest.mark.usefixtures("temporals_own")
def test_its_pages_may_reach_only_their_own_addresses(ops: User) -> None:
    policy = ask("GET", f"{PREFIX}/", cookies=signed_in(ops)).headers["content-security-policy"]
    assert f"connect-src {OURS}{PREFIX}/;" in policy
    assert "form-action 'none'" in policy


def test_our_cookies_never_reach_it_and_its_cookies_stay_below_it(
    ops: User, settings: Any, echo: Callable[[], str]
) -> None:
    settings.TEMPORAL_UI_URL = echo()
    answer = ask("GET", f"{PREFIX}/", cookies=signed_in(ops) | {"_csrf": "theirs", "other": "1"})
    assert answer.json()["cookie"] == "_csrf=theirs"
    assert "authorization" not in answer.json()
    set_by_it = answer.headers.get_list("set-cookie")
    assert len(set_by_it) == 1
    assert set_by_it[0].startswith("_csrf=")
    assert f"Path={PREFIX}/" in set_by_it[0]


@pytest.mark.usefixtures("nobody_upstream")
def test_a_ui_that_does_not_answer_is_said_so(ops: User) -> None:
    answer = ask("GET", f"{PREFIX}/", cookies=signed_in(ops))
    assert answer.status_code == 502
    assert "does not answer" in answer.text


def test_without_a_configured_ui_there_is_nothing(ops: User, settings: Any) -> None:
    settings.TEMPORAL_UI_URL = ""
    assert ask("GET", f"{PREFIX}/", cookies=signed_in(ops)).status_code == 404


@pytest.mark.usefixtures("nobody_upstream")
def test_another_host_name_is_refused(ops: User) -> None:
    answer = ask("GET", f"{PREFIX}/", cookies=signed_in(ops), headers={"host": "evil.example"})
    assert answer.status_code == 400


@pytest.fixture
def echo() -> "Any":
    """A tiny HTTP server that answers with the headers it was sent, and sets two cookies."""
    import json
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({key.lower(): value for key, value in self.headers.items()}).encode()
            self.send_response(200)
            self.send_header("set-cookie", "_csrf=new; Path=/; HttpOnly")
            self.send_header("set-cookie", "session=stolen; Path=/")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield lambda: f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
