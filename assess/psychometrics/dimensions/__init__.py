"""What a set of items has in common."""

from assess.psychometrics.dimensions.correlations import is_positive, pairwise_correlations
from assess.psychometrics.dimensions.extraction import least_squares, maximum_likelihood
from assess.psychometrics.dimensions.loadings import FactorLoadings, factor_loadings
from assess.psychometrics.dimensions.parallel import ParallelAnalysis, parallel_analysis

__all__ = [
    "FactorLoadings",
    "ParallelAnalysis",
    "factor_loadings",
    "is_positive",
    "least_squares",
    "maximum_likelihood",
    "pairwise_correlations",
    "parallel_analysis",
]
