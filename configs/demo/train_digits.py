#!/usr/bin/env python3
"""Trains the demo's digit classifier and writes what the demo needs beside this file.

Data: the 1,797 8x8 handwritten digits that ship inside scikit-learn (UCI Optical Recognition of Handwritten Digits).
Needs Debian's python3-torch and python3-sklearn; the results are in the tree, so the demo itself needs neither.

  digits.onnx            the model: two 3x3 convolutions, max pooling, two dense layers, softmax
  digits-truncated.onnx  the same with every weight cut to 8 significant bits: what a cheaper server might run
  digits-other.onnx      another training run: a claim "for the wrong model"
  inputs/NN.npy          images of the test set, f32[1,1,8,8], pixel / 16;  inputs/labels.txt: their true digits
"""
import os

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
INPUTS = 24


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(256, 32), nn.ReLU(), nn.Linear(32, 10), nn.Softmax(dim=1))

    def forward(self, x):
        return self.head(self.features(x))


def train(seed, x, y, epochs):
    torch.manual_seed(seed)
    model = Digits()
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    loss_of = nn.NLLLoss()
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            optimiser.zero_grad()
            loss = loss_of(torch.log(model(x[batch]) + 1e-9), y[batch])
            loss.backward()
            optimiser.step()
    return model.eval()


def export(model, name):
    torch.onnx.export(model, torch.zeros(1, 1, 8, 8), os.path.join(HERE, name), opset_version=13,
                      input_names=["image"], output_names=["probabilities"])


def truncate(model):
    with torch.no_grad():
        for parameter in model.parameters():
            bits = parameter.detach().numpy().view(np.uint32) & np.uint32(0xFFFF0000)
            parameter.copy_(torch.from_numpy(bits.view(np.float32)))
    return model


def main():
    torch.set_num_threads(1)
    digits = load_digits()
    x = torch.tensor(digits.images / 16.0, dtype=torch.float32).unsqueeze(1)
    y = torch.tensor(digits.target)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    training, test = order[:1400], order[1400:]
    model = train(1, x[training], y[training], 40)
    accuracy = (model(x[test]).argmax(1) == y[test]).float().mean().item()
    print(f"test accuracy {accuracy:.4f} on {len(test)} images")
    export(model, "digits.onnx")
    export(train(2, x[training], y[training], 25), "digits-other.onnx")
    export(truncate(model), "digits-truncated.onnx")
    os.makedirs(os.path.join(HERE, "inputs"), exist_ok=True)
    with open(os.path.join(HERE, "inputs", "labels.txt"), "w", encoding="ascii") as labels:
        for n, index in enumerate(test[:INPUTS]):
            np.save(os.path.join(HERE, "inputs", f"{n:02d}.npy"), x[index].unsqueeze(0).numpy())
            labels.write(f"{n:02d} {int(y[index])}\n")


if __name__ == "__main__":
    main()
