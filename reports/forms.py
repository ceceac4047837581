"""What a coach confirms before a step that cannot be taken back."""

from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.validators import DataRequired


class DebriefForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The word of a coach that the talk has taken place."""

    done = BooleanField(
        "We have gone through the report together.",
        validators=[DataRequired("Tick the box when the talk has taken place.")],
    )


class ReleaseForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The word of a coach that the leader may have the report."""

    sure = BooleanField(
        "The leader may read the report from now on. This cannot be taken back.",
        validators=[DataRequired("Tick the box to release the report.")],
    )
