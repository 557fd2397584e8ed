"""Computes with PyTorch what `our-network.ts` did with Ringmaster, and prints the differences, one line of JSON a network.

Reads lines of `FOLDER DEPTH VARIANT`. B is torchvision's network, C and D are timm's; A, which nobody else has, is
torchvision's with the stride moved to the first convolution of a bottleneck.
"""

import json
import sys

import timm.models.resnet
import torch
import torchvision.models
from torchvision.models import detection, segmentation
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


def backbones(depth, variant):
    """Where others put a backbone: torchvision's detection and segmentation models, timm's models without a classifier."""
    if variant == "B":
        body = detection.backbone_utils.resnet_fpn_backbone(backbone_name=f"resnet{depth}", weights=None)
        yield "Faster R-CNN", detection.FasterRCNN(body, num_classes=2).backbone.body
    if variant == "B" and depth >= 50:
        network = getattr(torchvision.models, f"resnet{depth}")(replace_stride_with_dilation=[False, True, True])
        yield "FCN", segmentation.fcn._fcn_resnet(network, num_classes=2, aux=None).backbone
    if timm.is_model(f"resnet{depth}{variant.lower()}"):
        yield "timm", timm.create_model(f"resnet{depth}{variant.lower()}", num_classes=0)


def load_backbones(folder, depth, variant):
    """The models that the exported backbone was loaded into, and the keys that one of them missed or did not know."""
    weights = load_file(f"{folder}/backbone.safetensors")
    loaded, unfit = [], []
    for name, body in backbones(depth, variant):
        keys = body.load_state_dict(weights, strict=False)
        loaded.append(name)
        unfit += [f"{key} of {name}" for key in keys.missing_keys + keys.unexpected_keys]
        for key, value in body.state_dict().items():
            if key in weights and not torch.equal(value, weights[key]):
                unfit.append(f"{key} of {name}")
    return loaded, unfit


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
    loaded, unfit = load_backbones(folder, depth, variant)
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
                "backboneOf": loaded,
                "unfitBackbone": unfit,
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
