"""Commands for operators."""

from flask.cli import AppGroup

group = AppGroup("surveys", help="Rounds.")
