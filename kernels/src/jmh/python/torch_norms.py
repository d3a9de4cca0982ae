"""Times PyTorch's norms on the works of NormBenchmark: one thread, the same shapes and as many elements.

Needs `pip install torch`; prints a table in milliseconds, and beside a copy of the same bytes.
"""

import ctypes
import statistics
import time

import torch
from torch.nn import functional

ELEMENTS = 1 << 24
EPSILON = 1e-5
ROUNDS = 15
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
    yield "LAYER_512", layer(512), records(4096, 512)
    yield "LAYER_4096", layer(4096), records(512, 4096)
    for channels_last in (False, True):
        layout = "NHWC" if channels_last else "NCHW"
        for name, norm in (("INSTANCE", instance), ("GROUP", group), ("BATCH", batch)):
            yield f"{name}_{layout}", norm(64), records(64, 56, 56, channels_last=channels_last)


def milliseconds(body):
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return statistics.median(times[3:]) * 1e3


def main():
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.manual_seed(42)
    x, out = records(64, 56, 56), records(64, 56, 56)
    copy = milliseconds(lambda: out.copy_(x))
    print(f"PyTorch {torch.__version__}, one thread, {ELEMENTS} floats; a copy takes {copy:.2f} ms\n")
    print("| work | ms | against the copy |\n|---|---|---|")
    for name, norm, x in works():
        time_taken = milliseconds(lambda: norm(x))
        print(f"| {name} | {time_taken:.2f} | {time_taken / copy:.2f} |")


if __name__ == "__main__":
    main()
