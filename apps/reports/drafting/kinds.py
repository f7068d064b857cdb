"""What each kind of statement holds: its sections, the fields a person fills in, and the words it is signed under.

Wording of the declarations: Criminal Justice Act 1967 s. 9 and Criminal Procedure Rules r. 16.2 (form MG11); Federal Rules
of Evidence 902(11), (13), (14) and 28 U.S.C. § 1746.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from apps.reports.drafting import context, happening, keeping
from apps.reports.drafting.facts import Facts
from apps.reports.drafting.sentences import Sentence

Section = Callable[[Facts], Iterator[Sentence | None]]

OWN = "own"
"""The section of what the author states without the record."""

SECTIONS: Final[dict[str, tuple[str, Section | None]]] = {
    "summary": ("What this is about", happening.summary),
    "time": ("Place and time", happening.place_and_time),
    "observed": ("What was observed", happening.observed),
    "decision": ("Who confirmed it", happening.decision),
    "people": ("People", context.people),
    "actions": ("What was done", happening.actions),
    "process": ("How the records were made", keeping.process),
    "copying": ("How the copies were made", keeping.copying),
    "exhibits": ("Exhibits", keeping.exhibits),
    "stills": ("Still", keeping.stills),
    "integrity": ("Custody and audit chain", keeping.integrity),
    "earlier": ("Earlier events", context.earlier),
    "leads": ("Investigative leads", context.leads),
    OWN: ("Stated by the author", None),
    "contrary": ("What speaks against it or limits it", context.contrary),
}


@dataclass(frozen=True, kw_only=True)
class FormField:
    """Something the record cannot know. `is_long` gets a larger box; a required one must be filled before signing."""

    name: str
    label: str
    help: str = ""
    is_required: bool = True
    is_long: bool = False


@dataclass(frozen=True, kw_only=True)
class KindOfReport:
    """A kind of statement: `heading` and `law` as printed on top, `declaration` above the signature."""

    heading: str
    law: str
    sections: tuple[str, ...]
    fields: tuple[FormField, ...]
    declaration: str
    note: str = ""


_NAME = FormField(name="name", label="Full name", help="Of the person whose statement this is.")
_POSITION = FormField(name="position", label="Position", help="Job or function in the company.")
_ADDRESS = FormField(
    name="premises_address",
    label="Address of the premises",
    help="Not known because the record of a store holds no address.",
)
_AGE = FormField(name="age", label="Age if under 18", help="Write “over 18” if over 18.")
_OCCUPATION = FormField(name="occupation", label="Occupation")
_URN = FormField(
    name="urn",
    label="Unique reference number (URN)",
    help="Given by the police; left empty when there is none yet.",
    is_required=False,
)
_WITNESSED = FormField(
    name="witnessed_by",
    label="Signature witnessed by",
    help="Only where somebody witnessed the signature.",
    is_required=False,
)
_EMPLOYER = FormField(name="employer", label="Employer")
_QUALIFIED = FormField(
    name="qualification",
    label="Why you are a qualified person",
    help="Training and experience with this system: the rule asks for a qualified person.",
    is_long=True,
)
_PLACE = FormField(name="executed_at", label="Place where it is signed")
_COURT = FormField(
    name="court", label="Court and case number", help="Where known.", is_required=False
)

_SECTION_9 = (
    "This statement (consisting of {pages} page(s) each signed by me) is true to the best of my knowledge and belief and I"
    " make it knowing that, if it is tendered in evidence, I shall be liable to prosecution if I have wilfully stated in"
    " it anything which I know to be false, or do not believe to be true."
)
_PERJURY = (
    "I declare under penalty of perjury under the laws of the United States of America that the foregoing is true and"
    " correct (28 U.S.C. § 1746)."
)
_NOTICE = (
    "Rule 902(11): before the trial or hearing, the proponent must give an adverse party reasonable written notice of the"
    " intent to offer the record, and must make the record and this certificate available for inspection."
)
_MG11_LAW = "Criminal Procedure Rules, r. 16.2; Criminal Justice Act 1967, s. 9"

KINDS: Final[dict[str, KindOfReport]] = {
    "police_report": KindOfReport(
        heading="Report to the police",
        law="Drafted from the record by software; read, edited and signed by a person",
        sections=(
            *("summary", "time", "observed", "decision", "people", "actions", "exhibits", "stills"),
            *("integrity", "earlier", "leads", OWN, "contrary"),
        ),
        fields=(
            FormField(name="recipient", label="Recipient", help="Police force and station."),
            FormField(
                name="police_reference",
                label="Reference of the police",
                help="Left empty when there is none yet.",
                is_required=False,
            ),
            _NAME,
            _POSITION,
            _ADDRESS,
            FormField(
                name="goods",
                label="Goods concerned",
                help="Not known because the record holds what was observed and no list of goods.",
                is_long=True,
            ),
            FormField(
                name="goods_value",
                label="Value of the goods",
                help="Not known because the record holds no prices.",
                is_required=False,
            ),
        ),
        declaration=(
            "I have read this report. What is marked as stated by the author is mine; the rest was drafted from the"
            " record, and I have compared it with what I know."
        ),
    ),
    "uk_video": KindOfReport(
        heading="Witness statement: video recording of a retailer",
        law=_MG11_LAW,
        sections=(
            *("summary", "time", "exhibits", "copying", "stills", "integrity"),
            *(OWN, "contrary"),
        ),
        fields=(
            _URN,
            _NAME,
            _AGE,
            _OCCUPATION,
            _ADDRESS,
            FormField(
                name="responsible",
                label="Your responsibility for the system",
                help="Since when and for what.",
            ),
            FormField(
                name="recorder",
                label="Make and type of the recorder",
                help="Not known because the record holds no device.",
            ),
            FormField(
                name="working",
                label="Whether the system worked properly at the time",
                help="From your own knowledge: faults, repairs, gaps.",
                is_long=True,
            ),
            FormField(
                name="time_check",
                label="How and when the clock was compared with true time",
                help="The record holds the offset; it does not hold how it was measured.",
                is_long=True,
            ),
            FormField(
                name="retrieved_by", label="Who retrieved the recording, when and how", is_long=True
            ),
            FormField(
                name="exhibit_reference",
                label="Exhibit reference",
                help="Your initials and a number, such as AB/1.",
            ),
            FormField(
                name="visually_recorded",
                label="Whether your evidence is visually recorded",
                help="Yes or no.",
            ),
            _WITNESSED,
        ),
        declaration=_SECTION_9,
    ),
    "uk_mg11": KindOfReport(
        heading="Witness statement (MG11)",
        law=_MG11_LAW,
        sections=(
            *("summary", "time", "observed", "decision", "people", "actions", "exhibits", "stills"),
            *("integrity", "earlier", "leads", OWN, "contrary"),
        ),
        fields=(
            _URN,
            _NAME,
            _AGE,
            _OCCUPATION,
            _ADDRESS,
            FormField(
                name="seen_myself",
                label="What you saw and heard yourself",
                help="In your own words; write “nothing” if you only saw the footage.",
                is_long=True,
            ),
            FormField(
                name="visually_recorded",
                label="Whether your evidence is visually recorded",
                help="Yes or no.",
            ),
            _WITNESSED,
        ),
        declaration=_SECTION_9,
        note=(
            "The reverse page of form MG11 (address, telephone, date of birth) is filled in with the police and is never"
            " part of this statement."
        ),
    ),
    "us_902_13": KindOfReport(
        heading="Certificate of records generated by an electronic process or system",
        law="Federal Rules of Evidence 902(13), in the manner of 902(11)",
        sections=("summary", "time", "process", "exhibits", "integrity", OWN, "contrary"),
        fields=(
            _COURT,
            _NAME,
            _POSITION,
            _EMPLOYER,
            _QUALIFIED,
            FormField(
                name="accuracy",
                label="Why the process gives an accurate result",
                help="From your own knowledge: tests, checks, maintenance.",
                is_long=True,
            ),
            _PLACE,
        ),
        declaration=(
            "I certify that the records described above were generated by an electronic process or system that produces"
            f" an accurate result. {_PERJURY}"
        ),
        note=_NOTICE,
    ),
    "us_902_14": KindOfReport(
        heading="Certificate of data copied from an electronic device, storage medium, or file",
        law="Federal Rules of Evidence 902(14), in the manner of 902(11)",
        sections=("summary", "exhibits", "copying", "integrity", OWN, "contrary"),
        fields=(
            _COURT,
            _NAME,
            _POSITION,
            _EMPLOYER,
            _QUALIFIED,
            FormField(
                name="copied_from",
                label="Device, medium or file the data were copied from",
                help="Not known because the record begins when the file came in.",
                is_long=True,
            ),
            _PLACE,
        ),
        declaration=(
            "I certify that the data described above were copied as stated and authenticated by a process of digital"
            f" identification, the comparison of hash values. {_PERJURY}"
        ),
        note=_NOTICE,
    ),
}


def draft(kind: str, facts: Facts) -> tuple[Sentence, ...]:
    """Every sentence the record gives for this kind of statement, in order."""
    found: list[Sentence] = []
    for name in KINDS[kind].sections:
        section = SECTIONS[name][1]
        found += [one for one in (section(facts) if section else ()) if one is not None]
    return tuple(found)


def missing_fields(kind: str, filled: dict[str, str]) -> list[FormField]:
    """The required fields nobody has filled in."""
    return [one for one in KINDS[kind].fields if one.is_required and not filled.get(one.name, "")]
