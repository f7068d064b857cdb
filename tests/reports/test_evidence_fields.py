"""Every field that evidence has to carry is in the statements: present, a labelled field, or "not known because …"."""

from datetime import timedelta

import pytest

from apps.cases.models import Case
from apps.people.operations import destroy_key, make_person
from apps.reports.drafting.comparing import fallen
from apps.reports.drafting.kinds import KINDS, draft
from apps.reports.drafting.sentences import AsOf
from apps.reports.models import Report, ReportKind
from apps.reports.operations.forgetting import forget_person
from apps.reports.queries.document import document_of
from apps.reports.queries.naming import Naming
from apps.reports.queries.record import facts_of
from apps.reports.queries.reports import content_of, newest, reports_naming, standing_of
from tests.reports import scene
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=2)
EVERYTHING = {
    "native bytes as master exhibit": "holds the bytes as they were delivered",
    "SHA-256": "SHA-256: cccc",
    "SHA-512": "SHA-512: not known because",
    "camera clock": "Its clock showed 20 November 2026, 22:30:00",
    "camera clock offset": "recorded offset of that camera's clock is +90.0 s",
    "true time": "the true time was 20 November 2026, 22:28:30",
    "investigative lead": "Investigative lead",
    "score of the lead": "distance 0.410",
    "threshold of the lead": "threshold 0.500",
    "error rate of the lead": "0.1 of 100 comparisons",
    "override or contrary facts": "not assessable",
    "audit chain": "audit chain holds what was done",
    "checkpoint": "not known because the audit chain had not been signed yet",
    "earlier events": "of them stand as confirmed theft",
    "who the person is": "not known because no person is recorded",
    "what was done": "Outcome: recovered",
}


@pytest.fixture
def case(world: World) -> Case:
    return scene.a_full_case(world)


def printed(world: World, case: Case, kind: ReportKind) -> str:
    report = scene.draft(world, case, kind)
    document = document_of(report, newest(report), now=LATER, still=None)
    return str(document)


@pytest.mark.parametrize("what", EVERYTHING)
def test_the_police_report_has_every_field_or_says_why_not(
    world: World, case: Case, what: str
) -> None:
    assert EVERYTHING[what] in printed(world, case, ReportKind.POLICE_REPORT)


@pytest.mark.parametrize("kind", [ReportKind.UK_MG11, ReportKind.UK_VIDEO])
def test_the_uk_statements_have_the_fields_of_section_9(
    world: World, case: Case, kind: ReportKind
) -> None:
    words = printed(world, case, kind)
    for needed in (
        "Criminal Procedure Rules, r. 16.2; Criminal Justice Act 1967, s. 9",
        "This statement (consisting of {pages} page(s) each signed by me) is true",
        "liable to prosecution if I have wilfully stated in it anything which I know to be false",
        "Unique reference number (URN)",
        "Age if under 18",
        "Occupation",
        "Signature witnessed by",
        "visually recorded",
    ):
        assert needed in words, needed


def test_the_video_statement_asks_what_only_the_person_knows(world: World, case: Case) -> None:
    names = {one.name for one in KINDS["uk_video"].fields}
    assert {"recorder", "working", "time_check", "retrieved_by", "exhibit_reference"} <= names
    words = printed(world, case, ReportKind.UK_VIDEO)
    for needed in ("recorded offset of that camera's clock", "SHA-256: cccc", "copied from"):
        assert needed in words


@pytest.mark.parametrize(
    ("kind", "rule", "certified"),
    [
        (ReportKind.US_902_13, "902(13)", "electronic process or system that produces an accurate"),
        (ReportKind.US_902_14, "902(14)", "authenticated by a process of digital identification"),
    ],
)
def test_the_us_certificates_say_what_their_rule_asks(
    world: World, case: Case, kind: ReportKind, rule: str, certified: str
) -> None:
    words = printed(world, case, kind)
    for needed in (
        f"Federal Rules of Evidence {rule}",
        certified,
        "under penalty of perjury under the laws of the United States of America",
        "28 U.S.C. § 1746",
        "reasonable written notice",
        "Why you are a qualified person",
        "SHA-256",
    ):
        assert needed in words, needed


@pytest.mark.parametrize("kind", list(ReportKind))
def test_every_kind_discloses_what_speaks_against_it(
    world: World, case: Case, kind: ReportKind
) -> None:
    facts = facts_of(case, as_of=AsOf(at=LATER))
    contrary = {
        one.key for one in draft(ReportKind.POLICE_REPORT, facts) if one.section == "contrary"
    }
    assert contrary <= {one.key for one in draft(kind, facts)}


def test_what_a_report_lacks_is_said_where_nothing_is_recorded(world: World) -> None:
    case = scene.a_case(world)
    words = printed(world, case, ReportKind.POLICE_REPORT)
    for needed in (
        "not known because no intervention is recorded",
        "not known because no person is recorded as the subject",
        "no still is enclosed",
    ):
        assert needed in words, needed


def connect(world: World, case: Case, name: str, role: str = "subject") -> object:
    from apps.cases.models import CasePerson

    person = make_person(
        actor=scene.actor(world.operator), tenant_id=world.tenant.id, name=name, now=NOW
    )
    return CasePerson.objects.create(
        tenant_id=world.tenant.id,
        case=case,
        person=person,
        role=role,
        made_by=world.operator.id,
        made_at=NOW,
    )


def test_people_of_the_case_are_named_and_their_other_cases_told(world: World, case: Case) -> None:
    link = connect(world, case, "Quentin Quill")
    other = scene.a_case(world)
    other.people.create(
        tenant_id=world.tenant.id,
        person_id=link.person_id,  # type: ignore[attr-defined]
        role="subject",
        made_by=world.operator.id,
        made_at=NOW,
    )
    words = printed(world, case, ReportKind.POLICE_REPORT)
    assert "Quentin Quill is recorded in this case as: subject of the observed acts" in words
    assert f"also recorded in other cases of this store: {other.reference}" in words
    assert "who the person in the footage is" not in words.lower()


def test_taking_a_person_out_of_the_case_takes_their_sentences_out(
    world: World, case: Case
) -> None:
    link = connect(world, case, "Quentin Quill")
    report = scene.draft(world, case)
    type(link).objects.filter(id=link.id).update(  # type: ignore[attr-defined]
        ended_at=LATER, ended_by=world.lead.id
    )
    now = facts_of(case, as_of=content_of(newest(report)).as_of)
    gone = fallen(content_of(newest(report)), now)
    assert {one.sentence.section for one in gone} == {"people"}
    assert all(one.gone for one in gone)


def test_an_erased_person_has_no_name_in_any_wording(world: World, case: Case) -> None:
    link = connect(world, case, "Quentin Quill")
    report = scene.draft(world, case)
    scene.edit(world, report, added=("I know QUENTIN QUILL from the gym.",))
    stored = [str(one.content) for one in report.versions.all()]
    assert not any("quill" in one.lower() for one in stored)
    report = Report.objects.select_related("case__site").get(id=report.id)
    text = content_of(newest(report)).sentences
    assert "Quentin Quill" in Naming(case).named(" ".join(one.text for one in text))
    person = link.person  # type: ignore[attr-defined]
    assert reports_naming(person.id) == [report]
    actor = scene.actor(world.administrator)
    destroy_key(actor=actor, person=person, reason="Asked to be erased.", now=LATER)
    assert forget_person(actor=actor, person_id=person.id, now=LATER) == {
        "reports": 1,
        "signed_pdfs": 0,
    }
    words = Naming(case).named(" ".join(one.text for one in text))
    assert "I know a person whose data was erased from the gym." in words
    assert "Quill" not in words
    assert standing_of(report).is_current
