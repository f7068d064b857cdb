"""docs/watchlists.md shows the state tables as they are."""

from pathlib import Path

import pytest

from apps.triage.states import ENTRY, LEAD, Machine


@pytest.mark.parametrize("machine", [ENTRY, LEAD], ids=lambda machine: machine.name)
def test_the_documented_table_is_the_one_the_code_uses(machine: Machine) -> None:
    rows = [
        f"| `{old}` | {', '.join(f'`{new}`' for new in sorted(after)) or 'nothing: the end'} |"
        for old, after in machine.transitions.items()
    ]
    assert "\n".join(rows) in Path("docs/watchlists.md").read_text(encoding="utf-8")
