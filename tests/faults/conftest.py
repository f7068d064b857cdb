"""Faults are told against the whole product: its processes are killed, stopped and kept away."""

from collections.abc import Iterator

import pytest

from tests.faults.ledger import Ledger
from tests.harness.person import Person
from tests.harness.product import Product


@pytest.fixture(scope="session")
def whole_ledger(product: Product) -> Iterator[Ledger]:
    """Everything this run's stories were promised; at the end all of it is accounted for."""
    ledger = Ledger(product)
    yield ledger
    ledger.settle()
    ledger.verify()


@pytest.fixture
def ledger(whole_ledger: Ledger) -> Iterator[Ledger]:
    """The ledger, settled when the story ends: a fault may delay alerts, not lose or double them."""
    yield whole_ledger
    whole_ledger.settle()


@pytest.fixture(scope="session")
def _operator(product: Product) -> Iterator[Person]:
    person = Person(product, product.account("operator"))
    with person.http:
        yield person


@pytest.fixture
def operator(_operator: Person) -> Person:
    return _operator.signed_in()
