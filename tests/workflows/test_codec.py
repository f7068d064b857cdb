"""Payloads that only key holders read, and keys that can be rotated."""

import asyncio
import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload

from workflows.codec import CodecKeys, EncryptionCodec, UnableToDecrypt, data_converter
from workflows.messages import AlertRef, Standing


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}"


OLD, NEW = key("2026-10"), key("2026-11")


def codec(*words: str) -> EncryptionCodec:
    return EncryptionCodec(CodecKeys.read(words))


def encoded(made: EncryptionCodec, data: bytes) -> Payload:
    return asyncio.run(made.encode([Payload(data=data)]))[0]


@given(data=st.binary(max_size=500))
def test_what_is_encrypted_comes_back_and_cannot_be_read_meanwhile(data: bytes) -> None:
    made = codec(NEW)
    sealed = encoded(made, data)
    assert len(data) < 8 or data not in sealed.data
    assert (
        sealed.metadata == encoded(made, b"other words").metadata
    )  # says nothing of what is inside
    assert asyncio.run(made.decode([sealed]))[0].data == data


def test_the_same_payload_never_looks_the_same() -> None:
    made = codec(NEW)
    assert encoded(made, b"alert").data != encoded(made, b"alert").data


def test_a_rotated_key_still_reads_what_it_wrote() -> None:
    before = encoded(codec(OLD), b"alert")
    rotated = codec(NEW, OLD)
    assert asyncio.run(rotated.decode([before]))[0].data == b"alert"
    assert encoded(rotated, b"alert").metadata["encryption-key-id"] == b"2026-11"


def test_without_its_key_a_payload_is_not_read() -> None:
    with pytest.raises(UnableToDecrypt, match="2026-10"):
        asyncio.run(codec(NEW).decode([encoded(codec(OLD), b"alert")]))


@pytest.mark.parametrize("part", ["data", "key id"])
def test_an_altered_payload_is_refused(part: str) -> None:
    made = codec(OLD, NEW)
    sealed = encoded(made, b"alert")
    if part == "data":
        sealed.data = sealed.data[:-1] + bytes([sealed.data[-1] ^ 1])
    else:
        sealed.metadata["encryption-key-id"] = b"2026-11"
    with pytest.raises(UnableToDecrypt):
        asyncio.run(made.decode([sealed]))


def test_payloads_from_before_encryption_are_still_read() -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"alert"')
    assert asyncio.run(codec(NEW).decode([plain])) == [plain]


@pytest.mark.parametrize(
    "words", [["nokey"], ["short:AAAA"], ["Bad Name:" + NEW.partition(":")[2]], [NEW, NEW]]
)
def test_a_malformed_key_stops_the_process(words: list[str]) -> None:
    with pytest.raises(ValueError, match="codec key"):
        CodecKeys.read(words)


@pytest.mark.parametrize("keys", [[], [NEW]])
def test_messages_survive_the_converter(keys: list[str]) -> None:
    converter = data_converter(keys)
    messages = [
        AlertRef(tenant_id="t", alert_id="a"),
        Standing(state="awaiting_review", due_at=None),  # type: ignore[arg-type]
    ]
    for message in messages:
        payloads = asyncio.run(converter.encode([message]))
        assert asyncio.run(converter.decode(payloads, [type(message)])) == [message]
