"""What HR sends: the shape of a round, of a leader's raters, of a later deadline."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional

from accounts.models import Account, Person, ReportingLine
from accounts.queries import folded
from core import clock
from instruments.questionnaires import Instrument
from surveys.models import MINIMUMS, Leader

PURPOSES = (("development", "Development"), ("decision", "Decision"))
PROTECTIONS = (("standard", "Standard"), ("strict", "Strict"), ("threshold", "Threshold"))
RELEASES = (("by_coach", "Their coach"), ("on_date", "A date"))
GROUP_CHOICES = (
    ("peer", "Peer"),
    ("direct_report", "Direct report"),
    ("supervisor", "Supervisor"),
    ("supervisors_supervisor", "Supervisor's supervisor"),
    ("past_direct_report", "Past direct report"),
    ("past_supervisor", "Past supervisor"),
    ("board", "Board"),
    ("client", "Client"),
    ("other", "Other"),
    ("self", "Self: the leader's own view"),
)
OUTSIDE = tuple((group, word) for group, word in GROUP_CHOICES if group != "self")
LAST_MINUTE = time(23, 59, tzinfo=UTC)


class LastDay(DateField):
    """A day on which something may still be done, to its end."""

    @property
    def moment(self) -> datetime:
        if self.data is None:
            raise ValueError("a day is asked for before the form was found valid")
        return datetime.combine(self.data, LAST_MINUTE)


def ahead(_form: object, field: DateField) -> None:
    if field.data and datetime.combine(field.data, LAST_MINUTE) <= clock.now():
        raise ValidationError("This day is over. Choose a later one.")


class RoundForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A new round."""

    name = StringField(
        "Name",
        [InputRequired("Give the round a name."), Length(max=120)],
        description="Raters and leaders see it, on pages and on the report.",
    )
    instrument = SelectField("Questionnaire", description="It cannot be changed after launch.")
    last_day = LastDay(
        "Last day to answer",
        [InputRequired("Choose the last day to answer."), ahead],
        description="Raters can answer until 23:59 UTC. Two to three weeks are usual.",
    )
    purpose = RadioField("What it is for", choices=PURPOSES, default="development")
    protection = RadioField("How raters are protected", choices=PROTECTIONS, default="standard")
    names_past_supervisors = BooleanField(
        "Show past supervisors by name",
        description=(
            "Supervisors are always shown by name, and told so before they answer. Past ones are "
            "anonymous unless you choose this; there are seldom enough of them to be shown at all."
        ),
    )
    release_policy = RadioField(
        "Who lets the leader see the report", choices=RELEASES, default="by_coach"
    )
    release_on = DateField("Release date", [Optional()], description="Only where the date decides.")
    retention_months = IntegerField(
        "Months to keep the report",
        [InputRequired("Say how long."), NumberRange(1, 120, "Choose from 1 to 120 months.")],
        default=24,
        description="It stands with the round. Nothing deletes a report by itself yet.",
    )
    notice = TextAreaField(
        "A word to the raters",
        [Length(max=2000)],
        description="It stands in the invitation. Say why you do this round; leave it empty if you like.",
    )
    contact = StringField(
        "Whom raters can ask",
        [Length(max=200)],
        description=(
            "A name and an address. It stands in their mails and on their pages, so that they know "
            "who is asking."
        ),
    )

    def offer(self, instruments: Iterable[tuple[str, Instrument]]) -> None:
        self.instrument.choices = [
            (key, f"{instrument.title}, version {instrument.version}")
            for key, instrument in instruments
        ]

    def validate_release_policy(self, field: RadioField) -> None:
        """Ask for the date where one decides; `Optional` would skip such a check of its own field."""
        if field.data != "on_date":
            return
        if self.release_on.data is None:
            raise ValidationError("Choose the date on which the leader sees the report.")
        if self.last_day.data and self.release_on.data <= self.last_day.data:
            raise ValidationError(
                "The report cannot be there before the last day to answer is over."
            )

    @property
    def settings(self) -> dict[str, Any]:
        """What a round is made of, but for its questionnaire."""
        by_date = self.release_policy.data == "on_date"
        plain = ("name", "purpose", "protection", "names_past_supervisors", "retention_months")
        return {
            **{name: self.data[name] for name in plain},
            "deadline": self.last_day.moment,
            "release_policy": self.release_policy.data,
            "release_on": self.release_on.data if by_date else None,
            "notice": (self.notice.data or "").strip(),
            "contact": " ".join((self.contact.data or "").split()),
        }


@dataclass(frozen=True)
class Candidate:
    """Somebody who might be rated, and how many report to them now."""

    person: Person
    reports: int


def candidates(
    people: Iterable[Person],
    lines: Iterable[ReportingLine],
    *,
    on: date,
    search: str,
    everybody: bool,
) -> list[Candidate]:
    """Return those in whom every word is found; unless everybody is wanted, only those with reports."""
    present = (
        line for line in lines if line.since <= on and (line.until is None or line.until > on)
    )
    reports = Counter(line.supervisor_id for line in present)
    return [
        Candidate(person, reports[person.id])
        for person in people
        if (everybody or reports[person.id]) and _found(person, search)
    ]


def _found(person: Person, search: str) -> bool:
    shown = folded(f"{person.name} {person.title} {person.department}")
    return all(word in shown for word in folded(search).split())


class LeadersForm(FlaskForm):  # type: ignore[misc]  # as above
    """People of the directory to be rated."""

    people = SelectMultipleField("People", [InputRequired("Choose at least one person.")])

    def offer(self, people: Iterable[Person]) -> None:
        self.people.choices = [(str(person.id), person.name) for person in people]


def chosen_coaches(
    fields: Mapping[str, str], leaders: Iterable[Leader], coaches: Iterable[Account]
) -> dict[Leader, Account | None]:
    """Read the coach chosen for each leader; a leader who is not on the form keeps theirs."""
    by_id = {str(coach.id): coach for coach in coaches}
    return {
        leader: by_id.get(fields[f"coach-{leader.id}"])
        for leader in leaders
        if f"coach-{leader.id}" in fields
    }


class RaterForm(FlaskForm):  # type: ignore[misc]  # as above
    """Somebody of the directory to be asked."""

    email = EmailField("Person", [InputRequired("Choose a person."), Length(max=254)])
    group = SelectField("Asked as", choices=GROUP_CHOICES)


class GuestForm(FlaskForm):  # type: ignore[misc]  # as above
    """Somebody from outside to be asked."""

    name = StringField("Name", [InputRequired("Give their name."), Length(max=120)])
    email = EmailField(
        "E-mail address",
        [
            InputRequired("Give their address."),
            Email("This is no e-mail address."),
            Length(max=254),
        ],
    )
    group = SelectField("Asked as", choices=OUTSIDE, default="client")


class DeadlineForm(FlaskForm):  # type: ignore[misc]  # as above
    """A later last day."""

    last_day = LastDay("Last day to answer", [InputRequired("Choose a day."), ahead])


class ProtectionForm(FlaskForm):  # type: ignore[misc]  # as above
    """More protection, or before launch any."""

    protection = RadioField("How raters are protected", choices=PROTECTIONS)

    def only_from(self, present: str) -> None:
        """Leave out what protects less than the present level."""
        self.protection.choices = [
            (level, words) for level, words in PROTECTIONS if MINIMUMS[level] >= MINIMUMS[present]
        ]
