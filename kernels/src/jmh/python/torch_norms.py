"""PyTorch's norm for a work of NormBenchmark: one thread, the same shapes and as many elements.

Needs `pip install torch`. Normalises all records once for each line of input, and then says so: Ratios starts
it and has it take its turn among the other variants.
"""

import ctypes
import sys

import torch
from torch.nn import functional

ELEMENTS = 1 << 24
EPSILON = 1e-5
GROUPS = 32

# glibc gives large results back to the system at once and takes new pages for the next ones, which
# costs more than a norm: keep them, as a caching allocator would.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
libc = ctypes.CDLL("libc.so.6")
libc.mallopt(M_MMAP_THRESHOLD, 1 << 30)
libc.mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


def records(*shape, channels_last=False):
    length = torch.Size(shape).numel()
    x = torch.rand(ELEMENTS // length, *shape) * 5 - 2
    return x.to(memory_format=torch.channels_last) if channels_last else x


def coefficients(n):
    return torch.rand(n) + 0.5, torch.rand(n) * 2 - 1


def layer(n):
    weight, bias = coefficients(n)
    return lambda x: functional.layer_norm(x, (n,), weight, bias, EPSILON)


def instance(channels):
    weight, bias = coefficients(channels)
    return lambda x: functional.instance_norm(x, weight=weight, bias=bias, eps=EPSILON)


def group(channels):
    weight, bias = coefficients(channels)
    return lambda x: functional.group_norm(x, GROUPS, weight, bias, EPSILON)


def batch(channels):
    weight, bias = coefficients(channels)
    mean, variance = torch.rand(channels), torch.rand(channels) + 1
    return lambda x: functional.batch_norm(x, mean, variance, weight, bias, False, 0, EPSILON)


def works():
    works = {
        "LAYER_512": lambda: (layer(512), records(4096, 512)),
        "LAYER_4096": lambda: (layer(4096), records(512, 4096)),
    }
    for layout in "NCHW", "NHWC":
        for name, norm in ("INSTANCE", instance), ("GROUP", group), ("BATCH", batch):
            works[f"{name}_{layout}"] = lambda norm=norm, last=layout == "NHWC": (
                norm(64),
                records(64, 56, 56, channels_last=last),
            )
    return works


def main():
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.manual_seed(42)
    norm, x = works()[sys.argv[1]]()
    print("ready", flush=True)
    for _ in sys.stdin:
        norm(x)
        print("done", flush=True)


if __name__ == "__main__":
    main()
