"""Reports on screen: who sees them, what is shown beside each sentence, and how signing asks who you are."""

import io

import pytest
from pypdf import PdfReader

from apps.cases.models import Case
from apps.reports.models import Report
from apps.reports.queries.reports import content_of, newest
from tests.console.people import signed_in
from tests.reports import scene
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(world: World) -> Case:
    return scene.a_full_case(world)


@pytest.fixture
def report(world: World, case: Case) -> Report:
    return scene.draft(world, case)


def address(report: Report, rest: str = "") -> str:
    return f"/cases/{report.case_id}/reports/{report.id}/{rest}"


def posted(report: Report, **changes: object) -> dict[str, object]:
    """What a browser sends of the editor when nothing but `changes` was touched."""
    sentences = content_of(newest(report)).sentences
    return {
        "base": newest(report).number,
        "key": [one.key for one in sentences],
        "keep": [one.key for one in sentences if one.is_included],
        "added": "",
        **changes,
    }


@pytest.mark.parametrize("rest", ["", "changes/", "sign/", "pdf/"])
def test_strangers_find_nothing_and_the_unauthorised_are_refused(
    world: World, report: Report, rest: str
) -> None:
    for person in (world.stranger, world.foreign_operator):
        assert signed_in(person).get(address(report, rest)).status_code == 404
    assert signed_in(world.store_manager).get(address(report, rest)).status_code == 403


def test_who_may_only_look_changes_nothing(world: World, case: Case, report: Report) -> None:
    client = signed_in(world.compliance)
    page = client.get(address(report)).content.decode()
    assert "Save this wording" not in page
    listed = client.get(f"/cases/{case.id}/reports/").content.decode()
    assert report.reference in listed
    assert "Draft from the record" not in listed
    for rest in ("", "redraft/", "withdraw/", "newer/", "still/", "seal/", "sign/"):
        assert client.post(address(report, rest), {}).status_code == 403, rest
    kind = {"kind": "uk_mg11", "author": str(world.operator.id)}
    assert client.post(f"/cases/{case.id}/reports/", kind).status_code == 403
    assert Report.objects.count() == 1


def test_a_draft_is_made_by_kind_for_its_author(world: World, case: Case) -> None:
    client = signed_in(world.lead)
    empty = client.get(f"/cases/{case.id}/reports/").content.decode()
    assert "Nothing was drafted yet" in empty
    kind = {"kind": "uk_mg11", "author": str(world.second_operator.id)}
    answer = client.post(f"/cases/{case.id}/reports/", kind)
    report = Report.objects.get()
    assert answer.url == address(report)
    assert (report.kind, report.author_id) == ("uk_mg11", world.second_operator.id)
    wrong = client.post(f"/cases/{case.id}/reports/", kind | {"author": str(world.stranger.id)})
    assert wrong.status_code == 422


def test_a_long_list_is_shown_page_by_page(world: World, case: Case) -> None:
    made = [scene.draft(world, case) for _ in range(11)]
    client = signed_in(world.operator)
    first = client.get(f"/cases/{case.id}/reports/").content.decode()
    second = client.get(f"/cases/{case.id}/reports/?page=2").content.decode()
    assert sum(one.reference in first for one in made) == 10
    assert sum(one.reference in second for one in made) == 1


def test_each_sentence_shows_its_sources_with_links_and_values(
    world: World, report: Report
) -> None:
    page = signed_in(world.operator).get(address(report)).content.decode()
    content = content_of(newest(report))
    alert = report.case.incidents.get().alert_id
    assert page.count('class="sentence ') == len(content.sentences)
    assert f'href="/alerts/{alert}/"' in page
    assert "[[" not in page
    assert world.operator.display_name in page
    for source in content.sentences[0].sources:
        assert source.digest[:12] in page
    assert "Disclosed always" in page


def test_saving_keeps_leaves_out_rewords_and_adds(world: World, report: Report) -> None:
    client = signed_in(world.operator)
    sentences = [s for s in content_of(newest(report)).sentences if not s.is_disclosure]
    out, other = sentences[0].key, sentences[1].key
    keep = [s.key for s in content_of(newest(report)).sentences if s.key != out]
    sent = posted(report, keep=keep, added="I was there.")
    sent |= {f"text:{other}": "In other words.", "field:goods": "One jacket"}
    assert client.post(address(report), sent).status_code == 302
    saved = content_of(newest(report))
    by_key = {one.key: one for one in saved.sentences}
    assert not by_key[out].is_included
    assert by_key[other].text == "In other words."
    assert saved.fields["goods"] == "One jacket"
    page = client.get(address(report)).content.decode()
    assert "Stated by the author, not supported by the record" in page
    assert "Reworded by the author" in page
    assert "Left out" in page


def test_a_lost_race_loses_no_words(world: World, report: Report) -> None:
    sent = posted(report, added="My own words.")
    scene.edit(world, report, added=("Somebody was faster.",), user=world.lead)
    answer = signed_in(world.operator).post(address(report), sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Somebody else saved this report" in page
    assert "My own words." in page


def test_drafting_again_shows_before_and_after(world: World, report: Report) -> None:
    client = signed_in(world.operator)
    alike = client.post(address(report, "redraft/"), follow=True).content.decode()
    assert "Nothing changed" in alike
    world.camera.clock_offset_seconds = 12.0
    world.camera.save()
    page = client.get(address(report)).content.decode()
    assert "A source was removed or has changed" in page
    told = client.post(address(report, "redraft/"), follow=True).content.decode()
    assert "+90.0 s" in told.split("<ins>")[0] or "<del>" in told
    assert "+12.0 s" in told
    assert "Wording 1 → 2" in told
    assert (
        "These wordings say the same"
        in client.get(address(report, "changes/?from=2&to=2")).content.decode()
    )


def test_signing_shows_exactly_what_is_signed_and_asks_who_you_are(
    world: World, report: Report
) -> None:
    scene.fill(world, report, added=("I know that shelf.",))
    page = signed_in(world.operator).get(address(report, "sign/")).content.decode()
    digest = newest(report).digest
    assert digest in page
    assert "I know that shelf." in page
    assert "stated by the author, not supported by the record" in page
    sent = {"digest": digest, "read": "on"}
    late = signed_in(world.operator, seconds_ago=900).post(address(report, "sign/"), sent)
    assert "reauthenticate" in late.url
    unread = signed_in(world.operator).post(address(report, "sign/"), {"digest": digest})
    assert unread.status_code == 422
    assert Report.objects.get(id=report.id).state == "edited"
    assert signed_in(world.operator).post(address(report, "sign/"), sent).status_code == 302
    assert Report.objects.get(id=report.id).state == "signed"


def test_somebody_else_is_told_that_it_is_not_theirs_to_sign(world: World, report: Report) -> None:
    scene.fill(world, report)
    client = signed_in(world.lead)
    assert (
        "Only the person whose statement it is"
        in client.get(address(report, "sign/")).content.decode()
    )
    sent = {"digest": newest(report).digest, "read": "on"}
    assert client.post(address(report, "sign/"), sent).status_code == 422
    assert Report.objects.get(id=report.id).state == "edited"


def test_a_corrected_decision_is_said_on_the_list_and_on_the_report(
    world: World, case: Case
) -> None:
    report = scene.signed(world, case)
    client = signed_in(world.operator)
    assert "Rests on a corrected decision" not in client.get(address(report)).content.decode()
    scene.correct(case, world)
    for page in (address(report), f"/cases/{case.id}/reports/"):
        assert "Rests on a corrected decision" in client.get(page).content.decode()


def test_withdrawing_and_drafting_a_newer_one(world: World, case: Case) -> None:
    report = scene.signed(world, case)
    client = signed_in(world.operator)
    client.post(address(report, "newer/"))
    newer = Report.objects.get(supersedes=report)
    assert newer.state == "draft"
    client.post(address(newer, "withdraw/"), {"reason": ""})
    assert Report.objects.get(id=newer.id).state == "draft"
    client.post(address(newer, "withdraw/"), {"reason": "Not needed."})
    assert Report.objects.get(id=newer.id).state == "withdrawn"
    assert "Not needed." in client.get(address(newer)).content.decode()


def test_the_pages_say_that_they_are_a_draft_and_number_their_sources(
    world: World, report: Report
) -> None:
    answer = signed_in(world.operator).get(address(report, "pdf/"))
    assert answer["Content-Type"] == "application/pdf"
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    flat = " ".join(words.split())
    assert "DRAFT — not signed" in flat
    assert "Investigative lead" in flat
    assert newest(report).digest in flat.replace(" ", "")
    assert "Sources" in flat
    assert "[[" not in flat
