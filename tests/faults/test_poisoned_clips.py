"""A clip that cannot be looked at costs the alert its clip, never the alert: a person sees why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults import poisoned
from tests.faults.ledger import Ledger
from tests.faults.temporal_side import TemporalSide
from tests.harness.person import Person
from tests.harness.product import Product

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

REFUSED: dict[str, Callable[[], bytes]] = {
    "text": poisoned.text,
    "empty": bytes,
    "truncated": poisoned.truncated,
    "playlist": poisoned.playlist,
    "disguised playlist": poisoned.disguised_playlist,
    "bomb": poisoned.bomb,
    "many dots": poisoned.many_dots,
}


def send(ledger: Ledger, folder: Path, name: str, content: bytes) -> str:
    clip = folder / f"{name}.mp4"
    clip.write_bytes(content)
    return ledger.accepted(clip=clip)


def test_every_poisoned_clip_ends_with_a_person_and_its_reason(
    product: Product, ledger: Ledger, operator: Person, tmp_path: Path
) -> None:
    sent = {name: send(ledger, tmp_path, name, make()) for name, make in REFUSED.items()}
    good = send(ledger, tmp_path, "one frame", poisoned.one_frame())
    found = {name: with_a_person(product, operator, alert) for name, alert in sent.items()}

    states = {name: seen["clip"]["state"] for name, seen in found.items()}
    assert states == dict.fromkeys(REFUSED, "refused")
    for name, seen in found.items():
        reason = seen["clip"]["refused_reason"]
        assert reason.endswith("."), name
        assert reason in operator.get(f"/alerts/{seen['id']}/").text
    assert with_a_person(product, operator, good)["clip"]["state"] in {"stored", "refused"}
    for alert in [*sent.values(), good]:
        assert TemporalSide(product).tried_again(alert) == [], "something is tried again"


def with_a_person(product: Product, operator: Person, alert: str) -> dict[str, Any]:
    product.await_state(alert, "awaiting_review", within=90)
    seen: dict[str, Any] = operator.get(f"/api/v1/alerts/{alert}/").json()
    return seen
