"""Words a person wrote, and names of people, are found neither in Temporal nor in a log."""

import json
import shutil
import uuid
from pathlib import Path

import pytest

from tests.faults.ledger import Ledger
from tests.faults.temporal_side import TemporalSide
from tests.harness.person import Person
from tests.harness.product import BUNDLED_CLIP, Product, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_no_word_of_a_person_reaches_temporal_or_a_log(
    product: Product, ledger: Ledger, operator: Person, tmp_path: Path
) -> None:
    note, comment, file = (f"canary{uuid.uuid4().hex}" for _ in range(3))
    alert = raised_with_note(product, tmp_path / f"{file}.mp4", note)
    ledger.promised.append(alert)
    operator.watch(alert)
    operator.decide(
        alert,
        "theft_confirmed",
        reasons=["item_concealed"],
        comment=f"seen by {comment}",
        transfer_seen=True,
    )
    wait_for(lambda: product.query(_DOSSIERS, alert))

    account = product.account("operator")
    name = product.query(_NAMES, account.email)[0][0]
    words = [note, comment, file, account.email, account.password, name]
    places = {
        "the history": TemporalSide(product).everything_about(alert),
        **contents(product.home / "temporal", "temporal.db*"),
        **contents(product.home / "logs", "*.log*"),
    }
    assert alert.encode() in places["the history"], "this is where it would be"
    # What `up` shows on the terminal, the demo's sign-in table, is kept as up.log.
    places.pop("up.log")
    found = [
        (word, place) for place, held in places.items() for word in words if word.encode() in held
    ]
    assert found == []


_NAMES = "SELECT first_name || ' ' || last_name FROM accounts_user WHERE email = %s"
_DOSSIERS = "SELECT 1 FROM evidence_evidenceitem WHERE kind = 'dossier' AND alert_id = %s"


def raised_with_note(product: Product, clip: Path, note: str) -> str:
    shutil.copy(BUNDLED_CLIP, clip)
    printed = product.manage(
        *(
            "raise_alert",
            "--tenant",
            product.seeded["tenant"],
            "--camera",
            product.seeded["camera"],
        ),
        *("--clip", str(clip), "--note", note, "--json"),
    )
    alert = str(json.loads(printed)["id"])
    product.await_state(alert, "awaiting_review", "model_review")
    return alert


def contents(folder: Path, pattern: str) -> dict[str, bytes]:
    files = [path for path in folder.glob(pattern) if path.is_file()]
    assert files, f"nothing in {folder}"
    return {path.name: path.read_bytes() for path in files}
