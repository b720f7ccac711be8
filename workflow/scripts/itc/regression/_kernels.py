"""Compiled kernels of the conditional and the mixed logit, one problem after the other.

One file, since numba's cache on disk knows a function by its own file only. Rows are in the order
of their problems; ``first`` int64 [P + 1] are the places where problems begin.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def conditional(weight, x, events, first, log_f, mean, information):
    """Log denominator, mean and summed information of the conditional likelihood.

    ``weight`` [n] = exp(x b); ``x`` [n, p]; ``events`` [P]. The denominator of a problem is the
    elementary symmetric polynomial of degree k in its weights; it and its two derivatives follow
    from f_k <- f_k + w f_{k-1}, response by response (Gail, Lubin and Rubinstein 1981, Biometrika
    68:703). Fills ``log_f`` [P] and ``mean`` [P, p], adds to ``information`` [p, p]. Returns
    False where the polynomial left the range of floating point.
    """
    p = x.shape[1]
    for g in range(len(events)):
        k = events[g]
        f = np.zeros(k + 1)
        d = np.zeros((k + 1, p))
        h = np.zeros((k + 1, p, p))
        f[0] = 1.0
        log_scale = 0.0
        for row in range(first[g], first[g + 1]):
            w = weight[row]
            top = min(k, row - first[g] + 1)
            low = max(1, k - (first[g + 1] - 1 - row))  # lower degrees no longer reach k
            largest = 0.0
            for j in range(top, low - 1, -1):
                for a in range(p):
                    for b in range(a + 1):
                        h[j, a, b] += w * (
                            h[j - 1, a, b]
                            + x[row, a] * d[j - 1, b]
                            + x[row, b] * d[j - 1, a]
                            + f[j - 1] * x[row, a] * x[row, b]
                        )
                for a in range(p):
                    d[j, a] += w * (d[j - 1, a] + f[j - 1] * x[row, a])
                f[j] += w * f[j - 1]
                largest = max(largest, f[j])
            if largest > 1e100:  # only ratios matter: scale all three alike
                log_scale += np.log(largest)
                f /= largest
                d /= largest
                h /= largest
        if not f[k] > 0.0:
            return False
        log_f[g] = np.log(f[k]) + log_scale
        for a in range(p):
            mean[g, a] = d[k, a] / f[k]
        for a in range(p):
            for b in range(a + 1):
                found = h[k, a, b] / f[k] - mean[g, a] * mean[g, b]
                information[a, b] += found
                if a != b:
                    information[b, a] += found
    return True


@numba.njit(cache=True)
def mixed(eta, y, first, sd, nodes, log_weights, modes, total, residual, spread):
    """Marginal log likelihood of each problem under a normal random intercept, and its scores.

    Gauss-Hermite quadrature around each problem's own mode, searched from ``modes`` [P], which
    hold it afterwards. ``eta`` [n] linear predictor, ``nodes``, ``log_weights`` [Q] (log weight +
    node squared). Fills ``total`` [P], ``residual`` [n] (score in the linear predictor) and
    ``spread`` [P] (score in log sd).
    """
    q = len(nodes)
    joint = np.empty(q)
    wrong = np.empty((np.diff(first).max(), q))  # 1 - P(right) of each row at each node
    for g in range(len(total)):
        start, end = first[g], first[g + 1]
        mode, curvature = modes[g], 1.0
        for _ in range(50):
            slope, curvature = -mode / sd**2, 1.0 / sd**2
            for row in range(start, end):
                p = 1.0 / (1.0 + np.exp(-min(max(eta[row] + mode, -40.0), 40.0)))
                slope += y[row] - p
                curvature += p * (1.0 - p)
            step = min(max(slope / curvature, -3.0), 3.0)
            mode += step
            if abs(step) < 1e-8:
                break
        modes[g] = mode
        scale = 1.0 / np.sqrt(curvature)
        at = mode + np.sqrt(2.0) * scale * nodes
        for i in range(q):
            value = log_weights[i] - 0.5 * (at[i] / sd) ** 2
            product = 1.0  # of 1 + exp(-|v|), each at most 2: one logarithm for many responses
            for row in range(start, end):
                v = eta[row] + at[i]
                e = np.exp(-abs(v))
                value += y[row] * v - max(v, 0.0)
                product *= 1.0 + e
                if product > 1e300:
                    value -= np.log(product)
                    product = 1.0
                wrong[row - start, i] = (1.0 if v < 0.0 else e) / (1.0 + e)
            joint[i] = value - np.log(product)
        largest = joint.max()
        posterior = np.exp(joint - largest)
        mass = posterior.sum()
        posterior /= mass
        total[g] = (
            largest
            + np.log(mass)
            - np.log(sd)
            - 0.5 * np.log(2.0 * np.pi)
            + np.log(np.sqrt(2.0) * scale)
        )
        spread[g] = (posterior * ((at / sd) ** 2 - 1.0)).sum()
        for row in range(start, end):
            expected = 0.0
            for i in range(q):
                expected += posterior[i] * wrong[row - start, i]
            residual[row] = y[row] - 1.0 + expected
