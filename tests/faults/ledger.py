"""What was promised to senders, kept outside the system, and four questions asked of it afterwards.

lost?        every id that was answered with 2xx is decided, archived, or waits visibly
doubled?     one alert, promise, arrival, task, disposition and case for each of them
authorised?  every disposition rests on confirmations that were given in time, for its payload
chained?     the audit chain holds (`manage.py audit_verify`)
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.harness.product import Product, wait_for

AT_REST = ("awaiting_review", "model_review", "archived", "resolved")

_AT_REST = """
    SELECT count(*) FROM alerts_alert a JOIN alerts_outboxentry o ON o.alert_id = a.id
    WHERE a.id = ANY(%s::uuid[]) AND a.state = ANY(%s) AND o.state = 'started'
      AND (a.state NOT IN ('awaiting_review', 'model_review') OR EXISTS (
          SELECT 1 FROM reviews_humantask t WHERE t.alert_id = a.id AND t.state = 'open'))
"""

# What may be there once for each alert, and a query that names an alert that has it more often.
_ONCE = {
    "key": """
        SELECT min(id::text) FROM alerts_alert
        GROUP BY tenant_id, source_id, idempotency_key HAVING count(*) > 1""",
    "disposition": """
        SELECT alert_id FROM alerts_disposition WHERE supersedes_id IS NULL
        GROUP BY 1 HAVING count(*) > 1""",
    "task": "SELECT alert_id FROM reviews_humantask GROUP BY 1 HAVING count(*) > 1",
    "incident": "SELECT alert_id FROM cases_incident GROUP BY 1 HAVING count(*) > 1",
    "master": """
        SELECT alert_id FROM evidence_evidenceitem WHERE kind = 'master'
        GROUP BY alert_id, bucket HAVING count(*) > 1""",
    "event": """
        SELECT min(subject_id) FROM audit_leaf
        WHERE event IN ('alert:received', 'alert:routed', 'alert:archived', 'alert:resolved',
                        'disposition:recorded', 'alert:clip_stored', 'incident:opened')
        GROUP BY tenant_id, subject_kind, subject_id, event HAVING count(*) > 1""",
}

# A correction is its own recorded act: it supersedes, and its event in the chain names who corrected.
_UNAUTHORISED = """
    SELECT d.alert_id FROM alerts_disposition d WHERE d.supersedes_id IS NULL AND NOT EXISTS (
        SELECT 1 FROM reviews_decisionattempt t
        JOIN reviews_confirmation c ON c.attempt_id = t.id AND c.user_id = t.user_id
        LEFT JOIN reviews_humantask other ON other.settled_by_id = c.id
        WHERE d.alert_id IN (t.alert_id, other.alert_id) AND t.state = 'applied' AND t.user_id = d.decided_by
          AND t.submitted_at IS NOT NULL AND c.confirmed_at < t.expires_at
          AND c.payload_digest = t.payload_digest AND t.payload->>'verdict' = d.verdict)
"""


@dataclass
class Ledger:
    """Every alert a story was promised. `post` is how stories raise one."""

    product: Product
    promised: list[str] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def post(self, *, clip: Path | None = None, key: str = "", **fields: object) -> httpx.Response:
        answer = self.product.post_alert(clip=clip, key=key, **fields)
        self.note(answer)
        return answer

    def note(self, answer: httpx.Response) -> None:
        """Keep what a 2xx promised."""
        if answer.is_success:
            with self._guard:
                self.promised.append(str(answer.json()["id"]))

    def accepted(self, *, clip: Path | None = None, **fields: object) -> str:
        """Raise an alert that must be taken; its id."""
        answer = self.post(clip=clip, **fields)
        assert answer.status_code == 202, answer.text
        return self.promised[-1]

    def waiting(self, *, clip: Path | None = None) -> str:
        """An alert that waits for a person."""
        alert = self.accepted(clip=clip)
        self.product.await_state(alert, "awaiting_review")
        return alert

    def settle(self) -> None:
        """Wait until nothing promised is under way; then ask whether anything was lost or doubled."""
        ids = sorted(set(self.promised))
        wait_for(lambda: self._at_rest(ids) == len(ids), within=240)
        for what, query in _ONCE.items():
            assert self.product.query(query) == [], f"{what} doubled"
        assert self.product.query(_UNAUTHORISED) == [], "decided without a confirmation"

    def verify(self) -> None:
        """Wait until every event is chained, then verify every chain."""
        wait_for(lambda: self.product.query("SELECT count(*) FROM audit_inbox") == [(0,)])
        assert "DOES NOT HOLD" not in self.product.manage("audit_verify")

    def _at_rest(self, ids: list[str]) -> int:
        return int(self.product.query(_AT_REST, ids, list(AT_REST))[0][0])


def events_of(product: Product, alert_id: str, event: str) -> list[dict[str, Any]]:
    """The details of an alert's audit events of one kind, chained or about to be."""
    rows = product.query(
        "SELECT details::text::jsonb FROM audit_leaf WHERE subject_id = %s AND event = %s"
        " UNION ALL SELECT details::text::jsonb FROM audit_inbox WHERE subject_id = %s AND event = %s",
        *(alert_id, event, alert_id, event),
    )
    return [row[0] for row in rows]
