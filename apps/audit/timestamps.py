"""Time stamps of checkpoints (RFC 3161): somebody else says when a signed note existed.

Off unless AUDIT_TSA_URL is set. What leaves the house is the SHA-256 of a note, which holds a tenant's id, a size and a
root hash. A stamp moves the question "when" from our clock and key to the authority's.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from asn1crypto import algos, cms, core, tsp, x509
from django.conf import settings
from psycopg import Connection
from pyhanko.keys import load_certs_from_pemder
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

TIMEOUT_SECONDS: Final = 15.0
LARGEST_ANSWER: Final = 256 * 1024
# How far the authority's clock may be before our own when a note was signed.
CLOCKS_DIFFER: Final = timedelta(minutes=5)
_QUERY: Final = "application/timestamp-query"
_log = logging.getLogger(__name__)

Row = tuple[Any, ...]

# The newest checkpoint of each chain whose last stamp is older than the interval; a stamp covers all before it.
_DUE: Final = """
    SELECT point.id, point.tenant_id, point.note FROM audit_checkpoint AS point
    JOIN (
        SELECT tenant_id, max(id) AS id FROM audit_checkpoint GROUP BY tenant_id
    ) AS newest USING (id)
    WHERE NOT EXISTS (
        SELECT FROM audit_checkpoint_stamp AS stamp
        WHERE stamp.checkpoint_id = point.id
            OR (stamp.tenant_id = point.tenant_id AND stamp.stored_at > now() - %s::interval)
    )
    ORDER BY point.id LIMIT 1
"""
_STORE: Final = """
    INSERT INTO audit_checkpoint_stamp
        (checkpoint_id, tenant_id, authority, token, stamped_at, stored_at)
    VALUES (%s, %s, %s, %s, %s, now())
    ON CONFLICT (checkpoint_id) DO NOTHING
"""


class NoStamp(Exception):
    """The authority gave no stamp that says what was asked; the message says why."""


class BadStamp(ValueError):
    """A token that does not date these bytes, or was not signed by somebody trusted."""


@dataclass(frozen=True, kw_only=True)
class Authority:
    """Who is asked, how often at most, and which certificates (PEM) are believed; without them any signer is."""

    url: str
    every: timedelta = timedelta(hours=1)
    certificates: Path | None = None

    def stamp(self, content: bytes) -> bytes:
        """A checked token (DER) over the SHA-256 of the content. Raises NoStamp."""
        nonce = secrets.randbits(63)
        token = _answered(_asked(self.url, _request(content, nonce)))
        try:
            opened_stamp(token, content=content, certificates=self.certificates, nonce=nonce)
        except BadStamp as error:
            raise NoStamp(f"the authority's stamp does not hold: {error}") from error
        return token


def configured_authority() -> Authority | None:
    """The authority of the settings; None, the default, asks nobody."""
    if not settings.AUDIT_TSA_URL:
        return None
    return Authority(
        url=settings.AUDIT_TSA_URL,
        every=timedelta(seconds=settings.AUDIT_TSA_EVERY_SECONDS),
        certificates=settings.AUDIT_TSA_CERTIFICATES,
    )


def stamp_next(connection: "Connection[Row]", authority: Authority) -> bool:
    """Have the next due checkpoint dated and keep the token; False when none is due. Raises NoStamp."""
    row = connection.execute(_DUE, [authority.every]).fetchone()
    if row is None:
        return False
    id_, tenant, note = row
    token = authority.stamp(note.encode())
    stated = _info(_signed_data(token))["gen_time"].native
    connection.execute(_STORE, [id_, tenant, authority.url[:200], token, stated])
    return True


def opened_stamp(
    token: bytes, *, content: bytes, certificates: Path | None, nonce: int | None = None
) -> datetime:
    """When the token says that the content existed.

    With `certificates` the signer has to lead to one of them, and to be one for time stamps. Raises BadStamp.
    """
    try:
        signed = _signed_data(token)
        info = _info(signed)
        if nonce is not None and info["nonce"].native != nonce:
            raise BadStamp("it answers another question")
        roots = _certificates(certificates) if certificates else _own(signed)
        status = asyncio.run(
            validate_tst_signed_data(
                signed,
                _context(roots, signed, at=info["gen_time"].native),
                lambda algorithm: hashlib.new(algorithm, content).digest(),
            )
        )
    except BadStamp:
        raise
    except (SignatureValidationError, ValueError, TypeError, KeyError, OSError) as error:
        raise BadStamp(f"it cannot be read ({type(error).__name__})") from error
    if not status["intact"]:
        raise BadStamp("it is not over these bytes, or was changed")
    if not status["valid"]:
        raise BadStamp("its signature does not hold")
    if status["trust_problem_indic"] is not None:
        raise BadStamp("its signer is not among the trusted certificates")
    found: datetime = status["timestamp"]
    return found


def _request(content: bytes, nonce: int) -> bytes:
    imprint = tsp.MessageImprint(
        {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "hashed_message": hashlib.sha256(content).digest(),
        }
    )
    asked = tsp.TimeStampReq(
        {"version": 1, "message_imprint": imprint, "nonce": core.Integer(nonce), "cert_req": True}
    )
    return bytes(asked.dump())


def _asked(url: str, body: bytes) -> bytes:
    try:
        answer = httpx.post(
            url, content=body, headers={"Content-Type": _QUERY}, timeout=TIMEOUT_SECONDS
        )
    except httpx.HTTPError as error:
        raise NoStamp(f"the authority does not answer ({type(error).__name__})") from error
    if answer.status_code != 200:
        raise NoStamp(f"the authority answers {answer.status_code}")
    if len(answer.content) > LARGEST_ANSWER:
        raise NoStamp("the authority's answer is too large")
    return answer.content


def _answered(body: bytes) -> bytes:
    try:
        answer = tsp.TimeStampResp.load(body, strict=True)
        status = str(answer["status"]["status"].native)
        if status not in ("granted", "granted_with_mods"):
            raise NoStamp(f"the authority refuses ({status})")
        return bytes(answer["time_stamp_token"].dump())
    except (ValueError, TypeError, KeyError) as error:
        raise NoStamp("the authority's answer is no time stamp") from error


def _signed_data(token: bytes) -> cms.SignedData:
    content = cms.ContentInfo.load(token, strict=True)
    if content["content_type"].native != "signed_data":
        raise BadStamp("it is not signed")
    return content["content"]


def _info(signed: cms.SignedData) -> tsp.TSTInfo:
    info = signed["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise BadStamp("it states no time")
    return info


def _own(signed: cms.SignedData) -> list[x509.Certificate]:
    """The certificates that came with the token: with them alone its signature is checked, and nobody's identity."""
    return [one.chosen for one in signed["certificates"]]


def _certificates(file: Path) -> list[x509.Certificate]:
    return list(load_certs_from_pemder([str(file)]))  # type: ignore[no-untyped-call]


def _context(
    roots: Iterable[x509.Certificate], signed: cms.SignedData, *, at: datetime
) -> ValidationContext:
    return ValidationContext(
        trust_roots=list(roots), other_certs=_own(signed), moment=at, allow_fetching=False
    )
