"""The technical file (Annex IV): what the running system and its record say, in JSON, HTML and PDF."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string

from apps.audit.events import Event
from apps.audit.models import Leaf
from apps.cases.case_file.bag import Part, made
from apps.evidence.documents.typesetting import compile_pdf
from apps.oversight.models import RecordsExport, SystemIncident
from apps.oversight.queries.card import figures_json, latest_card, models_in_use
from apps.oversight.queries.register import register_of
from apps.reliability.models import (
    CostModelVersion,
    FairnessSample,
    ReliabilityRefresh,
    TriagePolicyVersion,
)

TEMPLATE: Final = Path(__file__).resolve().parent.parent / "techdoc.typ"
DOCUMENTS: Final = (
    *("architecture", "triage", "inference", "learning", "fairness", "audit", "privacy"),
    *("oversight", "operations", "benchmarks"),
)
MONITORING: Final = (
    "Every night the false-alarm rate of each segment is fitted again from people's labels; a segment turns red when "
    "its rate is probably above the tenant's limit, and its alerts are verified at most.",
    "A sequential test looks every week for rates that rise; a drift is shown on the segment and on its alerts.",
    "A blind sample of archived and verified alerts is judged without the machine's verdict, so that labels stay unbiased.",
    "Audit samples compare groups; an alarm sends the detector's alerts to model review until a person closes it.",
    "Corrections, interventions and complaints are recorded and counted; incidents of the system have clocks.",
    "The audit chain is verified every night and its lag is watched every minute.",
)
_CHANGES: Final = (
    *(Event.POLICY_CHANGED, Event.COST_MODEL_CHANGED, Event.SETTINGS_CHANGED),
    *(Event.SYSTEM_CARD_VERSIONED, Event.RISK_REGISTER_CHANGED, Event.MACHINE_STOPPED),
    *(Event.MACHINE_RESUMED, Event.WATCHLIST_GATE_CHANGED, Event.SYSTEM_INCIDENT_REPORTED),
)
_MOST_CHANGES: Final = 2_000


def techdoc_parts(
    *, export: RecordsExport, folder: str, counts: dict[str, int], now: datetime
) -> list[Part]:
    """The technical file of the tenant as it stands. `counts` is filled. Inside the tenant's scope."""
    content = techdoc_of(export.tenant_id, now=now)
    counts |= {name: len(content[name]) for name in ("models", "risks", "changes", "data")}
    page = {"doc": content, "sections": _sections(content), "tenant": export.tenant, "now": now}
    pdf = compile_pdf(template=TEMPLATE, record=_printed(page))
    documents = settings.BASE_DIR / "docs"
    return [
        made("data/technical-file.json", _json(content)),
        made("data/technical-file.pdf", pdf),
        made("index.html", render_to_string("oversight/techdoc.html", page).encode()),
        *[
            made(f"data/documentation/{name}.md", (documents / f"{name}.md").read_bytes())
            for name in DOCUMENTS
            if (documents / f"{name}.md").is_file()
        ],
    ]


def techdoc_of(tenant_id: Any, *, now: datetime) -> dict[str, Any]:
    """The content, as plain values: what is not known is an empty list, and the page says so."""
    register, card = register_of(tenant_id), latest_card(tenant_id)
    return {
        "written_at": now,
        "card": dict(card.content, version=card.version, digest=card.digest) if card else {},
        "models": models_in_use(),
        "metrics": figures_json(tenant_id),
        "register": {"name": register.name, "version": register.version},
        "risks": [one.as_json() for one in register.risks],
        "monitoring": list(MONITORING),
        "changes": _changes(tenant_id, since=now - timedelta(days=730)),
        "versions": {
            "policies": _versions(TriagePolicyVersion, tenant_id),
            "cost_models": _versions(CostModelVersion, tenant_id),
        },
        "data": _data_cards(tenant_id),
        "incidents": list(
            SystemIncident.objects.filter(tenant_id=tenant_id).values(
                "id", "state", "seriousness", "reported_at", "due_at", "closed_at", "findings"
            )
        ),
    }


def _changes(tenant_id: Any, *, since: datetime) -> list[dict[str, Any]]:
    """What changed the system, newest first, from the audit chain."""
    leaves = Leaf.objects.filter(
        tenant_id=tenant_id, event__in=[one.value for one in _CHANGES], occurred_at__gte=since
    )
    fields = ("index", "occurred_at", "event", "subject_kind", "subject_id", "after_digest")
    return list(leaves.order_by("-index").values(*fields)[:_MOST_CHANGES])


def _versions(model: Any, tenant_id: Any) -> list[dict[str, Any]]:
    names = [field.name for field in model._meta.concrete_fields if field.name != "tenant"]
    return list(model.objects.filter(tenant_id=tenant_id).order_by("version").values(*names))


def _data_cards(tenant_id: Any) -> list[dict[str, Any]]:
    """What the tenant's own figures were learned from: fits and audit samples, each with its counts."""
    fits = ReliabilityRefresh.objects.filter(tenant_id=tenant_id).order_by("-id")[:10]
    samples = FairnessSample.objects.filter(tenant_id=tenant_id).order_by("-imported_at")[:20]
    return [
        *(
            {
                "kind": "reliability fit",
                "id": str(one.pk),
                "report": one.report,
                "at": one.created_at,
            }
            for one in fits
        ),
        *(
            {
                "kind": "audit sample",
                "id": str(one.pk),
                "at": one.imported_at,
                "rows": one.row_count,
            }
            for one in samples
        ),
    ]


def _sections(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Headings with paragraphs, in the order of Annex IV, for paper and screen."""
    card = content["card"]
    none = ["Not known yet."]
    return [
        {"title": "1. Purpose", "texts": [card.get("purpose", none[0])]},
        {"title": "What it is not for", "texts": card.get("not_for", none)},
        {
            "title": "2. Models, digests and classes",
            "texts": [
                f"{one['id']} {one['version']} ({one['job']}): {one['ai_act_class']}. SHA-256 {one['sha256']}. "
                f"Source: {one['source']}. Licence: {one['licence']}."
                for one in content["models"]
            ]
            or ["Not known yet: no worker of this release has published its models."],
        },
        {"title": "Architecture", "texts": ["See data/documentation/architecture.md."]},
        {
            "title": "3. Accuracy by segment",
            "texts": [_figure(one) for one in content["metrics"]["segments"]] or none,
        },
        {
            "title": "Accuracy by audited group",
            "texts": [_figure(one) for one in content["metrics"]["groups"]]
            or ["Not known yet: no audit sample was imported."],
        },
        {"title": "Known failures", "texts": card.get("known_failures", none)},
        {
            "title": f"4. Risks ({content['register']['name']})",
            "texts": [
                f"{one['id']} {one['hazard']}. Control: {one['control']}. Test: {one['test'] or 'organisational'}. "
                f"What remains: {one['residual']}"
                for one in content["risks"]
            ],
        },
        {
            "title": "5. Changes",
            "texts": [
                f"{one['occurred_at']:%Y-%m-%d %H:%M} UTC, entry {one['index']}: {one['event']}"
                for one in content["changes"][:200]
            ]
            or ["None in the last two years."],
        },
        {"title": "6. Monitoring after it is in use", "texts": content["monitoring"]},
        {
            "title": "Data that figures were learned from",
            "texts": [f"{one['kind']} {one['id']}, {one['at']}" for one in content["data"]] or none,
        },
    ]


def _figure(one: Mapping[str, Any]) -> str:
    if one["rate"] is None:
        return f"{one['what']}: insufficient n ({one['count']})"
    if one["low"] is None:
        return f"{one['what']}: {one['rate']:.1%} of alerts were false"
    return f"{one['what']}: {one['rate']:.1%} ({one['low']:.1%} to {one['high']:.1%}), n = {one['count']}"


def _printed(page: Mapping[str, Any]) -> dict[str, Any]:
    now = page["now"]
    return {
        "title": "Technical file",
        "tenant": page["tenant"].name,
        "at": f"{now:%Y-%m-%d %H:%M} UTC",
        "sections": page["sections"],
        "year": now.year,
        "month": now.month,
        "day": now.day,
    }


def _json(value: object) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2).encode()
