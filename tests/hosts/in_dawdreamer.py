"""Beatfield in DawDreamer (pip install dawdreamer==0.9.0), a VST3 host that renders hundreds of times faster than
real time. It returns no notes, so they are judged by the audio of the built-in kit.

python in_dawdreamer.py PATH/Beatfield.vst3 [--fresh N]
"""

import argparse
import os
import tempfile

import dawdreamer
import numpy as np

from checks import Checks

RATE = 48_000
TEMPO = 120.0
# A sixteenth at this tempo.
STEP = int(RATE * 60 / TEMPO / 4)

options = argparse.ArgumentParser()
options.add_argument("bundle")
options.add_argument("--fresh", type=int, default=100, help="fresh instances that are rendered at once")
options = options.parse_args()
checks = Checks()


class Host:
    """A fresh instance in an engine of its own."""

    count = 0

    def __init__(self, block=512, rate=RATE):
        Host.count += 1
        self.engine = dawdreamer.RenderEngine(rate, block)
        self.engine.set_bpm(TEMPO)
        self.plugin = self.engine.make_plugin_processor(f"beatfield {Host.count}", options.bundle)
        self.engine.load_graph([(self.plugin, [])])
        self.indices = {p["name"]: p["index"] for p in self.plugin.get_parameters_description()}

    def set(self, **values):
        """Values 0 to 1 over each parameter's range."""
        for name, value in values.items():
            self.plugin.set_parameter(self.indices[name], value)
        return self

    def value(self, name):
        return round(self.plugin.get_parameter(self.indices[name]), 3)

    def render(self, seconds=4.0):
        self.engine.render(seconds)
        return self.engine.get_audio()


def loudness(audio):
    """The peak of each sixteenth."""
    steps = audio[:, : audio.shape[1] // STEP * STEP].reshape(2, -1, STEP)
    return np.abs(steps).max(axis=(0, 2))


expected = Host().set(Bounce=1.0).render()
first = int(np.argmax(loudness(expected) > 1e-3))
checks.check("bounce: exact plays from the first beat on", loudness(expected)[:4].max() > 1e-3, f"step {first}")
checks.check("two bounces are equal", np.array_equal(expected, Host().set(Bounce=1.0).render()))

late = 0
for _ in range(options.fresh):
    late += not np.array_equal(Host().render(), expected)
checks.check(f"{options.fresh} fresh instances, rendered at once in auto, play as exact does", late == 0, f"{late} do not")

for block in [64, 441, 1024, 4096]:
    same = np.array_equal(expected, Host(block).set(Bounce=1.0).render())
    checks.check(f"blocks of {block} sound as those of 512", same)
reference = Host(64, 44_100).set(Bounce=1.0).render()
for block in [256, 1024]:
    same = np.array_equal(reference, Host(block, 44_100).set(Bounce=1.0).render())
    checks.check(f"blocks of {block} sound as those of 64 at 44.1 kHz", same)

moved = Host().set(Bounce=1.0, X=0.9, Y=0.2).render()
checks.check("another place sounds otherwise", not np.array_equal(moved, expected))
warm = Host()
warm.render()
again = warm.set(X=0.9, Y=0.2).render()
wrong = np.flatnonzero(np.abs(loudness(again) - loudness(moved)) > 1e-3)
# It comes with the first block of the render, and the plugin can't tell that render from live play.
checks.check("auto: a place that is set before a second render is heard from its first bar on",
             not (wrong >= 16).any(), f"steps {wrong.tolist()} differ" if wrong.size else "from its first step")
warm = Host().set(Bounce=1.0)
warm.render()
again = warm.set(X=0.9, Y=0.2).render()
checks.check("exact: so it is there", np.array_equal(loudness(again).round(3), loudness(moved).round(3)))

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "state")

    def reopened(host):
        """X, Y and temperature of a fresh instance that opens what the host has saved."""
        host.plugin.save_state(path)
        fresh = Host()
        fresh.plugin.load_state(path)
        return [fresh.value(name) for name in ["X", "Y", "Temperature"]]

    host = Host().set(X=0.125, Y=0.75, Temperature=0.5)
    checks.known("what the host sets waits for the next block, saved or not", reopened(host) == [0.5, 0.5, 0.267])
    host.render(0.1)
    kept = reopened(host)
    checks.check("after that block it is in the state", kept == [0.125, 0.75, 0.5], kept)
checks.finish()
