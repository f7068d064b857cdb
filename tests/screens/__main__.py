"""`make screens`: a stack with demo data, every kind of page taken, and the list of them."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from tests.harness.product import REPOSITORY, Product
from tests.screens import stage

FOLDER = REPOSITORY / "docs" / "screens"


def main() -> None:
    asked = argparse.ArgumentParser(prog="make screens", description=__doc__)
    asked.add_argument("--home", type=Path, help="a running stack to use instead of a new one")
    asked.add_argument("--only", default="", help="the beginning of the pages' names")
    asked.add_argument("--into", type=Path, default=FOLDER, help="the folder to write")
    asked.add_argument("--language", default="en", help="the language the browser asks for")
    given = asked.parse_args()
    began = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {words}", flush=True)

    given.into.mkdir(parents=True, exist_ok=True)
    with stage.stack(given.home) as product:
        say(f"the stack runs at {product.url}")
        stage.open_django(product)
        raised = stage.raise_alerts(product)
        say(f"{len(raised)} alerts are through")
        first = [f"/alerts/{one}/" for one in raised]
        first.append(f"/cases/{stage.case_of(product, raised[-1])}/")
        _take(product, first, raised[0], given, say)


def _take(
    product: Product,
    first: list[str],
    lent: str,
    given: argparse.Namespace,
    say: Callable[[str], None],
) -> None:
    from tests.screens.gallery import write_list
    from tests.screens.pages import shots
    from tests.screens.taking import Taken, take

    world = stage.furnish_demo(lent)
    product.manage("reliability_refresh")
    say("an object of every kind stands there")
    wanted = shots(world, first=first)
    wanted = [one for one in wanted if one.name.startswith(given.only)]
    say(f"{len(wanted)} kinds of pages")
    taken: list[Taken] = []
    stopped = [one for one in wanted if one.path.startswith("/stop/")]
    going = [one for one in wanted if one not in stopped]
    for part in stopped, going:
        for one in take(
            product.url, shots=part, world=world, folder=given.into, language=given.language
        ):
            taken.append(one)
            say(f"{len(taken):3} {one.shot.name} {'; '.join(one.faults)}")
        stage.let_the_machine_go_on(world)
    if not given.only:
        write_list(taken, folder=given.into)


main()
