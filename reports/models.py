"""The life of a report: held by the coach, debriefed, released to the leader."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from core.db import Model
from surveys.models import Leader


class Report(Model):
    """One leader's report. It exists from close on; its figures are computed from the symbols."""

    __tablename__ = "report"
    __table_args__ = (
        sa.CheckConstraint(
            "released_on IS NULL OR debriefed_on IS NOT NULL OR by_date",
            name="released_after_debrief",
        ),
    )

    leader_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("leader.id"), primary_key=True)
    debriefed_on: orm.Mapped[date | None]
    released_on: orm.Mapped[date | None]
    by_date: orm.Mapped[bool] = orm.mapped_column(default=False)

    leader: orm.Mapped[Leader] = orm.relationship()

    @property
    def state(self) -> str:
        """held, debriefed or released."""
        if self.released_on:
            return "released"
        return "debriefed" if self.debriefed_on else "held"
