"""Beatfield in pedalboard (pip install pedalboard==0.9.26), a VST3 host without a transport.

python in_pedalboard.py PATH/Beatfield.vst3
"""

import sys

import numpy as np
import pedalboard

from checks import Checks

RATE = 48_000
BUNDLE = sys.argv[1]
checks = Checks()


def load():
    return pedalboard.load_plugin(BUNDLE)


def render(plugin, notes, block):
    """Two seconds with these notes played in."""
    messages = [([0x90, note, 100], seconds) for note, seconds in notes]
    return plugin.process(messages, duration=2.0, sample_rate=RATE, num_channels=2, buffer_size=block)


plugin = load()
names = list(plugin.parameters)
checks.check("X and Y come first of at least 49 parameters", names[:2] == ["x", "y"] and len(names) >= 49, len(names))
checks.check("it is an instrument, no effect", plugin.is_instrument)

# The host rolls no transport, so the beat rests; notes that are played in sound.
notes = [(36, 0.0), (38, 0.5), (42, 0.75)]
checks.check("a transport at rest is silent", not render(load(), [], 512).any())
first = render(load(), notes, 64)
checks.check("a note that is played in sounds at its sample", np.abs(first[:, :48]).max() > 0)
checks.check("it is never too loud", np.abs(first).max() <= 1.0, round(float(np.abs(first).max()), 3))
for block in [127, 512, 4096]:
    checks.check(f"blocks of {block} sound as those of 64", np.array_equal(first, render(load(), notes, block)))

# No block is processed between the edit and the save.
plugin.x, plugin.y, plugin.temperature = 0.25, 0.75, 0.8
reopened = load()
reopened.raw_state = plugin.raw_state
kept = [round(reopened.x, 3), round(reopened.y, 3), round(reopened.temperature, 3)]
checks.check("a saved state opens with what was set", kept == [0.25, 0.75, 0.8], kept)
render(plugin, [], 512)
plugin.x = 0.125
reopened.raw_state = plugin.raw_state
checks.known("what the host sets after a render waits for the next block, saved or not", round(reopened.x, 3) == 0.25)
render(plugin, [], 512)
reopened.raw_state = plugin.raw_state
checks.check("after that block it is in the state", round(reopened.x, 3) == 0.125, round(reopened.x, 3))
before = reopened.raw_state
reopened.raw_state = before
checks.check("saving, opening and saving gives the same bytes", reopened.raw_state == before)
try:
    reopened.raw_state = b"\0" * 100
    survived = True
except Exception as error:  # the host's own, where it notices
    survived = type(error).__name__
checks.check("a damaged state is survived", round(load().x, 3) == 0.5, survived)
checks.finish()
