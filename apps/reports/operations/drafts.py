"""Drafting a report from the record, editing it, and drafting it again. Every wording is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.cases.models import Case
from apps.reports.drafting.comparing import ordered, redraft
from apps.reports.drafting.kinds import KINDS, OWN, draft
from apps.reports.drafting.sentences import Content, Origin, Sentence, as_json
from apps.reports.models import Report, ReportKind, ReportOrigin, ReportVersion
from apps.reports.queries.naming import Naming
from apps.reports.queries.record import facts_of
from apps.reports.queries.reports import authors_of, content_of, newest, record_now
from apps.reports.queries.words import staff
from apps.triage.states import REPORT, ReportState

LONGEST_SENTENCE: Final = 2000
LONGEST_FIELD: Final = 1500
MOST_OWN: Final = 60
SOMEBODY_ELSE: Final = gettext_noop(
    "Somebody else saved this report meanwhile. Look at their wording first."
)


class UnableToChange(Exception):
    """The report stays as it is; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What a person wants changed: texts by key, keys left out, fields, and statements of their own."""

    texts: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)
    added: tuple[str, ...] = ()


def make_draft(
    *,
    actor: Actor,
    user: User,
    case: Case,
    kind: ReportKind,
    author: User,
    supersedes: Report | None = None,
    now: datetime,
) -> Report:
    """Draft a report of a case for its author. Raises UnableToChange when that person may not sign one there.

    With `supersedes` the author's own words and fields of the signed report are taken over.
    """
    if author not in authors_of(case):
        raise UnableToChange(
            gettext("That person cannot sign statements at this site. Choose another one.")
        )
    if supersedes and (
        supersedes.state != ReportState.SIGNED
        or (supersedes.case_id, supersedes.kind) != (case.id, kind)
    ):
        raise UnableToChange(
            gettext("Only a signed report can be replaced, by one of the same kind.")
        )
    as_of = record_now(case, now=now)
    facts = facts_of(case, as_of=as_of)
    if supersedes:
        content = redraft(content_of(newest(supersedes)), facts, as_of=as_of)
    else:
        fields = {"name": staff(author.id)}
        content = Content(kind=kind.value, as_of=as_of, sentences=draft(kind, facts), fields=fields)
    with transaction.atomic():
        report = Report.objects.create(
            tenant_id=case.tenant_id,
            case=case,
            kind=kind,
            author_id=author.id,
            supersedes=supersedes,
            created_by=user.id,
            created_at=now,
        )
        _write(actor, user, report, content, ReportOrigin.DRAFTED, now=now)
    return report


def edit_report(
    *, actor: Actor, user: User, report: Report, base: int, edit: Edit, now: datetime
) -> ReportVersion:
    """Write the next wording. `base` is the number of the wording the person saw.

    Returns the newest wording unchanged when nothing would change. Raises UnableToChange for a report that is not open,
    a wording somebody else has replaced, a disclosure that was touched, and words that are too long or too many.
    """
    with transaction.atomic():
        report = _opened(report)
        version = newest(report)
        if version.number != base:
            raise UnableToChange(gettext(SOMEBODY_ELSE))
        before = content_of(version)
        naming = Naming(report.case, author_id=report.author_id)
        after = _edited(before, edit, naming=naming, by=user.id)
        if after == before:
            return version
        return _write(actor, user, report, after, ReportOrigin.EDITED, now=now)


def redraft_report(
    *, actor: Actor, user: User, report: Report, now: datetime
) -> ReportVersion | None:
    """Draft an open report again from the record as it is; None when that changes nothing. Raises UnableToChange."""
    with transaction.atomic():
        report = _opened(report)
        before = content_of(newest(report))
        as_of = record_now(report.case, now=now)
        after = redraft(before, facts_of(report.case, as_of=as_of), as_of=as_of)
        if after.sentences == before.sentences:
            return None
        return _write(actor, user, report, after, ReportOrigin.REDRAFTED, now=now)


def _opened(report: Report) -> Report:
    locked = Report.objects.select_for_update(of=("self",)).select_related("case__site")
    found = locked.get(id=report.id)
    if not found.is_open:
        raise UnableToChange(
            gettext("This report is not a draft any more. Draft a newer one instead.")
        )
    return found


def _write(
    actor: Actor,
    user: User,
    report: Report,
    content: Content,
    origin: ReportOrigin,
    *,
    now: datetime,
) -> ReportVersion:
    last = report.versions.order_by("-number").first()
    version = ReportVersion.objects.create(
        tenant_id=report.tenant_id,
        report=report,
        number=last.number + 1 if last else 1,
        origin=origin,
        content=as_json(content),
        digest=content.digest,
        made_by=user.id,
        made_at=now,
    )
    if origin is not ReportOrigin.DRAFTED:
        REPORT.require(report.state, ReportState.EDITED)
        Report.objects.filter(id=report.id, state=report.state).update(
            state=ReportState.EDITED, version=F("version") + 1
        )
    record(
        actor=actor,
        event=Event(f"report:{origin.value}"),
        subject=Subject("report", report.id),
        before={"digest": last.digest} if last else None,
        after={"digest": version.digest},
        details={
            "case": str(report.case_id),
            "kind": report.kind,
            "wording": version.number,
            "digest": version.digest,
        },
    )
    return version


def _edited(content: Content, edit: Edit, *, naming: Naming, by: UUID) -> Content:
    kept = [_one(sentence, edit, naming) for sentence in content.sentences]
    added = [_own(text, naming, by) for text in edit.added if text.strip()]
    sentences = [one for one in [*kept, *added] if one is not None]
    if sum(one.origin is Origin.OPERATOR for one in sentences) > MOST_OWN:
        raise UnableToChange(
            gettext("A report has at most %(most_own)s statements of its author.")
            % {"most_own": MOST_OWN}
        )
    return replace(
        content,
        sentences=ordered(content.kind, sentences),
        fields=_fields(content, edit.fields, naming),
    )


def _one(sentence: Sentence, edit: Edit, naming: Naming) -> Sentence | None:
    """The sentence as edited; the author's own one goes when it is left out or emptied."""
    text = _words(edit.texts.get(sentence.key, sentence.text), naming)
    left_out = sentence.key in edit.left_out
    if sentence.is_disclosure:
        if left_out or text != sentence.text:
            raise UnableToChange(
                gettext(
                    "What speaks against the statement can be neither left out nor reworded. Add your own words to it."
                )
            )
        return sentence
    if sentence.origin is Origin.OPERATOR:
        return None if left_out or not text else replace(sentence, text=text)
    return replace(sentence, text=text or sentence.drafted, is_included=not left_out)


def _own(text: str, naming: Naming, by: UUID) -> Sentence:
    return Sentence(
        key=f"{OWN}.{uuid4()}",
        section=OWN,
        text=_words(text, naming),
        origin=Origin.OPERATOR,
        added_by=str(by),
    )


def _fields(content: Content, given: Mapping[str, str], naming: Naming) -> dict[str, str]:
    known = {one.name for one in KINDS[content.kind].fields}
    filled = dict(content.fields)
    for name, value in given.items():
        if name not in known:
            raise UnableToChange(gettext("This kind of report has no such field."))
        if len(value) > LONGEST_FIELD:
            raise UnableToChange(
                gettext("A field has at most %(longest_field)s characters.")
                % {"longest_field": LONGEST_FIELD}
            )
        filled[name] = naming.tokenised(_clean(value))
    return filled


def _words(text: str, naming: Naming) -> str:
    if len(text) > LONGEST_SENTENCE:
        raise UnableToChange(
            gettext("A sentence has at most %(longest_sentence)s characters. Split it.")
            % {"longest_sentence": LONGEST_SENTENCE}
        )
    return naming.tokenised(_clean(text))


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\x00", "").strip()
