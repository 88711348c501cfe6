"""How many points are enough: every metric against the number of points and of principal components."""

from todacomm.convergence.config import ConvergenceConfig
from todacomm.convergence.job import converge
from todacomm.convergence.measure import measure_convergence
from todacomm.convergence.result import Convergence

__all__ = ["Convergence", "ConvergenceConfig", "converge", "measure_convergence"]
