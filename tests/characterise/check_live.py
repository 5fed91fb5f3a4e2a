#!/usr/bin/env python3
"""check_live.py DAT NUMBER: is the NUMBER-th line of the figure's data, from 0 on, the curve 1 - (1 - x)^2?

Points that lie on a straight line are left out of the data; what is drawn between those that are there is what counts.
"""
import sys

TOLERANCE = 0.01  # a point is the most of two steps of 400, and 0.002 of what is left out


def read_lines(path):
    """Blocks of two columns are lines, those of three are what is filled below them."""
    with open(path) as file:
        blocks = file.read().split("# b")[1:]
    tables = [[[float(word) for word in row.split()] for row in block.splitlines()[1:] if row.strip()] for block in blocks]
    return [table for table in tables if table and len(table[0]) == 2]


line = read_lines(sys.argv[1])[int(sys.argv[2])]
assert line[0][0] < 0.01 and line[-1][0] > 0.99, "the line does not go from end to end"
for (left, low), (right, high) in zip(line, line[1:]):
    for i in range(11):
        x = left + (right - left) * i / 10
        drawn = low + (high - low) * i / 10
        assert abs(drawn - (1 - (1 - x) ** 2)) < TOLERANCE, f"at {x:.3f} there is {drawn:.3f}"
assert len(line) < 100, "points on nearly straight lines are not left out"
