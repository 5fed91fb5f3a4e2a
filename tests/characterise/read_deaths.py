#!/usr/bin/env python3
"""read_deaths.py FILE: reads a death schedule by docs/schema.md alone, and prints what follows from it as JSON."""
import json
import sys

with open(sys.argv[1], "rb") as file:
    head = json.loads(file.readline())
    data = file.read()
at = 0


def varint():
    global at
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value


operation = objects = clock = number = 0
seen, dead_bytes, live_max, kept, cyclic, at_end = set(), 0, 0, 0, 0, 0
rows = total = 0
while at < len(data):
    step = varint()
    operation += step
    objects += varint()
    clock += varint()
    coded = varint()
    number += coded >> 1 if coded % 2 == 0 else -(coded >> 1) - 1
    lifetime, fields, raw, kind = varint(), varint(), varint(), varint()
    flags = kind // 8
    assert number not in seen and 0 <= number < objects and lifetime <= clock and kind % 8 <= 5
    seen.add(number)
    live_max = max(live_max, clock - dead_bytes)
    dead_bytes += 8 * fields + raw
    kept += flags & 1
    cyclic += flags >> 1 & 1
    at_end += flags >> 2 & 1
    rows += 1
assert operation <= head["operations"]
print(json.dumps({"head": head, "rows": rows, "bytes": dead_bytes, "live_max": live_max, "kept": kept,
                  "cyclic": cyclic, "at_end": at_end}))
