"""Keeping a notice: a numbered wording of a site and language, from its date on."""

from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from apps.accounts.models import User
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.documents.typesetting import compile_pdf
from apps.oversight.models import Notice
from apps.oversight.notice_texts import LANGUAGES, NoticeFacts, notice_text
from apps.sites.models import Site
from apps.triage.canonical import canonical_digest

TEMPLATE: Final = Path(__file__).resolve().parent.parent / "text.typ"


def publish_notice(
    *, actor: Actor, user: User, site: Site, facts: NoticeFacts, now: datetime
) -> list[Notice]:
    """Keep the notice in every language under one version; earlier ones stay."""
    latest = Notice.objects.filter(site=site).order_by("-version").first()
    version = latest.version + 1 if latest else 1
    content = facts.as_json()
    with transaction.atomic():
        notices = []
        for language in LANGUAGES:
            text = notice_text(facts=facts, site=site.name, language=language)
            notices.append(
                Notice.objects.create(
                    tenant_id=actor.tenant_id,
                    site=site,
                    language=language,
                    version=version,
                    content=content,
                    text=text,
                    digest=canonical_digest({"text": text}),
                    created_by=user,
                    created_at=now,
                )
            )
        record(
            actor=actor,
            event=Event.NOTICE_PUBLISHED,
            subject=Subject("site", site.id),
            before={"digest": latest.digest} if latest else None,
            after={one.language: one.digest for one in notices},
            details={"version": version},
        )
    return notices


def notice_pdf(notice: Notice) -> bytes:
    """The notice as PDF/A-2b for a printer. Raises `UnableToTypeset`."""
    return compile_pdf(
        template=TEMPLATE,
        record={
            "title": f"{notice.site.name} · {LANGUAGES[notice.language]}",
            "lang": notice.language,
            "text": notice.text,
            "footer": f"Version {notice.version} · {notice.created_at:%Y-%m-%d}",
            "digest": notice.digest,
            "year": notice.created_at.year,
            "month": notice.created_at.month,
            "day": notice.created_at.day,
        },
    )
