"""check_state.py STATE INPUT: compares what read_state reads with sums of fractions.

Each line of the input is a channel and a value, a double in hexadecimal.
"""
import math
import sys
from fractions import Fraction

from read_state import read_state

states = read_state(sys.argv[1])
expected = [
    {"nan": 0, "+inf": 0, "-inf": 0, "count": 0, "sum": Fraction(0), "squares": Fraction(0)}
    for _ in states
]
with open(sys.argv[2]) as lines:
    for line in lines:
        channel, text = line.split()
        state, value = expected[int(channel)], float.fromhex(text)
        if math.isnan(value):
            state["nan"] += 1
        elif math.isinf(value):
            state["+inf" if value > 0 else "-inf"] += 1
        else:
            state["count"] += 1
            state["sum"] += Fraction(value)
            state["squares"] += Fraction(value) ** 2
assert states == expected, (states, expected)
print(f"{len(states)} channels are exact")
