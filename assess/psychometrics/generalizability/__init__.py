"""How far answers would be the same with other raters and other items."""

from assess.psychometrics.generalizability.decision import DStudy, d_study, raters_for
from assess.psychometrics.generalizability.study import GStudy, g_study

__all__ = ["DStudy", "GStudy", "d_study", "g_study", "raters_for"]
