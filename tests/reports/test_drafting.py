"""A draft says what the record says, names the place of every value, and holds back nothing that speaks against it."""

from datetime import timedelta

import pytest

from apps.cases.models import Case
from apps.reports.drafting.comparing import Happened, changes, fallen, redraft, undisclosed
from apps.reports.drafting.facts import Facts, tell
from apps.reports.drafting.kinds import KINDS, draft
from apps.reports.drafting.sentences import AsOf, Content, Origin, Sentence, as_json, from_json
from apps.reports.models import ReportKind
from apps.reports.queries.record import facts_of
from apps.sites.models import Camera
from tests.reports import scene
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
AS_OF = AsOf(at=NOW + timedelta(hours=2))
EVERY_KIND = list(ReportKind)
SOURCE_KINDS = [
    *("tenant", "site", "case", "incident", "alert", "camera", "clip", "assessment"),
    *("disposition", "confirmation", "acts", "intervention", "exhibits", "exhibit"),
    *("custody", "still", "audit", "checkpoint", "earlier", "lead", "people", "person"),
]


@pytest.fixture
def case(world: World) -> Case:
    return scene.a_full_case(world)


@pytest.fixture
def facts(case: Case) -> Facts:
    """The record of a full case, with the kinds of source that only a running installation has."""
    found = facts_of(case, as_of=AS_OF)
    alert = found.ids("alert")[0]
    found.add("still", "s1", alert=alert, sha256="e" * 64, key="k")
    found.add("audit", case.id, span=([3, 9], "3 to 9"), entries=7)
    found.add("checkpoint", 12, size=12, root="f" * 64, key="abcd1234", signed_at="yesterday")
    others = (["c1"], "C-1")
    found.add("person", "p1", name="Q.", role="witness", since="today", other_cases=others)
    return found


def wording(kind: str, facts: Facts) -> Content:
    return Content(kind=kind, as_of=AS_OF, sentences=draft(kind, facts))


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_sentence_of_a_draft_names_its_sources(kind: str, facts: Facts) -> None:
    sentences = draft(kind, facts)
    assert len({one.key for one in sentences}) == len(sentences) > 5
    for one in sentences:
        assert one.sources
        for source in one.sources:
            assert facts.stand(source)
            assert len(source.digest) == 64


@pytest.mark.parametrize("source_kind", SOURCE_KINDS)
def test_removing_a_source_removes_the_sentences_made_from_it(
    source_kind: str, facts: Facts
) -> None:
    told = 0
    for kind in ReportKind:
        before = wording(kind, facts)
        for id_ in facts.ids(source_kind):
            resting = {
                (one.key, one.text)
                for one in before.sentences
                if any((s.kind, s.id) == (source_kind, id_) for s in one.sources)
            }
            less = facts.without(source_kind, id_)
            lost = fallen(before, less)
            assert {(one.sentence.key, one.sentence.text) for one in lost} == resting
            after = redraft(before, less, as_of=AS_OF)
            assert resting.isdisjoint((one.key, one.text) for one in after.sentences)
            assert all(less.stand(s) for one in after.sentences for s in one.sources)
            told += len(resting)
    # An incident is a source of none: without it nothing about its alert is told any more.
    assert told or source_kind == "incident"


def test_without_its_incident_nothing_is_said_about_an_alert(facts: Facts) -> None:
    less = facts.without("incident", facts.ids("incident")[0])
    for kind in ReportKind:
        after = redraft(wording(kind, facts), less, as_of=AS_OF)
        assert not any(
            source.kind in ("disposition", "confirmation", "assessment")
            for one in after.sentences
            for source in one.sources
        )


def test_every_kind_of_source_is_there_to_be_removed(facts: Facts) -> None:
    kinds = {fact.kind for fact in facts}
    assert kinds == set(SOURCE_KINDS)


def test_a_changed_value_replaces_the_sentence_and_says_what_it_was(
    world: World, case: Case, facts: Facts
) -> None:
    before = wording("police_report", facts_of(case, as_of=AS_OF))
    assert "+90.0 s" in " ".join(one.text for one in before.sentences)
    Camera.objects.filter(id=world.camera.id).update(clock_offset_seconds=-4.0)
    now = facts_of(Case.objects.get(id=case.id), as_of=AS_OF)
    broken = fallen(before, now)
    assert {one.sentence.section for one in broken} == {"time"}
    assert all(one.changed and not one.gone for one in broken)
    told = changes(before, redraft(before, now, as_of=AS_OF))
    assert {change.happened for change in told} == {Happened.CHANGED}
    assert any("+90.0 s" in change.before and "-4.0 s" in change.after for change in told)


def test_the_times_are_the_cameras_clock_its_offset_and_the_true_time(facts: Facts) -> None:
    words = " ".join(one.text for one in draft("police_report", facts))
    assert "20 November 2026, 22:30:00 Europe/Madrid (UTC+01:00)" in words  # the camera's clock
    assert "+90.0 s (the camera's clock showed 90.0 s ahead of true time)" in words
    assert "20 November 2026, 22:28:30 Europe/Madrid (UTC+01:00)" in words  # true time
    assert "when the offset was measured is not known because" in words


def test_what_the_author_says_stays_when_it_is_drafted_again(facts: Facts) -> None:
    own = Sentence(key="own.1", section="own", text="I was there.", origin=Origin.OPERATOR)
    first = wording("uk_mg11", facts)
    before = first.with_sentences((*first.sentences, own))
    for kind in SOURCE_KINDS:
        for id_ in facts.ids(kind):
            after = redraft(before, facts.without(kind, id_), as_of=AS_OF)
            assert own in after.sentences


def test_a_sentence_without_a_source_can_only_be_the_authors() -> None:
    with pytest.raises(ValueError, match="have sources"):
        Sentence(key="a.b", section="a", text="It was so.", origin=Origin.RECORD)


def test_a_sentence_with_a_missing_fact_is_not_told(facts: Facts) -> None:
    assert tell("a.b", "{x}", x=None) is None


def test_what_speaks_against_it_cannot_be_kept_out(facts: Facts) -> None:
    contrary = [one for one in draft("police_report", facts) if one.is_disclosure]
    said = " ".join(one.text for one in contrary)
    for words in (
        "whether the score depends on a person's looks: not assessable",
        "how reliable alerts under these conditions are: not known because",
        "1 were false or explained",
        "the score is not calibrated",
        "complaint(s) were made",
        "Investigative lead",
        "not every step of the act was noted",
    ):
        assert words in said, words
    short = wording("police_report", facts)
    for one in contrary:
        rest = tuple(other for other in short.sentences if other.key != one.key)
        assert one in undisclosed(short.with_sentences(rest), facts)


def test_a_face_lead_is_an_investigative_lead_with_score_threshold_and_error_rate(
    facts: Facts,
) -> None:
    lead = next(one for one in draft("police_report", facts) if one.section == "leads")
    for words in (
        "Investigative lead",
        "not an identification",
        "distance 0.410",
        "threshold 0.500",
        "0.1 of 100",
        "n = 10,000",
        "2 people judged it",
    ):
        assert words in lead.text
    assert lead.is_disclosure


def test_an_open_lead_is_not_told(world: World) -> None:
    case = scene.a_case(world)
    alert = case.incidents.get().alert
    scene.watchlist.fill(world.compliance)
    scene.watchlist.a_lead(world, scene.watchlist.in_force(world), alert=alert)
    assert not facts_of(case, as_of=AS_OF).ids("lead")


def test_a_correction_is_disclosed_and_the_old_verdict_no_longer_stands(
    world: World, case: Case
) -> None:
    before = wording("police_report", facts_of(case, as_of=AS_OF))
    scene.correct(case, world)
    now = facts_of(case, as_of=AS_OF)
    new = {one.key.split(".")[1] for one in undisclosed(before, now)}
    assert new == {"corrected", "not_theft"}
    after = redraft(before, now, as_of=AS_OF)
    assert "was corrected later and does not stand" in " ".join(s.text for s in after.sentences)


def test_a_wording_is_stored_and_read_as_it_was(facts: Facts) -> None:
    for kind in ReportKind:
        content = wording(kind, facts)
        assert from_json(as_json(content)) == content
        assert from_json(as_json(content)).digest == content.digest


def test_every_section_of_a_kind_is_one_that_exists() -> None:
    from apps.reports.drafting.kinds import SECTIONS

    for kind in ReportKind:
        assert set(KINDS[kind].sections) <= set(SECTIONS)
        assert KINDS[kind].declaration
