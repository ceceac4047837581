"""Who may read, debrief and release a report. HR never may, and administrators never may."""

from accounts.models import Account
from accounts.policies import is_person
from reports.models import Report


def may_read_report(account: Account, report: Report) -> bool:
    """Let the assigned coach read from close on, the leader from release on, and nobody else ever."""
    return may_debrief(account, report) or (
        report.state == "released" and _is_about(account, report)
    )


def may_debrief(account: Account, report: Report) -> bool:
    """Let the assigned coach do it, unless the report is about the coach, or they have joined HR since."""
    is_coach = account.has_role("coach") and report.leader.coach_id == account.id
    person = report.leader.person
    is_barred = account.has_role("hr") or account.has_role("administrator")
    return is_coach and not is_barred and not (person and is_person(account, person))


def _is_about(account: Account, report: Report) -> bool:
    return account.person_id is not None and account.person_id == report.leader.person_id
