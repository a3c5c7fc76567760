"""The best matrix products of PyTorch on this machine, by precision: the yardstick of a step.

    python3 bench/peers/matmul_peak.py --device cuda

Square matrices; of every size and repetition the fastest counts. tf32 is float32 with operands
rounded to 10 bits of mantissa, where the device has it. Needs nothing but torch. The last line is
JSON.
"""
import argparse
import json
import time

import torch

# A GPU reaches its best with large products; a CPU would take minutes for them.
SIZES = {"cuda": (4096, 8192), "cpu": (1024, 2048)}
REPETITIONS = 8

# Where one product takes longer, larger ones and repetitions say nothing new: a processor without
# instructions for bfloat16.
SLOW_SECONDS = 0.5


def best_rate(device, dtype):
    """Floating point operations a second."""
    best = 0
    for size in SIZES[device]:
        seconds = fastest_product(size, device, dtype)
        best = max(best, 2 * size**3 / seconds)
        if seconds > SLOW_SECONDS:
            break
    return best


def fastest_product(size, device, dtype):
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    fastest = float("inf")
    # The first one also loads kernels; it is not counted.
    for at in range(REPETITIONS + 1):
        wait(device)
        start = time.perf_counter()
        a @ b
        wait(device)
        seconds = time.perf_counter() - start
        if at > 0:
            fastest = min(fastest, seconds)
            if seconds > SLOW_SECONDS:
                break
    return fastest


def wait(device):
    if device == "cuda":
        torch.cuda.synchronize()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rates = {
        "f32": best_rate(options.device, torch.float32),
        "bf16": best_rate(options.device, torch.bfloat16),
    }
    if options.device == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        rates["tf32"] = best_rate(options.device, torch.float32)
    print(
        json.dumps(
            {
                "benchmark": "matmul peak",
                "engine": f"PyTorch {torch.__version__}",
                "device": options.device,
                "threads": options.threads,
                "flops_per_second": rates,
            }
        )
    )


if __name__ == "__main__":
    main()
