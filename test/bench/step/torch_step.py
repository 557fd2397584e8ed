"""PyTorch's side of the bench: ResNet-20 (width 16, projection shortcuts) on Fashion-MNIST, input and optimiser included.

python torch_step.py DATA BATCH WARMUP STEPS THREADS [compile] prints images a second. Under torchrun-like variables
(RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT) it trains with DistributedDataParallel over gloo.
"""

import gzip
import json
import os
import sys
import time

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

data, batch, warmup, steps, threads = sys.argv[1], *map(int, sys.argv[2:6])
compiled = "compile" in sys.argv
world = int(os.environ.get("WORLD_SIZE", "1"))
rank = int(os.environ.get("RANK", "0"))
torch.set_num_threads(threads)
torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)), inplace=True)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.Conv2d(1, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
        channels = 16
        for stage, width in enumerate([16, 32, 64]):
            for index in range(3):
                layers.append(Block(channels, width, 2 if stage > 0 and index == 0 else 1))
                channels = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))


def read(name, offset):
    with gzip.open(os.path.join(data, name)) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


images = torch.from_numpy(read("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).copy())
labels = torch.from_numpy(read("train-labels-idx1-ubyte.gz", 8).astype(np.int64))
order = torch.randperm(len(images))


def batch_of(step):
    """The cheapest honest input: one gather, one crop for every image by indexing, flips by a mask."""
    per_rank = batch // world
    at = ((step * batch) % (len(images) - batch)) + rank * per_rank
    ids = order[at : at + per_rank]
    x = (images[ids].float() - 72.94035223) / 90.02118235
    x = F.pad(x, (2, 2, 2, 2))
    rows = torch.randint(0, 5, (per_rank, 1)) + torch.arange(28)
    columns = torch.randint(0, 5, (per_rank, 1)) + torch.arange(28)
    x = x[torch.arange(per_rank)[:, None, None], 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)
    flipped = torch.rand(per_rank) < 0.5
    x[flipped] = x[flipped].flip(3)
    return x.contiguous(memory_format=torch.channels_last), labels[ids]


model = ResNet20().to(memory_format=torch.channels_last)
if compiled:
    model = torch.compile(model)
if world > 1:
    torch.distributed.init_process_group("gloo")
    model = nn.parallel.DistributedDataParallel(model)
decayed = [p for p in model.parameters() if p.ndim > 1]
others = [p for p in model.parameters() if p.ndim <= 1]
optimizer = torch.optim.SGD(
    [{"params": decayed, "weight_decay": 1e-4}, {"params": others, "weight_decay": 0}],
    lr=0.01,
    momentum=0.9,
    nesterov=True,
)
loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
model.train()
for step in range(warmup + steps):
    if step == warmup:
        started = time.perf_counter()
    x, y = batch_of(step)
    loss = loss_of(model(x), y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    loss.item()
seconds = time.perf_counter() - started
if rank == 0:
    print(json.dumps({"imagesPerSecond": steps * batch / seconds}), flush=True)
if world > 1:
    # At the usual end of the process a thread of gloo that still runs aborts it now and then.
    torch.distributed.barrier()
    os._exit(0)
