"""Sentences about what is kept, and how it can be checked: exhibits, custody, stills, the audit chain."""

from collections.abc import Iterator

from apps.reports.drafting.facts import Facts, tell
from apps.reports.drafting.happening import alerts_of
from apps.reports.drafting.sentences import Sentence

Told = Iterator[Sentence | None]


def exhibits(facts: Facts) -> Told:
    for case in facts.ids("exhibits"):
        count = facts.get("exhibits", case, "count")
        if count and count.value == 0:
            yield tell(
                "exhibits.none",
                "What footage is kept as an exhibit is not known because no exhibit has been sealed in this case.",
                count_=count,
            )
        else:
            yield tell("exhibits.count", "Sealed exhibits of this case: {count}.", count=count)
    for exhibit in facts.ids("exhibit"):
        of = facts.of("exhibit", exhibit)
        yield tell(
            f"exhibits.one.{exhibit}",
            "Exhibit {number}, “{title}”: {media_type}, {size}, delivered as: {name}; acquired on {acquired_at} and"
            " sealed on {sealed_at}; nobody can delete it before {locked_until}.",
            number=of("number"),
            title=of("title"),
            media_type=of("media_type"),
            size=of("size"),
            name=of("original_name"),
            acquired_at=of("acquired_at"),
            sealed_at=of("sealed_at"),
            locked_until=of("locked_until"),
        )
        yield tell(
            f"exhibits.digests.{exhibit}",
            "Exhibit {number} holds the bytes as they were delivered. SHA-256: {sha256}. SHA-512: {sha512}.",
            number=of("number"),
            sha256=of("sha256"),
            sha512=of("sha512"),
        )


def stills(facts: Facts) -> Told:
    for alert in alerts_of(facts):
        reference = facts.get("alert", alert, "reference")
        blurred = facts.get("clip", alert, "blurred")
        shows = facts.get("clip", alert, "subject_visible")
        still = next(iter(facts.those("still", field="alert", value=alert)), "")
        if not still:
            yield tell(
                f"stills.of.{alert}",
                "Alert {reference}: no still is enclosed ({blurred}).",
                reference=reference,
                blurred=blurred,
            )
            continue
        words = "every face in it is blurred, because the record does not allow one to be shown"
        if shows and shows.value:
            words = (
                "the face of the person the alert is about is visible, every other face is blurred"
            )
        yield tell(
            f"stills.of.{alert}",
            f"Alert {{reference}}: the enclosed still is a working copy; {words}. SHA-256: {{sha256}}.",
            reference=reference,
            sha256=facts.get("still", still, "sha256"),
            shows_=shows,
            alert_=facts.get("still", still, "alert"),
        )


def integrity(facts: Facts) -> Told:
    for item in facts.ids("custody"):
        of = facts.of("custody", item)
        exhibit = of("exhibit")
        yield tell(
            f"integrity.custody.{item}",
            "Custody of exhibit {number}: {steps} recorded steps from {first} to {last}; the SHA-256 at each step was"
            " {agrees} as the exhibit's.",
            number=facts.get("exhibit", exhibit.value if exhibit else "", "number"),
            steps=of("steps"),
            first=of("first"),
            last=of("last"),
            agrees=of("agrees"),
        )
    for case in facts.ids("audit"):
        of = facts.of("audit", case)
        yield tell(
            "integrity.chain",
            "The audit chain holds what was done with this case; the numbers of its entries, as far as they were"
            " signed: {span}.",
            span=of("span"),
        )
    for size in facts.ids("checkpoint"):
        of = facts.of("checkpoint", size)
        yield tell(
            "integrity.checkpoint",
            "Checkpoint over {size} entries, signed on {signed_at} with the key {signer}; root hash {root}.",
            size=of("size"),
            signed_at=of("signed_at"),
            signer=of("key"),
            root=of("root"),
        )


def process(facts: Facts) -> Told:
    """How the records were made: the process a certificate under FRE 902(13) speaks of."""
    for alert in alerts_of(facts):
        reference = facts.get("alert", alert, "reference")
        of = facts.of("alert", alert)
        yield tell(
            f"process.made.{alert}",
            "Alert {reference} was made by {detector} and received by Second Look on {received}, where it was"
            " recorded without a person's doing.",
            reference=reference,
            detector=of("detector"),
            received=of("received_at"),
        )
        for assessment in facts.those("assessment", field="alert", value=alert):
            found = facts.of("assessment", assessment)
            yield tell(
                f"process.assessed.{assessment}",
                "Alert {reference}: its assessment is the record with the SHA-256 {digest}. Models that took part:"
                " {models}.",
                reference=reference,
                digest=found("digest"),
                models=found("models"),
            )


def copying(facts: Facts) -> Told:
    """How the copies were made and compared: the identification a certificate under FRE 902(14) speaks of."""
    for exhibit in facts.ids("exhibit"):
        of = facts.of("exhibit", exhibit)
        alert = of("alert")
        clip = facts.of("clip", alert.value if alert else "")
        came, kept = clip("sha256"), of("sha256")
        same = came is not None and kept is not None and came.value == kept.value
        words = "the same value" if same else "another value"
        yield tell(
            f"copying.compared.{exhibit}",
            "Exhibit {number} was copied from the file that was delivered. The SHA-256 worked out when the file came"
            f" in is {{came}}, that of the exhibit is {{kept}}: {words}.",
            number=of("number"),
            came=came,
            kept=kept,
        )
