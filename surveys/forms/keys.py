"""What is sent about a round's key: who holds it, their passphrase, that it is lost."""

from collections.abc import Iterable

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from accounts.models import Account
from surveys.forms.rounds import LastDay, ahead

NOBODY = ""
AS_DRAWN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
"""Made-up words: no browser shall keep, mend or look them up."""


class TrusteeForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Who holds the key of a draft."""

    trustee = SelectField("Who holds the key")

    def offer(self, accounts: Iterable[Account]) -> None:
        """Let one of these be chosen, or nobody."""
        self.trustee.choices = [(NOBODY, "Nobody: the key lies in the key store alone")]
        self.trustee.choices += [
            (str(account.id), account.name or account.email) for account in accounts
        ]


class DrawnForm(FlaskForm):  # type: ignore[misc]  # as above
    """The passphrase that was drawn, typed once by whoever is to keep it."""

    drawn = HiddenField()
    typed = StringField(
        "Type it here",
        [InputRequired("Type the passphrase that stands above."), Length(max=100)],
        render_kw=AS_DRAWN,
    )


class DrawnAgainForm(DrawnForm):
    """The same for a round whose answers are sealed with the key of before."""

    lost = BooleanField(
        "The old passphrase is lost, and with it what has been sent",
        [InputRequired("Tick that the old passphrase is lost. If you still have it, go back.")],
    )


class UnlockForm(FlaskForm):  # type: ignore[misc]  # as above
    """The passphrase, when the round is over."""

    passphrase = StringField(
        "Passphrase",
        [InputRequired("Type the passphrase."), Length(max=100)],
        description="Four words. Capitals and hyphens make no difference.",
        render_kw=AS_DRAWN,
    )


class ReopenForm(FlaskForm):  # type: ignore[misc]  # as above
    """A new last day, for a round whose key is lost."""

    last_day = LastDay("Last day to answer", [InputRequired("Choose a day."), ahead])
    lost = BooleanField(
        "Whoever runs this server has looked: it is lost for good",
        [InputRequired("Ask whoever runs this server first, then tick that it is lost.")],
    )
