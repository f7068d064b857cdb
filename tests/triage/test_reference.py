import json
import re
import sys
from pathlib import Path

from apps.triage.reference import TABLES, fill
from apps.triage.signals import Origin, read_signals

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "triage.md"


def test_the_tables_of_the_document_match_the_code():
    text = PAGE.read_text(encoding="utf-8")
    assert fill(text) == text
    assert set(re.findall(r"<!-- begin (\S+) -->", text)) == set(TABLES)


def test_the_example_of_the_document_runs():
    text = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(example, str(PAGE), "exec"), {})


def test_the_example_of_a_detectors_signals_is_read():
    text = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (signal,) = read_signals(json.loads(example), origin=Origin.DETECTOR, source="acme@1.2")
    assert signal.carries_weight


def test_canonical_and_states_need_the_standard_library_only():
    """The workflow sandbox cannot load numpy; other apps take canonical without it."""
    for name in ("canonical", "states"):
        source = (ROOT / "apps" / "triage" / f"{name}.py").read_text(encoding="utf-8")
        imported = re.findall(r"^(?:from|import) (\w+)", source, re.MULTILINE)
        assert set(imported) <= sys.stdlib_module_names
