# SPDX-License-Identifier: MIT
"""Figures: the median and range of several values, and the ratio of two series that were taken in turn. Each says how
many values it is made of and whether they are simulated; text() is the one place where a figure becomes text, so none
can lose that label."""

import statistics


def figure(values, simulated, unit="ms"):
    """The figure of these values; None values are left out, and None is given where none is left."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {
        "median": rounded(statistics.median(values)),
        "low": rounded(min(values)),
        "high": rounded(max(values)),
        "n": len(values),
        "unit": unit,
        "simulated": simulated,
    }


def ratio(cold, warm, simulated):
    """The ratio of the medians, and the range of the ratios of the pairs (cold[i], warm[i]) that were run in turn."""
    pairs = [(c, w) for c, w in zip(cold, warm) if c and w is not None]
    if not pairs:
        return None
    each = [w / c for c, w in pairs]
    median = statistics.median(w for _, w in pairs) / statistics.median(c for c, _ in pairs)
    return {
        "median": rounded(median),
        "low": rounded(min(each)),
        "high": rounded(max(each)),
        "n": len(pairs),
        "unit": "ratio",
        "simulated": simulated,
    }


def rounded(value):
    """Five significant digits, which is more than a measurement of time has."""
    return float(f"{value:.5g}") if value else 0.0


def number(value, unit="ms"):
    """A number as people read it."""
    if unit == "ratio":
        return f"{value:.3f}"
    if unit in ("MiB", "count"):
        return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
    if value and abs(value) < 0.0995:
        return f"{value:.4f}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 99.95 else f"{value:.2f}"


def label(simulated):
    """What follows every simulated figure."""
    return " SIMULATED" if simulated else ""


def text(given):
    """A figure as text: the median and the range; "-" where there is none."""
    if given is None:
        return "-"
    low, median, high = (number(given[key], given["unit"]) for key in ("low", "median", "high"))
    unit = "" if given["unit"] in ("ratio", "count") else " " + given["unit"]
    spread = f" ({low} to {high})" if given["n"] > 1 else ""
    return f"{median}{unit}{spread}{label(given['simulated'])}"


def plain(value, unit, simulated):
    """One value with its unit, for a sentence."""
    shown = number(value, unit) + ("" if unit in ("ratio", "count") else " " + unit)
    return shown + label(simulated)
