"""Commands for operators."""

from flask.cli import AppGroup

group = AppGroup("accounts", help="People and those who sign in.")
