"""What may go wrong by rule, said to a person."""


class DomainError(Exception):
    """A rule forbids it. The message is shown to the person: what happened, what to do."""


class NotFoundError(DomainError):
    """There is no such thing, or it is not for this person: both look the same from outside."""


class ForbiddenError(DomainError):
    """The person is known, and may not."""
