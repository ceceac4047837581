"""Commands for operators."""

from flask.cli import AppGroup

group = AppGroup("assess", help="Closing and scoring.")
