"""All-reduce of one float32 vector with torch.distributed's Gloo, measured as bench/all-reduce.ts does.

    .venv/bin/python bench/peers/gloo_allreduce.py --mib 64 --workers 2

Needs torch with Gloo. Prints one JSON object: the median over rounds of the slowest member.
"""
import argparse
import json
import os
import statistics
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

WARM_UP = 3


def member(rank, workers, floats, rounds, rendezvous, results):
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=workers
    )
    vector = torch.full((floats,), float(rank + 1))
    seconds = []
    for round_ in range(WARM_UP + rounds):
        dist.barrier()
        start = time.perf_counter()
        dist.all_reduce(vector)
        if round_ >= WARM_UP:
            seconds.append(time.perf_counter() - start)
        if round_ == 0:
            expected = workers * (workers + 1) / 2
            if not bool((vector == expected).all()):
                raise RuntimeError(f"the sum is wrong: should be {expected}")
        vector.fill_(rank + 1)
    results.put(seconds)
    dist.destroy_process_group()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=float, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    floats = round(options.mib * 2**20 / 4)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    context = mp.get_context("spawn")
    results = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        rendezvous = os.path.join(folder, "rendezvous")
        members = [
            context.Process(
                target=member,
                args=(rank, options.workers, floats, options.rounds, rendezvous, results),
            )
            for rank in range(options.workers)
        ]
        for process in members:
            process.start()
        rounds = [results.get(timeout=120) for _ in members]
        for process in members:
            process.join()
    seconds = statistics.median(max(times) for times in zip(*rounds))
    size = floats * 4
    bus = 2 * (options.workers - 1) / options.workers * size / seconds / 1e9
    print(
        json.dumps(
            {
                "seconds": seconds,
                "bus_gb_per_s": bus,
                "mib": options.mib,
                "workers": options.workers,
                "rounds": options.rounds,
            }
        )
    )


if __name__ == "__main__":
    main()
