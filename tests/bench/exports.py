#!/usr/bin/python3
"""Models as PyTorch and torchvision export them, for bench_models and `gainsay conformance`.

    exports.py DIR [NAME...]     DIR/NAME/model.onnx and test_data_set_0/{input,output}_I.pb; those that are there are left

Weights are drawn from a fixed seed, running statistics of batch normalisation are taken from drawn inputs, so activations keep
their magnitude; the outputs are PyTorch's. The first dimension of every input is free. Needs Debian's python3-torch and
python3-torchvision (configs/setup/apt-exports.txt)."""
import os
import shutil
import sys
import warnings

import torch
import torchvision.models as zoo
from torch import nn
from torch.nn import functional

SEED = 20221122


# ---- transformers ----

class Attention(nn.Module):
    def __init__(self, width, heads, rotary=False, bias=True):
        super().__init__()
        self.heads, self.rotary = heads, rotary
        self.qkv = nn.Linear(width, 3 * width, bias)
        self.out = nn.Linear(width, width, bias)

    def turned(self, x, angles):
        half = x.shape[-1] // 2
        a, b = x[..., :half], x[..., half:]
        return torch.cat((a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos()), -1)

    def forward(self, x, mask, angles=None):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        if self.rotary:
            q, k = self.turned(q, angles), self.turned(k, angles)
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + mask
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, tokens, width))


class Encoder(nn.Module):
    """Normalised after each part, as BERT's; the mean over the tokens that count."""

    def __init__(self, layers, width, heads, vocabulary, tokens):
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, width), nn.Embedding(tokens, width)
        self.first = nn.LayerNorm(width)
        self.attention = nn.ModuleList(Attention(width, heads) for _ in range(layers))
        self.norm = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * layers))
        self.wide = nn.ModuleList(nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)) for _ in range(layers))

    def forward(self, ids, counts):
        mask = (1 - counts[:, None, None, :].float()) * -1e4
        x = self.first(self.words(ids) + self.places.weight[:ids.shape[1]])
        for i, attention in enumerate(self.attention):
            x = self.norm[2 * i](x + attention(x, mask))
            x = self.norm[2 * i + 1](x + self.wide[i](x))
        weight = counts[:, :, None].float()
        return functional.normalize((x * weight).sum(1) / weight.sum(1).clamp(min=1e-9), dim=-1)


class RootMeanSquare(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.gain


class Gated(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.gate, self.up, self.down = nn.Linear(width, inner, False), nn.Linear(width, inner, False), nn.Linear(inner, width, False)

    def forward(self, x):
        return self.down(functional.silu(self.gate(x)) * self.up(x))


class Decoder(nn.Module):
    """Causal; rotary places, gated linear units and root mean squares as Llama's, or learnt places and GELU as GPT-2's."""

    def __init__(self, layers, width, heads, vocabulary, tokens, rotary):
        super().__init__()
        norm = RootMeanSquare if rotary else nn.LayerNorm
        self.words = nn.Embedding(vocabulary, width)
        self.places = None if rotary else nn.Embedding(tokens, width)
        self.attention = nn.ModuleList(Attention(width, heads, rotary, not rotary) for _ in range(layers))
        self.norm = nn.ModuleList(norm(width) for _ in range(2 * layers + 1))
        self.wide = nn.ModuleList(
            Gated(width, 8 * width // 3) if rotary else nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))
            for _ in range(layers))
        self.head = nn.Linear(width, vocabulary, False)
        rate = 1e4 ** -torch.arange(0, 1, 2 * heads / width)
        self.register_buffer("angles", torch.arange(tokens)[:, None] * rate)
        self.register_buffer("mask", torch.full((tokens, tokens), -1e9).triu(1))

    def forward(self, ids):
        tokens = ids.shape[1]
        x = self.words(ids) if self.places is None else self.words(ids) + self.places.weight[:tokens]
        for i, attention in enumerate(self.attention):
            x = x + attention(self.norm[2 * i](x), self.mask[:tokens, :tokens], self.angles[:tokens])
            x = x + self.wide[i](self.norm[2 * i + 1](x))
        return self.head(self.norm[-1](x))


class Patches(nn.Module):
    """A vision transformer of the tiny size: patches of 16, a class token."""

    def __init__(self, layers=12, width=192, heads=3, size=224, patch=16):
        super().__init__()
        self.cut = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.places = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, width) * 0.02)
        self.attention = nn.ModuleList(Attention(width, heads) for _ in range(layers))
        self.norm = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * layers + 1))
        self.wide = nn.ModuleList(nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)) for _ in range(layers))
        self.head = nn.Linear(width, 1000)

    def forward(self, image):
        x = self.cut(image).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), 1) + self.places
        for i, attention in enumerate(self.attention):
            x = x + attention(self.norm[2 * i](x), torch.zeros(1))
            x = x + self.wide[i](self.norm[2 * i + 1](x))
        return self.head(self.norm[-1](x)[:, 0])


# ---- sound, pictures, series ----

class Waves(nn.Module):
    """Dilated convolutions over a wave, each with a gate and a residue."""

    def __init__(self, channels=48, layers=8):
        super().__init__()
        self.first = nn.Conv1d(1, channels, 16, 8, 4)
        self.layers = nn.ModuleList(nn.Conv1d(channels, 2 * channels, 3, padding=2 ** (i % 4), dilation=2 ** (i % 4)) for i in range(layers))
        self.last = nn.ConvTranspose1d(channels, 1, 16, 8, 4)

    def forward(self, x):
        x = self.first(x)
        for layer in self.layers:
            a, b = layer(x).chunk(2, 1)
            x = x + torch.tanh(a) * torch.sigmoid(b)
        return self.last(x)


class Masks(nn.Module):
    """Down and up again with what was seen on the way, as U-Net."""

    def __init__(self, widths=(16, 32, 64, 128)):
        super().__init__()

        def twice(a, b):
            return nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(),
                                 nn.Conv2d(b, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
        self.down = nn.ModuleList(twice(a, b) for a, b in zip((3, *widths), widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in zip(widths, widths[1:]))
        self.join = nn.ModuleList(twice(2 * a, a) for a in widths[:-1])
        self.last = nn.Conv2d(widths[0], 2, 1)

    def forward(self, x):
        seen = []
        for i, layer in enumerate(self.down):
            x = layer(functional.max_pool2d(x, 2) if i else x)
            seen.append(x)
        for i in reversed(range(len(self.up))):
            x = self.join[i](torch.cat((seen[i], self.up[i](x)), 1))
        return self.last(x).softmax(1)


class Series(nn.Module):
    def __init__(self, kind, features=16, width=96):
        super().__init__()
        self.layers = kind(features, width, 2, batch_first=True, bidirectional=True)
        self.last = nn.Sequential(nn.Linear(2 * width, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        return self.last(self.layers(x)[0][:, -1])


class One(nn.Module):
    """The main output of a model that has several."""

    def __init__(self, model, key):
        super().__init__()
        self.model, self.key = model, key

    def forward(self, x):
        return self.model(x)[self.key]


def image(side=224):
    return lambda n: (torch.randn(n, 3, side, side),)


def tokens(count, vocabulary):
    return lambda n: (torch.randint(0, vocabulary, (n, count)),)


def padded(count, vocabulary):
    return lambda n: (torch.randint(0, vocabulary, (n, count)), (torch.arange(count) < count - torch.arange(n)[:, None] % 7 * 5).long())


def series(n):
    return (torch.randn(n, 64, 16),)


# name: (model, inputs of a batch, opset)
MODELS = {
    "resnet18": (lambda: zoo.resnet18(weights=None), image(), 13),
    "resnet50": (lambda: zoo.resnet50(weights=None), image(), 13),
    "mobilenet_v2": (lambda: zoo.mobilenet_v2(weights=None), image(), 13),
    "mobilenet_v3_small": (lambda: zoo.mobilenet_v3_small(weights=None), image(), 14),
    "mobilenet_v3_large": (lambda: zoo.mobilenet_v3_large(weights=None), image(), 14),
    "shufflenet_v2": (lambda: zoo.shufflenet_v2_x1_0(weights=None), image(), 13),
    "squeezenet1_1": (lambda: zoo.squeezenet1_1(weights=None), image(), 13),
    "efficientnet_b0": (lambda: zoo.efficientnet_b0(weights=None), image(), 13),
    "mnasnet1_0": (lambda: zoo.mnasnet1_0(weights=None), image(), 13),
    "regnet_y_400mf": (lambda: zoo.regnet_y_400mf(weights=None), image(), 13),
    "densenet121": (lambda: zoo.densenet121(weights=None), image(), 13),
    "googlenet": (lambda: zoo.googlenet(weights=None, aux_logits=False, init_weights=True), image(), 13),
    "convnext_tiny": (lambda: zoo.convnext_tiny(weights=None), image(), 17),
    "swin_t": (lambda: zoo.swin_t(weights=None), image(), 13),
    "lraspp_mobilenet_v3": (lambda: One(zoo.segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None), "out"), image(160), 13),
    "unet_small": (Masks, image(128), 13),
    "vit_tiny": (Patches, image(), 17),
    "minilm_l6": (lambda: Encoder(6, 384, 12, 8000, 128), padded(128, 8000), 13),
    "bert_tiny": (lambda: Encoder(2, 128, 2, 8000, 128), padded(128, 8000), 17),
    "llama_15m": (lambda: Decoder(6, 288, 6, 8000, 64, True), tokens(64, 8000), 13),
    "gpt2_mini": (lambda: Decoder(4, 256, 4, 8000, 64, False), tokens(64, 8000), 17),
    "waves": (Waves, lambda n: (torch.randn(n, 1, 8000),), 13),
    "lstm_bidirectional": (lambda: Series(nn.LSTM), series, 13),
    "gru_bidirectional": (lambda: Series(nn.GRU), series, 13),
    "mlp": (lambda: nn.Sequential(nn.Linear(64, 256), nn.BatchNorm1d(256), nn.SiLU(), nn.Linear(256, 256), nn.Tanh(), nn.Linear(256, 8), nn.Softmax(-1)),
            lambda n: (torch.randn(n, 64),), 13),
}


# ---- files ----

def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def write_tensor(path, name, tensor):
    """A TensorProto: dims 1, data_type 2, name 8, raw_data 9."""
    kind = {torch.float32: 1, torch.int64: 7}[tensor.dtype]
    raw = tensor.contiguous().numpy().tobytes()
    with open(path, "wb") as file:
        for extent in tensor.shape:
            file.write(b"\x08" + varint(extent))
        file.write(b"\x10" + varint(kind) + b"\x42" + varint(len(name)) + name.encode() + b"\x4a" + varint(len(raw)) + raw)


def calibrate(model, draw):
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = None  # the mean of all that it sees
        nn.init.uniform_(norm.weight, 0.7, 1.3)
        nn.init.uniform_(norm.bias, -0.2, 0.2)
    if norms:
        model.train()
        with torch.no_grad():
            model(*draw(4))
    model.eval()


def export(folder, make, draw, opset):
    torch.manual_seed(SEED)
    model = make()
    calibrate(model, draw)
    inputs = draw(1)
    names = [f"input_{i}" for i in range(len(inputs))]
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data)
    torch.onnx.export(model, inputs, os.path.join(folder, "model.onnx"), opset_version=opset, do_constant_folding=True, input_names=names,
                      output_names=["output"], dynamic_axes={name: {0: "batch"} for name in names + ["output"]})
    with torch.no_grad():
        output = model(*inputs)
    for name, tensor in zip(names + ["output"], (*inputs, output)):
        write_tensor(os.path.join(data, (name if name != "output" else "output_0") + ".pb"), name, tensor)


def main(out, chosen):
    unknown = [name for name in chosen if name not in MODELS]
    if unknown:
        sys.exit(f"exports.py: no model {unknown[0]}; there are: {' '.join(MODELS)}")
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    failed = 0
    for name in chosen or MODELS:
        folder, part = os.path.join(out, name), os.path.join(out, f".{name}")
        if os.path.exists(folder):
            continue
        shutil.rmtree(part, ignore_errors=True)
        try:
            export(part, *MODELS[name])
        except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
            shutil.rmtree(part, ignore_errors=True)
            print(f"{name}: {str(error).splitlines()[0]}")
            failed += 1
            continue
        os.rename(part, folder)
        print(f"{name}: {os.path.getsize(os.path.join(folder, 'model.onnx')) / 1e6:.1f} MB", flush=True)
    return failed


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(1 if main(sys.argv[1], sys.argv[2:]) else 0)
