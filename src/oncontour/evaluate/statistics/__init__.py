"""Statistics of figures and ratings, each with what must be said beside a P value."""

from oncontour.evaluate.statistics.bland_altman import BlandAltman, bland_altman
from oncontour.evaluate.statistics.bootstrap import (
    Interval,
    bootstrap_mean,
    cluster_bootstrap,
    cluster_means,
    percentiles,
)
from oncontour.evaluate.statistics.correlation import Correlation, correlate
from oncontour.evaluate.statistics.crosstab import (
    ChiSquare,
    MarginalHomogeneity,
    chi_square,
    marginal_homogeneity,
)
from oncontour.evaluate.statistics.groups import Groups, compare_groups, compare_repeated
from oncontour.evaluate.statistics.icc import FORMS, Icc, icc
from oncontour.evaluate.statistics.kappa import weighted_kappa
from oncontour.evaluate.statistics.multiple import benjamini_hochberg
from oncontour.evaluate.statistics.outcome import Test
from oncontour.evaluate.statistics.paired import Paired, compare_paired
from oncontour.evaluate.statistics.volume_interval import volume_interval

__all__ = [
    "FORMS",
    "BlandAltman",
    "ChiSquare",
    "Correlation",
    "Groups",
    "Icc",
    "Interval",
    "MarginalHomogeneity",
    "Paired",
    "Test",
    "benjamini_hochberg",
    "bland_altman",
    "bootstrap_mean",
    "chi_square",
    "cluster_bootstrap",
    "cluster_means",
    "compare_groups",
    "compare_paired",
    "compare_repeated",
    "correlate",
    "icc",
    "marginal_homogeneity",
    "percentiles",
    "volume_interval",
    "weighted_kappa",
]
