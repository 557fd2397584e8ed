"""Computes with PyTorch what `our-network.ts` did with Ringmaster, and prints the differences, one line of JSON a network.

Reads lines of `FOLDER DEPTH VARIANT`. B is torchvision's network, C and D are timm's; A, which nobody else has, is
torchvision's with the stride moved to the first convolution of a bottleneck.
"""

import json
import sys

import timm.models.resnet
import torch
import torchvision.models
from safetensors.torch import load_file

blocks = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def peer(depth, variant):
    if variant == "B":
        return "torchvision", getattr(torchvision.models, f"resnet{depth}")()
    if variant == "A":
        network = getattr(torchvision.models, f"resnet{depth}")()
        if depth >= 50:
            for stage in (network.layer2, network.layer3, network.layer4):
                stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
        return "torchvision, stride moved", network
    name = f"resnet{depth}{variant.lower()}"
    if timm.is_model(name):
        return f"timm {name}", timm.create_model(name)
    block = timm.models.resnet.Bottleneck if depth >= 50 else timm.models.resnet.BasicBlock
    network = timm.models.resnet.ResNet(block, blocks[depth], stem_width=32, stem_type="deep", avg_down=variant == "D")
    return "timm ResNet(stem_type='deep')", network


def difference(ours, theirs):
    """The largest difference by the largest value."""
    return ((ours.double() - theirs.double()).abs().max() / theirs.double().abs().max()).item()


def distance(ours, theirs):
    """The L2 norm of the difference by that of the value."""
    return ((ours.double() - theirs.double()).norm() / theirs.double().norm()).item()


def compare(folder, depth, variant):
    ours = load_file(f"{folder}/ours.safetensors")
    name, network = peer(depth, variant)
    keys = network.load_state_dict(load_file(f"{folder}/exported.safetensors"), strict=False)
    # What is then measured of the logits are our own rounding errors, not theirs.
    network = network.double()
    images = ours["images"].permute(0, 3, 1, 2).double()
    with torch.no_grad():
        logits = network.eval()(images)
    network.train()
    loss = torch.nn.functional.cross_entropy(network(images), ours["labels"].long())
    loss.backward()
    gradients = {
        parameter: distance(ours[f"{parameter}.momentum"], value.grad)
        for parameter, value in network.named_parameters()
    }
    worst = max(gradients, key=gradients.get)
    print(
        json.dumps(
            {
                "depth": depth,
                "variant": variant,
                "peer": name,
                "missing": keys.missing_keys,
                "unexpected": keys.unexpected_keys,
                "largestLogit": logits.abs().max().item(),
                "logits": difference(ours["logits"], logits),
                "loss": difference(ours["loss"], loss.detach().reshape(1)),
                "gradients": gradients[worst],
                "worstGradient": worst,
            }
        ),
        flush=True,
    )


for line in sys.stdin:
    folder, depth, variant = line.split()
    compare(folder, int(depth), variant)
