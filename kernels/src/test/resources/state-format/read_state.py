"""Reads a file of exact moments, format version 1, with nothing but Python's standard library.

docs/state-format.md describes the file. Run by itself it prints count, mean and variance.
"""
import struct
import sys
import zlib
from fractions import Fraction


def read_state(path):
    """A list of channels, each a dictionary; sums are exact fractions."""
    with open(path, "rb") as file:
        data = file.read()
    magic, version, channels = struct.unpack_from(">4sII", data)
    if magic != b"SNMM" or version != 1:
        raise ValueError(f"{path}: not a state of format version 1")
    if zlib.crc32(data[:-4]) != struct.unpack(">I", data[-4:])[0]:
        raise ValueError(f"{path}: damaged, the checksum does not fit")
    position = 12

    def number(unit):
        nonlocal position
        low, size = data[position], data[position + 1]
        end = position + 2 + 4 * size
        digits = int.from_bytes(data[position + 2 : end], "big", signed=True)
        position = end
        return Fraction(digits << (32 * low), 1 << unit)

    states = []
    for _ in range(channels):
        state = {"nan": 0, "+inf": 0, "-inf": 0}
        state["count"], present = struct.unpack_from(">QB", data, position)
        position += 9
        for bit, name in enumerate(("nan", "+inf", "-inf")):
            if present >> bit & 1:
                state[name] = struct.unpack_from(">Q", data, position)[0]
                position += 8
        state["sum"], state["squares"] = number(1074), number(2148)
        states.append(state)
    if position != len(data) - 4:
        raise ValueError(f"{path}: {len(data) - 4 - position} bytes too many")
    return states


if __name__ == "__main__":
    for state in read_state(sys.argv[1]):
        n = state["count"]
        mean = state["sum"] / n if n else None
        variance = state["squares"] / n - mean**2 if n else None
        print(n, mean and float(mean), variance and float(variance))
