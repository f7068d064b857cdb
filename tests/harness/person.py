"""A person at the running product, without a browser: a session, its cookies and its CSRF token."""

import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.harness.product import Account, Product

FRESH_SECONDS = 200.0  # a decision needs a sign-in of the last five minutes

FOOTAGE_SECONDS = 180.0


class Person:
    """Somebody signed in, over one HTTP session."""

    def __init__(self, product: Product, account: Account) -> None:
        self._account = account
        self._signed_in_at = 0.0
        self._product = product
        self.http = httpx.Client(base_url=product.url, timeout=60)

    def signed_in(self) -> "Person":
        """Sign in with the password, unless that happened moments ago."""
        if time.monotonic() - self._signed_in_at > FRESH_SECONDS or not self._signed_in_at:
            self.http.cookies.clear()
            self.http.get("/accounts/login/").raise_for_status()
            form = {"login": self._account.email, "password": self._account.password}
            answer = self.http.post("/accounts/login/", data=form, headers=self._headers())
            assert answer.status_code == 302, f"{self._account.email}: {answer.status_code}"
            self._signed_in_at = time.monotonic()
        return self

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(path, json=body, headers=self._headers())

    def watch(self, alert_id: str) -> dict[str, Any]:
        """Report the whole clip as played, in spans no longer than a player reports, once there is something to play."""
        self._wait_for_footage(alert_id)
        length = self._product.query(
            "SELECT duration_ms FROM alerts_clip WHERE alert_id = %s", alert_id
        )[0][0]
        played: dict[str, Any] = {}
        for start in range(0, length, 50_000):
            span = {"session": "0" * 32, "from_ms": start, "to_ms": min(start + 50_000, length)}
            answer = self.post(f"/alerts/{alert_id}/playback/", span)
            assert answer.status_code == 200, answer.text
            played = answer.json()
        return played

    def _wait_for_footage(self, alert_id: str) -> None:
        deadline = time.monotonic() + FOOTAGE_SECONDS
        while self.get(f"/api/v1/alerts/{alert_id}/footage/").json().get("version") is None:
            assert time.monotonic() < deadline, f"the faces of {alert_id} were not blurred"
            time.sleep(0.5)

    def prepare(self, alert_id: str, verdict: str, **more: object) -> "Prepared":
        payload = {"verdict": verdict, "reasons": [], "comment": ""} | more
        answer = self.post(f"/api/v1/alerts/{alert_id}/decisions/", payload)
        assert answer.status_code == 201, answer.text
        return Prepared(self, answer.json())

    def decide(self, alert_id: str, verdict: str, **more: object) -> str:
        """Prepare and confirm; the attempt's id. What became of it, `attempt` tells."""
        prepared = self.prepare(alert_id, verdict, **more)
        answer = prepared.submit()
        assert answer.status_code == 202, answer.text
        return prepared.id

    def attempt(self, attempt_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/v1/decisions/{attempt_id}/").json()
        return found

    def _headers(self) -> dict[str, str]:
        name = f"second_look_{urlsplit(self._product.url).port}_csrf"
        return {"X-CSRFToken": self.http.cookies.get(name, "")}


class Prepared:
    """A decision as it was shown, with the token that confirms it."""

    def __init__(self, person: Person, shown: dict[str, Any]) -> None:
        self._person = person
        self._payload = shown["attempt"]["payload"]
        self._token = shown["token"]
        self.id = str(shown["attempt"]["id"])

    def submit(self) -> httpx.Response:
        body = {"token": self._token, "payload": self._payload}
        return self._person.post(f"/api/v1/decisions/{self.id}/submit/", body)
