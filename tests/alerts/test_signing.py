"""Signatures after Standard Webhooks, and the secrets at rest."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from apps.alerts import signing
from tests.alerts.senders import signature

# The example of the specification's reference libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
EXPECTED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_specifications_example_has_its_signature() -> None:
    made = signing.sign(
        SECRET, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=BODY
    )
    assert made == EXPECTED


@given(st.binary(max_size=2000), st.lists(st.integers(1, 500), max_size=6))
def test_a_body_in_pieces_has_the_signature_of_the_whole(body: bytes, sizes: list[int]) -> None:
    signer = signing.BodySigner([signing.key_of(SECRET)], message_id="m", timestamp=7)
    rest = body
    for size in sizes:
        signer.update(rest[:size])
        rest = rest[size:]
    signer.update(rest)
    header = signature(SECRET, message_id="m", timestamp=7, body=body)
    assert signer.matches(signing._signatures(header))


def headers(**changes: str) -> dict[str, str]:
    return {
        "webhook-id": "m",
        "webhook-timestamp": "1614265330",
        "webhook-signature": EXPECTED,
        "second-look-source": str(uuid4()),
    } | {name.replace("_", "-"): value for name, value in changes.items()}


def test_one_good_signature_among_several_is_enough() -> None:
    found = signing.read_envelope(headers(webhook_signature=f"v2,xx v1,%% {EXPECTED}"))
    assert len(found.signatures) == 1


def test_a_list_of_signatures_is_not_read_without_end() -> None:
    with pytest.raises(signing.BadSignature):
        signing.read_envelope(headers(webhook_signature=" ".join(["v2,xx"] * 50 + [EXPECTED])))


@pytest.mark.parametrize(("off", "fresh"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_freshness_is_the_same_before_and_after(off: int, fresh: bool) -> None:
    envelope = signing.read_envelope(headers())
    now = datetime.fromtimestamp(1614265330 + off, tz=UTC)
    try:
        envelope.require_fresh(now=now, tolerance_seconds=300)
    except signing.BadSignature:
        assert not fresh
    else:
        assert fresh


def test_a_secret_is_sealed_and_opened_again() -> None:
    secret = signing.new_secret()
    sealed = signing.seal(secret)
    assert secret.encode() not in sealed
    assert signing.unseal(memoryview(sealed)) == secret


def test_a_rotated_secret_key_still_opens_with_its_fallback(settings: Settings) -> None:
    sealed = signing.seal("whsec_x")
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [old]
    assert signing.unseal(sealed) == "whsec_x"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(signing.UnableToUnseal, match="rotate"):
        signing.unseal(sealed)


def test_secrets_differ_and_are_long() -> None:
    made = {signing.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(len(signing.key_of(secret)) == 32 for secret in made)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "sk_live", "whsec_%%%%"])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        signing.key_of(secret)
