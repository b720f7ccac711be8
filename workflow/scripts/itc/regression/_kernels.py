"""Compiled kernels of the conditional and the mixed logit, one problem after the other.

One file, since numba's cache on disk knows a function by its own file only. Rows are in the order
of their problems; ``first`` int64 [P + 1] are the places where problems begin.
"""

from __future__ import annotations

import numba
import numpy as np

DIGITS = 37.0  # exp(-37) = 1e-16
RECURSION = 12  # k (n - k) / n up to which the recursion is the faster way


@numba.njit(cache=True)
def conditional(weight, x, events, first, log_f, mean, information):
    """Log denominator, mean and summed information of the conditional likelihood.

    ``weight`` [n] = exp(x b); ``x`` [n, p]; ``events`` [P]. The denominator of a problem is the
    elementary symmetric polynomial of degree k in its weights. Fills ``log_f`` [P] and ``mean``
    [P, p], adds to ``information`` [p, p]. Both ways below are exact to rounding; the recursion
    costs n min(k, n - k), the inversion n times a dozen. Returns False where the weights left the
    range of floating point.
    """
    p = x.shape[1]
    found = np.empty((p, p))
    for g in range(len(events)):
        rows, k = slice(first[g], first[g + 1]), events[g]
        n = first[g + 1] - first[g]
        if k * (n - k) <= RECURSION * n:
            log_f[g] = by_recursion(weight[rows], x[rows], k, mean[g], found)
        else:
            log_f[g] = by_inversion(weight[rows], x[rows], k, mean[g], found)
        if not np.isfinite(log_f[g]):
            return False
        information += found
    return True


@numba.njit(cache=True)
def by_recursion(weight, x, k, mean, covariance):
    """Log of the symmetric polynomial f of degree k in ``weight`` [n], NaN where it overflowed.

    Fills ``mean`` [p] and ``covariance`` [p, p] of the sum of ``x`` over k responses drawn with
    probability proportional to the product of their weights. f and its two derivatives follow from
    f_k <- f_k + w f_{k-1}, response by response (Gail, Lubin and Rubinstein 1981, Biometrika
    68:703).
    """
    n, p = x.shape
    f, d, h = np.zeros(k + 1), np.zeros((k + 1, p)), np.zeros((k + 1, p, p))
    f[0] = 1.0
    log_scale = 0.0
    for i in range(n):
        w = weight[i]
        largest = 0.0
        low = max(1, k - (n - 1 - i))  # lower degrees no longer reach k
        for j in range(min(k, i + 1), low - 1, -1):
            for a in range(p):
                for b in range(a + 1):
                    h[j, a, b] += w * (
                        h[j - 1, a, b]
                        + x[i, a] * d[j - 1, b]
                        + x[i, b] * d[j - 1, a]
                        + f[j - 1] * x[i, a] * x[i, b]
                    )
            for a in range(p):
                d[j, a] += w * (d[j - 1, a] + f[j - 1] * x[i, a])
            f[j] += w * f[j - 1]
            largest = max(largest, f[j])
        if largest > 1e100:  # only ratios matter: scale all three alike
            log_scale += np.log(largest)
            f /= largest
            d /= largest
            h /= largest
    if not f[k] > 0.0:
        return np.nan
    for a in range(p):
        mean[a] = d[k, a] / f[k]
        for b in range(a + 1):
            covariance[a, b] = covariance[b, a] = h[k, a, b] / f[k] - mean[a] * mean[b]
    return np.log(f[k]) + log_scale


@numba.njit(cache=True)
def by_inversion(weight, x, k, mean, covariance):
    """As ``by_recursion``, from the characteristic function of a sum of independent responses.

    With odds c w_i for every c, k responses drawn as above are independent responses given that
    their number S is k, so P(S = k) and the moments given S = k are Fourier integrals over the
    characteristic function (Daniels 1954, Ann. Math. Stat. 25:631, for the tilt c that puts E S at
    k). A sum over M angles 2 pi f / M instead of the integral adds P(S = k +- M), below 1e-15 of
    P(S = k) by Bernstein's inequality for the M taken here; no M above n is needed. The modulus of
    the characteristic function falls from angle 0 to pi, and the sum ends where nothing is left.
    M is odd, so that no response's factor is zero at pi.
    """
    n, p = x.shape
    c, variance = tilt(weight, k)
    if not np.isfinite(c):
        return np.nan
    product, log_total = 1.0, 0.0
    for w in weight:
        product *= 1.0 + c * w
        if product > 1e100:
            log_total += np.log(product)
            product = 1.0
    log_total += np.log(product) - k * np.log(c)
    reach = DIGITS / 3.0 + np.sqrt(DIGITS**2 / 9.0 + 2.0 * DIGITS * variance) + 1.0
    m = int(min(float(n), reach)) // 2 * 2 + 1
    total = 0.0
    first, second = np.zeros(p), np.zeros((p, p))
    sums, squares = np.empty(p, np.complex128), np.empty((p, p), np.complex128)
    for f in range(m // 2 + 1):
        turn = np.exp(2j * np.pi * f / m)
        phi = 1.0 + 0.0j
        sums[:] = 0.0
        squares[:] = 0.0
        for i in range(n):
            odds = c * weight[i] * turn
            factor = 1.0 + odds
            phi *= factor / (1.0 + c * weight[i])
            chance = odds * np.conj(factor) * (1.0 / (factor.real**2 + factor.imag**2))
            spread = chance * (1.0 - chance)
            for a in range(p):
                sums[a] += x[i, a] * chance
                for b in range(a + 1):
                    squares[a, b] += x[i, a] * x[i, b] * spread
        phi *= (1.0 if f == 0 else 2.0) * np.conj(turn) ** k  # negative angles mirror these
        total += phi.real
        for a in range(p):
            first[a] += (phi * sums[a]).real
            for b in range(a + 1):
                second[a, b] += (phi * (squares[a, b] + sums[a] * sums[b])).real
        if abs(phi) < np.exp(-DIGITS):
            break
    if not total > 0.0:
        return np.nan
    for a in range(p):
        mean[a] = first[a] / total
        for b in range(a + 1):
            covariance[a, b] = covariance[b, a] = second[a, b] / total - mean[a] * mean[b]
    return np.log(total / m) + log_total


@numba.njit(cache=True)
def tilt(weight, k):
    """Factor c with sum c w / (1 + c w) within a quarter of k, and the variance of that sum.

    NaN where the weights left the range of floating point. Newton's steps in log c, halved into
    the bracket that is known. Any c would do: this one keeps the digits.
    """
    low = -np.log(weight.max()) - np.log(len(weight)) - 1.0
    high = -np.log(weight.min()) + np.log(len(weight)) + 1.0
    if not np.isfinite(high - low):
        return np.nan, np.nan
    log_c = 0.5 * (low + high)
    for _ in range(200):
        expected, variance = 0.0, 0.0
        for w in weight:
            chance = 1.0 - 1.0 / (1.0 + np.exp(log_c) * w)
            expected += chance
            variance += chance * (1.0 - chance)
        if abs(k - expected) < 0.25:
            return np.exp(log_c), variance
        if expected < k:
            low = log_c
        else:
            high = log_c
        log_c += (k - expected) / max(variance, 1e-300)
        if not low < log_c < high:
            log_c = 0.5 * (low + high)
    return np.nan, np.nan


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
