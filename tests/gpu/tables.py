# SPDX-License-Identifier: MIT
"""Tables in Markdown."""


def table(head, rows):
    """A table; every cell is text."""

    def line(cells):
        return "| " + " | ".join(str(cell).replace("|", "/").replace("\n", " ") for cell in cells) + " |"

    return [line(head), line(["---"] * len(head))] + [line(row) for row in rows] + [""]
