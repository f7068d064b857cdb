"""A wording as a page shows it and as the PDF prints it: names put in, sentences by section."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.urls import NoReverseMatch, reverse

from apps.accounts.models import Tenant
from apps.accounts.queries import name_of
from apps.reports.drafting.comparing import changes
from apps.reports.drafting.kinds import KINDS, SECTIONS
from apps.reports.drafting.sentences import Content, Origin, Sentence
from apps.reports.models import Report, ReportVersion
from apps.reports.queries.naming import Naming
from apps.reports.queries.reports import content_of
from apps.reports.queries.words import moment, utc

NOT_SUPPORTED = "stated by the author, not supported by the record"
REWORDED = "reworded by the author"


@dataclass(frozen=True, kw_only=True)
class ShownSource:
    """One value behind a sentence, with a link to where a person can look it up; `url` is "" where there is none."""

    what: str
    value: str
    digest: str
    url: str


@dataclass(frozen=True, kw_only=True)
class ShownSentence:
    """A sentence as it is read; `mark` says what is the author's about it, "" for the record's own words."""

    sentence: Sentence
    text: str
    drafted: str
    sources: list[ShownSource]
    mark: str
    is_fallen: bool = False


@dataclass(frozen=True, kw_only=True)
class ShownChange:
    """What became of a sentence or a field; `where` is the section's title or the field's label."""

    where: str
    happened: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class ShownSection:
    name: str
    title: str
    sentences: list[ShownSentence]


@dataclass(frozen=True, kw_only=True)
class ShownField:
    name: str
    label: str
    help: str
    value: str
    is_required: bool
    is_long: bool


def sections_of(
    content: Content, naming: Naming, *, fallen: Collection[str] = ()
) -> list[ShownSection]:
    """Every section of the kind that has sentences; those whose keys are in `fallen` lost a source."""
    found = []
    for name in KINDS[content.kind].sections:
        here = [
            _shown(one, naming, is_fallen=one.key in fallen)
            for one in content.sentences
            if one.section == name
        ]
        if here:
            found.append(ShownSection(name=name, title=SECTIONS[name][0], sentences=here))
    return found


def fields_of(content: Content, naming: Naming) -> list[ShownField]:
    return [
        ShownField(
            name=one.name,
            label=one.label,
            help=one.help,
            value=naming.named(content.fields.get(one.name, "")),
            is_required=one.is_required,
            is_long=one.is_long,
        )
        for one in KINDS[content.kind].fields
    ]


def changes_of(before: Content, after: Content, naming: Naming) -> list[ShownChange]:
    """What differs between two wordings, as a person reads it."""
    labels = {f"field.{one.name}": one.label for one in KINDS[after.kind].fields}
    return [
        ShownChange(
            where=labels.get(one.key) or SECTIONS[one.key.partition(".")[0]][0],
            happened=one.happened.value,
            before=naming.named(one.before),
            after=naming.named(one.after),
        )
        for one in changes(before, after)
    ]


def mark_of(sentence: Sentence) -> str:
    """What is the author's about a sentence, in words."""
    if sentence.origin is Origin.OPERATOR:
        return NOT_SUPPORTED
    return REWORDED if sentence.is_reworded else ""


def document_of(
    report: Report, version: ReportVersion, *, now: datetime, still: bytes | None
) -> dict[str, object]:
    """Everything the PDF shows, as plain words. `still` is a JPEG; a draft says that it is one."""
    content, naming = content_of(version), Naming(report.case, author_id=report.author_id)
    kind, zone = KINDS[content.kind], report.case.site.timezone
    signature = getattr(report, "signature", None)
    is_signed = signature is not None and signature.version_id == version.id
    return {
        "reference": report.reference,
        "heading": kind.heading,
        "law": kind.law,
        "tenant": Tenant.objects.get(id=report.tenant_id).name,
        "case": report.case.reference,
        "is_drill": report.case.is_drill,
        "is_signed": is_signed,
        "sections": _printed(content, naming),
        "fields": [[one.label, one.value or "not filled in"] for one in fields_of(content, naming)],
        "declaration": kind.declaration,
        "note": kind.note,
        "signed_by": name_of(signature.user_id) if signature and is_signed else "",
        "signed_at": moment(signature.signed_at, zone) if signature and is_signed else "",
        "wording": version.number,
        "digest": version.digest,
        "digest_note": "of the wording before a name was erased from it"
        if version.lost_a_name
        else "",
        "as_of": utc(content.as_of.at),
        "still": list(still) if still else [],
        "rendered_at": utc(now),
        "rendered": {
            part: getattr(now, part)
            for part in ("year", "month", "day", "hour", "minute", "second")
        },
    }


def _printed(content: Content, naming: Naming) -> list[dict[str, object]]:
    numbers: dict[str, int] = {}
    printed: list[dict[str, object]] = []
    for section in sections_of(content, naming):
        told = [one for one in section.sentences if one.sentence.is_included]
        rows = []
        for one in told:
            for source in one.sentence.sources:
                numbers.setdefault(source.digest, len(numbers) + 1)
            rows.append(
                {
                    "text": one.text,
                    "mark": one.mark,
                    "sources": [numbers[source.digest] for source in one.sentence.sources],
                }
            )
        if rows:
            printed.append({"name": section.name, "title": section.title, "sentences": rows})
    return [*printed, _source_list(content, naming, numbers)]


def _source_list(content: Content, naming: Naming, numbers: dict[str, int]) -> dict[str, object]:
    sources = {s.digest: s for one in content.included for s in one.sources}
    return {
        "name": "sources",
        "title": "Sources",
        "sentences": [
            {
                "number": number,
                "field": f"{sources[digest].kind} · {sources[digest].field}".replace("_", " "),
                "id": sources[digest].id,
                "value": naming.named(sources[digest].shown),
                "digest": digest,
            }
            for digest, number in numbers.items()
        ],
    }


def _shown(sentence: Sentence, naming: Naming, *, is_fallen: bool) -> ShownSentence:
    return ShownSentence(
        sentence=sentence,
        is_fallen=is_fallen,
        text=naming.named(sentence.text),
        drafted=naming.named(sentence.drafted),
        mark=mark_of(sentence),
        sources=[
            ShownSource(
                what=f"{source.kind} · {source.field}".replace("_", " "),
                value=naming.named(source.shown),
                digest=source.digest,
                url=_link(source.page),
            )
            for source in sentence.sources
        ],
    )


def _link(page: str) -> str:
    route, _, id_ = page.partition(":")
    try:
        return reverse(route, args=[id_]) if route else ""
    except NoReverseMatch:
        return ""
