"""A night's retention of one tenant: what is due goes, what is kept is counted by reason, what is odd is reported."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.models import RetentionFinding, RetentionRun
from apps.evidence.operations.deletion import Deletion, Outcome, delete_item, delete_recording
from apps.evidence.queries.orphans import orphans
from apps.evidence.queries.retention import ITEM, Thing, active_rules, things
from apps.evidence.retention_rules import Rules
from apps.storage.errors import StorageError
from apps.triage.canonical import canonical_digest

MOST_FINDINGS = 1_000
_REPORTED = {
    Outcome.FAILED: "The store did not delete it; it stays due. {words}",
    Outcome.MISSING: "It was not in the store when its period was over: somebody or something else removed it.",
}


def run_retention(
    *, tenant_id: UUID, now: datetime, has_time: Callable[[], bool] = lambda: True
) -> RetentionRun:
    """Delete what is due and write the report. An open run is gone on with; without time left it stays open.

    Opens its own scopes, a transaction for each deletion, so that a crash costs nothing but the night. Needs the
    service role.
    """
    run, rules = _open_run(tenant_id, now)
    examined, kept = 0, Counter[str]()
    for thing in things(tenant_id, rules=rules):
        if not has_time():
            return _save(run, tenant_id, examined=examined, kept=dict(kept))
        examined += 1
        if not thing.standing.is_due(now):
            kept[thing.standing.decisive.ground.value] += 1
            continue
        _note(run, thing, _delete(thing, run=run, rules=rules, now=now), now=now)
    found, note = _orphans(run, now)
    _save(run, tenant_id, examined=examined, kept=dict(kept), orphans=found, note=note)
    return _end(run, now)


def _open_run(tenant_id: UUID, now: datetime) -> tuple[RetentionRun, Rules]:
    with tenant_scope(tenant_id):
        rules = active_rules(tenant_id)
        run = RetentionRun.objects.filter(tenant_id=tenant_id, ended_at__isnull=True).first()
        if run is None:
            run = RetentionRun.objects.create(
                tenant_id=tenant_id, rules_number=rules.number, started_at=now
            )
        elif run.rules_number != rules.number:
            run.rules_number = rules.number
            run.save(update_fields=["rules_number"])
        return run, rules


def _delete(thing: Thing, *, run: RetentionRun, rules: Rules, now: datetime) -> Deletion:
    if thing.kind == ITEM:
        return delete_item(
            tenant_id=run.tenant_id, item_id=thing.id, rules=rules, run_id=run.id, now=now
        )
    return delete_recording(
        tenant_id=run.tenant_id, recording_id=thing.id, rules=rules, run_id=run.id, now=now
    )


def _note(run: RetentionRun, thing: Thing, deletion: Deletion, *, now: datetime) -> None:
    run.deleted += deletion.outcome is Outcome.DELETED
    run.missing += deletion.outcome is Outcome.MISSING
    run.deleted_bytes += deletion.size_bytes
    words = _REPORTED.get(deletion.outcome)
    with tenant_scope(run.tenant_id):
        if words is not None:
            _find(
                run,
                kind=deletion.outcome.value,
                place=(thing.bucket, thing.key),
                item_id=thing.id if thing.kind == ITEM else None,
                words=words.format(words=deletion.words),
                now=now,
            )
        run.failed = run.findings.filter(kind=Outcome.FAILED).count()
        run.save(update_fields=["deleted", "missing", "deleted_bytes", "failed"])


def _orphans(run: RetentionRun, now: datetime) -> tuple[int | None, str]:
    """Count and list objects without a row; None, with the reason, when the store could not be listed."""
    count = 0
    try:
        for bucket, key in orphans(run.tenant_id, now=now):
            count += 1
            if count > MOST_FINDINGS:
                continue
            with tenant_scope(run.tenant_id):
                words = "An object that no row knows. It is not deleted by itself."
                place = (bucket, key)
                _find(run, kind="orphan", place=place, item_id=None, words=words, now=now)
    except StorageError as error:
        return None, f"The buckets could not be listed: {error}"
    return count, ""


def _find(
    run: RetentionRun,
    *,
    kind: str,
    place: tuple[str, str],
    item_id: UUID | None,
    words: str,
    now: datetime,
) -> None:
    bucket, key = place
    RetentionFinding.objects.bulk_create(
        [
            RetentionFinding(
                tenant_id=run.tenant_id,
                run=run,
                kind=kind,
                bucket=bucket,
                key=key,
                item_id=item_id,
                words=words,
                found_at=now,
            )
        ],
        ignore_conflicts=True,
    )


def _save(run: RetentionRun, tenant_id: UUID, **fields: object) -> RetentionRun:
    for name, value in fields.items():
        setattr(run, name, value)
    with tenant_scope(tenant_id):
        run.save(update_fields=list(fields))
    return run


def _end(run: RetentionRun, now: datetime) -> RetentionRun:
    """Close the run and chain its report."""
    report = {
        "rules": run.rules_number,
        "examined": run.examined,
        "deleted": run.deleted,
        "bytes": run.deleted_bytes,
        "failed": run.failed,
        "missing": run.missing,
        "orphans": run.orphans,
        "kept": run.kept,
    }
    digest = canonical_digest({"run": str(run.id), **report})
    with tenant_scope(run.tenant_id):
        _save(run, run.tenant_id, ended_at=max(now, run.started_at), digest=digest)
        record(
            actor=Actor.system(run.tenant_id),
            event=Event.RETENTION_RAN,
            subject=Subject("retention_run", run.id),
            after={"run": str(run.id), **report},
            details=report | {"sha256": digest},
        )
    return run
