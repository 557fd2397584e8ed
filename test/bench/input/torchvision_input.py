"""torchvision's side of the input bench: torchvision_input.py FOLDER BATCH WARMUP STEPS WORKERS."""

import json
import sys
import time

import torch
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

folder = sys.argv[1]
batch, warmup, steps, workers = (int(word) for word in sys.argv[2:6])
torch.set_num_threads(1)

VALUES = torch.tensor([0.2175, 0.0188, 0.0045])
VECTORS = torch.tensor([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])


class Lighting(torch.nn.Module):
    """PCA noise, which torchvision has not."""

    def forward(self, image):
        return image + (VECTORS @ (0.1 * torch.randn(3) * VALUES)).view(3, 1, 1)


class Repeated(torch.utils.data.Dataset):
    """The same images over and over, in random order, so that workers are never short of work."""

    def __init__(self, images, length):
        self.images, self.length = images, length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return self.images[index % len(self.images)]


transform = v2.Compose(
    [
        v2.RandomResizedCrop(224, scale=(0.08, 1), ratio=(3 / 4, 4 / 3)),
        v2.RandomHorizontalFlip(),
        # A coefficient of hue of 0.4 is 0.4 half turns, 0.2 turns.
        v2.ColorJitter(brightness=0.4, saturation=0.4, hue=0.2),
        v2.PILToTensor(),
        v2.ToDtype(torch.float32, scale=True),
        Lighting(),
        v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
)
images = Repeated(ImageFolder(folder, transform), batch * (warmup + steps))
loader = iter(DataLoader(images, batch, shuffle=True, num_workers=workers, drop_last=True))
for _ in range(warmup):
    next(loader)
start = time.perf_counter()
for _ in range(steps):
    next(loader)
print(json.dumps({"imagesPerSecond": steps * batch / (time.perf_counter() - start)}))
