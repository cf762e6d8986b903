"""Slow and obvious versions of the statistics, in plain Python and one cluster at a time."""

from __future__ import annotations

import math
from collections import defaultdict

from scipy import stats


def wilson_twin(successes, trials, z):
    """The formula of the specification, §8.1, term by term."""
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def clustered_twin(rows, confidence=0.95):
    """(estimate, lower, upper, design effect) of rows (cluster, numerator, denominator)."""
    sums = defaultdict(lambda: [0.0, 0.0])
    for cluster, numerator, denominator in rows:
        sums[cluster][0] += numerator
        sums[cluster][1] += denominator
    pairs = [pair for pair in sums.values() if pair[1]]
    m, total = len(pairs), sum(n for _, n in pairs)
    estimate = sum(y for y, _ in pairs) / total
    variance = m / (m - 1) * sum((y - estimate * n) ** 2 for y, n in pairs) / total**2
    spread = estimate * (1 - estimate) / total
    effect = variance / spread if spread else None
    effective = total if effect is None else min(total, total / effect) if effect else total
    lower, upper = wilson_twin(estimate * effective, effective, stats.t.ppf((1 + confidence) / 2, m - 1))
    return estimate, lower, upper, effect


def averaged_twin(rows, *, weighted):
    """(estimate, variance) of the average over classes of rows (cluster, class, numerator, denominator, weight).

    The variance is that of the definition: every cluster's influence, computed class by class.
    """
    clusters = sorted({row[0] for row in rows})
    total = {c: [sum(r[k] for r in rows if r[1] == c) for k in (2, 3, 4)] for c in {r[1] for r in rows}}
    classes = [c for c, (_, n, _) in total.items() if n]
    ratio = {c: total[c][0] / total[c][1] for c in classes}
    weight = {c: total[c][2] if weighted else 1.0 for c in classes}
    whole = sum(weight.values())
    estimate = sum(weight[c] * ratio[c] for c in classes) / whole
    influences = []
    for cluster in clusters:
        z = 0.0
        for c in classes:
            own = [r for r in rows if r[0] == cluster and r[1] == c]
            y, n, w = (sum(r[k] for r in own) for k in (2, 3, 4))
            z += weight[c] / whole * (y - ratio[c] * n) / total[c][1]
            z += w / whole * (ratio[c] - estimate) if weighted else 0.0
        influences.append(z)
    m = len(clusters)
    least = 0.0
    for c in classes:
        y, n, _ = total[c]
        cautious = (y + 2) / (n + 4)
        least += (weight[c] / whole) ** 2 * cautious * (1 - cautious) / n
    return estimate, max(m / (m - 1) * sum(z * z for z in influences), least)


def contrast_twin(inside, everywhere, confidence=0.95):
    """Difference of a slice and the rest: (difference, lower, upper, p); arguments map cluster to (errors, units)."""
    rest = {
        c: (y - inside.get(c, (0, 0))[0], n - inside.get(c, (0, 0))[1]) for c, (y, n) in everywhere.items()
    }
    (ys, ns), (yr, nr), (ya, na) = (
        tuple(sum(pair[k] for pair in side.values()) for k in (0, 1)) for side in (inside, rest, everywhere)
    )
    difference = ys / ns - yr / nr
    squares = 0.0
    for cluster in everywhere:
        y, n = inside.get(cluster, (0, 0))
        squares += ((y - ys / ns * n) / ns - (rest[cluster][0] - yr / nr * rest[cluster][1]) / nr) ** 2
    m = min(sum(n > 0 for _, n in side.values()) for side in (inside, rest))
    floor = ya / na * (1 - ya / na) * (1 / ns + 1 / nr)
    alike = [
        sum(n for _, n in side.values()) ** 2 / sum(n * n for _, n in side.values())
        for side in (inside, rest)
    ]
    m = max(min(m, *alike), 2)
    error = math.sqrt(max(m / (m - 1) * squares, floor))
    reach = stats.t.ppf((1 + confidence) / 2, m - 1) * error
    p_value = 2 * stats.t.sf(abs(difference) / error, m - 1)
    return difference, difference - reach, difference + reach, p_value


def philox_twin(counter, key):
    """Philox4x32-10 on Python integers, as in the paper."""
    x, k = list(counter), [key & 0xFFFFFFFF, key >> 32 & 0xFFFFFFFF]
    for _ in range(10):
        first, second = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [second >> 32 ^ x[1] ^ k[0], second & 0xFFFFFFFF, first >> 32 ^ x[3] ^ k[1], first & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return tuple(x)
