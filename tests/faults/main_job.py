"""The whole main job in a network that has only a loopback device: `python -m tests.faults.main_job HOME`.

Starts the product, raises an alert with a clip, confirms the theft, waits for the sealed exhibit and
the dossier, stops the product, and prints what the kernel refused meanwhile to all of its processes.
"""

import contextlib
import json
import socket
import sys
from pathlib import Path

from tests.harness import isolation
from tests.harness.person import Person
from tests.harness.product import BUNDLED_CLIP, Product, wait_for

NO_NAMESPACE = (
    "This machine allows no network namespace, so nobody can count what is refused: run as root, or"
    " allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1)."
)
_FAR_AWAY = ("192.0.2.1", 443)  # RFC 5737: nobody's address
_EXHIBITS = """
    SELECT 1 FROM cases_exhibit e JOIN cases_incident i ON i.case_id = e.case_id
    WHERE i.alert_id = %s AND e.sealed_at IS NOT NULL
"""
_DOSSIERS = "SELECT 1 FROM evidence_evidenceitem WHERE kind = 'dossier' AND alert_id = %s"


def main(home: Path) -> None:
    isolation.isolate()
    if not isolation.entered:
        sys.exit(NO_NAMESPACE)
    product = Product(home=home)
    product.manage("up", "--detach", timeout=600)
    try:
        product.seeded = json.loads(product.manage("seed_demo", "--json"))
        alert = do_the_job(product)
    finally:
        product.manage("down", check=False)
    refused = isolation.refused_by_kernel()
    with contextlib.suppress(OSError):
        socket.create_connection(_FAR_AWAY, timeout=5).close()
    counts = {"refused": refused, "refused_after_a_try": isolation.refused_by_kernel()}
    print(json.dumps({"alert": alert, "devices": devices()} | counts))


def do_the_job(product: Product) -> str:
    answer = product.post_alert(clip=BUNDLED_CLIP)
    assert answer.status_code == 202, answer.text
    alert = str(answer.json()["id"])
    product.await_state(alert, "awaiting_review")
    person = Person(product, product.account("operator"))
    with person.http:
        person.signed_in().watch(alert)
        person.decide(alert, "theft_confirmed", reasons=["item_concealed"], transfer_seen=True)
    product.await_state(alert, "resolved")
    for wanted in (_EXHIBITS, _DOSSIERS):
        wait_for(lambda wanted=wanted: product.query(wanted, alert))
    return alert


def devices() -> list[str]:
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    return [line.partition(":")[0].strip() for line in lines]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
