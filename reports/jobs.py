"""What runs by itself."""

from core.jobs import Job
from core.mail import Renderer

JOBS: list[Job] = []
MAILS: dict[str, Renderer] = {}
