"""A company in which rounds about one leader follow each other."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.keys import KeyStore
from surveys.models import Round
from surveys.services.rounds import add_leader, launch
from surveys.services.seats import Rater, invite_all
from tests.factories import NOON, make_person, make_round


class Company:
    """A leader, and whoever may be asked about them, by number."""

    def __init__(self, session: Session, key_store: KeyStore) -> None:
        self.session, self.key_store = session, key_store
        self.leader = make_person(session, "Lea Leader")
        self.people = [make_person(session, f"Rater {number}") for number in range(20)]

    def drafted(
        self, *, name: str = "Autumn", protection: str = "standard", **groups: Sequence[int]
    ) -> Round:
        """Draft a round about the leader: `drafted(peer=range(6))` asks the first six as peers."""
        round_ = make_round(self.session, protection=protection)
        round_.name = name
        leader = add_leader(self.session, round_, name=self.leader.name, person=self.leader)
        raters = [Rater("self", person=self.leader)]
        for group, numbers in groups.items():
            raters += [Rater(group, person=self.people[number]) for number in numbers]
        invite_all(self.session, leader, raters)
        return round_

    def launched(
        self, *, name: str = "Spring", protection: str = "standard", **groups: Sequence[int]
    ) -> Round:
        round_ = self.drafted(name=name, protection=protection, **groups)
        self.launch(round_)
        return round_

    def launch(self, round_: Round, *, at: datetime = NOON) -> None:
        round_.deadline = max(round_.deadline, at + timedelta(days=9))
        launch(self.session, round_, self.key_store, at=at)
        self.session.flush()
