"""PyTorch's side of the bench of full-size networks: timm's ResNet-D in channels_last, whole steps on one random batch.

python torch_step.py DEPTH IMAGE_SIZE BATCH WARMUP STEPS THREADS prints images a second and the most memory that was
held. Under torchrun-like variables (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT) it trains with DistributedDataParallel
over gloo.
"""

import json
import os
import resource
import sys
import time

import timm
import torch
from torch import nn

depth, size, batch, warmup, steps, threads = map(int, sys.argv[1:7])
world = int(os.environ.get("WORLD_SIZE", "1"))
rank = int(os.environ.get("RANK", "0"))
torch.set_num_threads(threads)
torch.manual_seed(rank)

model = timm.create_model(f"resnet{depth}d").to(memory_format=torch.channels_last)
if world > 1:
    torch.distributed.init_process_group("gloo")
    model = nn.parallel.DistributedDataParallel(model)
optimizer = torch.optim.SGD(
    [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 1e-4},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0},
    ],
    lr=0.01,
    momentum=0.9,
    nesterov=True,
)
loss_of = nn.CrossEntropyLoss()
images = torch.randn(batch // world, 3, size, size).to(memory_format=torch.channels_last)
labels = torch.randint(0, 1000, (batch // world,))
model.train()
for step in range(warmup + steps):
    if step == warmup:
        started = time.perf_counter()
    loss = loss_of(model(images), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    loss.item()
seconds = time.perf_counter() - started
if rank == 0:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux
    print(json.dumps({"imagesPerSecond": steps * batch / seconds, "peakMemoryMiB": peak}), flush=True)
if world > 1:
    # At the usual end of the process a thread of gloo that still runs aborts it now and then.
    torch.distributed.barrier()
    os._exit(0)
