"""Checking a stored dossier: its bytes against the register, its signature, and its place in the audit chain."""

import hashlib
from dataclasses import dataclass

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.audit.queries import events_of
from apps.cases.dossier.words import utc
from apps.evidence.documents.pades import Signature, read_signatures
from apps.evidence.models import EvidenceItem
from apps.storage.errors import StorageError
from apps.storage.store import media_store


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at, whether it holds, and in words."""

    what: str
    holds: bool
    words: str


@dataclass(frozen=True, kw_only=True)
class DossierCheck:
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        return all(one.holds for one in self.findings)


def check_dossier(*, actor: Actor, item: EvidenceItem) -> DossierCheck:
    """Read a dossier from the store and check digest, signature and chain; the check itself is an event.

    Opens its own scopes; the store is read outside any transaction. What cannot be read is a finding, not an error.
    """
    content, problem = _content(item)
    findings = (
        _digest(item, content, problem),
        *_signatures(content, problem),
        _chained(item),
    )
    found = DossierCheck(findings=findings)
    with tenant_scope(item.tenant_id):
        record(
            actor=actor,
            event=Event.DOSSIER_CHECKED,
            subject=Subject("alert", item.alert_id),
            details={
                "item": str(item.id),
                "holds": found.holds,
                "failed": ",".join(one.what.replace(" ", "_") for one in findings if not one.holds),
            },
        )
    return found


def _content(item: EvidenceItem) -> tuple[bytes, str]:
    try:
        with media_store().get_stream(key=item.key) as stream:
            return stream.read(), ""
    except StorageError as error:
        return b"", f"the file cannot be read ({type(error).__name__})"


def _digest(item: EvidenceItem, content: bytes, problem: str) -> Finding:
    found = hashlib.sha256(content).hexdigest()
    same = not problem and found == item.sha256
    words = f"SHA-256 {item.sha256}, as registered on {utc(item.acquired_at)}"
    if not same:
        words = problem or f"the bytes give {found}, registered was {item.sha256}"
    return Finding(what="digest", holds=same, words=words)


def _signatures(content: bytes, problem: str) -> list[Finding]:
    if problem:
        return [Finding(what="signature", holds=False, words=problem)]
    try:
        found = read_signatures(content)
    except ValueError as error:
        return [Finding(what="signature", holds=False, words=str(error))]
    if not found:
        words = "it carries no signature: it was made before documents were signed, or lost it"
        return [Finding(what="signature", holds=False, words=words)]
    return [
        Finding(what="signature", holds=one.is_good, words=signature_words(one)) for one in found
    ]


def signature_words(one: Signature) -> str:
    """Who signed, how much that says, and what speaks against it."""
    against = [
        words
        for fails, words in (
            (not one.intact or not one.holds, "the bytes are not the ones that were signed"),
            (not one.covers_all, "something was added after signing"),
            (not one.known, "this installation does not know the certificate"),
        )
        if fails
    ]
    by = f"{one.signer}, self-made: nobody outside vouches for it" if one.self_made else one.signer
    dated = (
        f"dated {utc(one.stamped_at)} by a time-stamping authority"
        if one.stamped_at
        else "without an authority's time stamp"
    )
    said = f"PAdES {one.level.value} by {by}; {dated}"
    return f"{said}; but {', '.join(against)}" if against else said


def _chained(item: EvidenceItem) -> Finding:
    with tenant_scope(item.tenant_id):
        events = events_of(tenant_id=item.tenant_id, subjects=[Subject("alert", item.alert_id)])
    rendered = [
        one
        for one in events
        if one.event == Event.DOSSIER_RENDERED and one.details.get("item") == str(item.id)
    ]
    if not rendered:
        return Finding(
            what="chain", holds=False, words="the audit chain knows of no such rendering"
        )
    event = rendered[-1]
    if event.details.get("sha256") != item.sha256:
        words = f"the chain has SHA-256 {event.details.get('sha256')} for it"
        return Finding(what="chain", holds=False, words=words)
    place = "waiting to be numbered" if event.index is None else f"entry {event.index}"
    return Finding(what="chain", holds=True, words=f"in the audit chain, {place}, the same SHA-256")
