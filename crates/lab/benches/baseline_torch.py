"""The training loop of the lab in PyTorch, for a fair comparison of speed: the same layers, losses, batches,
optimizers and clipping, on one thread.

    python baseline_torch.py KIND EPOCHS patterns.tsv ...

prints training rows per second of CPU. KIND is ae, acai or residual-acai.
"""

import hashlib
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BATCH = 256


def number(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def is_training(song):
    held_out = "/test/" in song if song.startswith("groove/") else number(song) % 10 == 0
    return not held_out and number("validation " + song) % 25 != 0


def patterns(paths):
    rows = []
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                code, _, song = line.rstrip("\n").split("\t")
                if is_training(song):
                    rows.append([int(step) for step in code.split(",")])
    steps = torch.tensor(rows)
    return ((steps[:, :, None] >> torch.arange(14)) & 1).float().reshape(len(rows), 448)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.inner, self.outer = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, h):
        return h + self.outer(F.silu(self.inner(self.norm(h))))


def dense(*widths):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def networks(kind):
    if kind == "residual-acai":
        decoder = nn.Sequential(nn.Linear(4, 160), nn.SiLU(), Block(160), Block(160), nn.SiLU(), nn.Linear(160, 448))
        return dense(448, 256, 128, 4), decoder
    return dense(448, 64, 32, 4), dense(4, 32, 64, 448)


def main():
    kind, epochs = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rows = patterns(sys.argv[3:])
    encoder, decoder = networks(kind)
    critic = dense(448, 64, 32, 1)
    own = [*encoder.parameters(), *decoder.parameters()]
    optimizer, critic_optimizer = torch.optim.Adam(own, 3e-3), torch.optim.Adam(critic.parameters(), 1e-3)
    steps = epochs * (len(rows) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    start = time.process_time()
    for _ in range(epochs):
        for batch in torch.randperm(len(rows)).split(BATCH):
            x = rows[batch]
            z = encoder(x)
            if kind == "ae":
                loss = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum") / len(x)
            else:
                alpha = 0.5 * torch.rand(len(x), 1)
                between = z + (z.roll(1, 0) - z) * alpha
                logits, logits_between = decoder(torch.cat([z, between])).split(len(x))
                mixed = torch.sigmoid(logits_between)
                loss = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
                loss = loss + 448 * 0.5 * critic(mixed).square().mean()
            optimizer.zero_grad()
            loss.backward()
            for parameter in own:
                nn.utils.clip_grad_norm_([parameter], 50.0)
            optimizer.step()
            schedule.step()
            if kind != "ae":
                mixture = 0.2 * x + 0.8 * torch.sigmoid(logits.detach())
                critic_loss = (critic(mixed.detach()) - alpha).square().mean() + critic(mixture).square().mean()
                critic_optimizer.zero_grad()
                critic_loss.backward()
                critic_optimizer.step()
    seconds = time.process_time() - start
    print(f"{kind}: {epochs * len(rows) / seconds:.0f} rows a CPU second, last loss {loss.item():.1f}")


main()
