"""The yardstick of `extract`: the same pipeline, straightforward and single-threaded, with symusic.

    pip install symusic
    python baseline_symusic.py OUT.tsv FOLDER...

Reads unpacked folders, with `--keep recurring` and Groove's info.csv, and writes the same rows as
`extract`, so that comparing the two files shows that both did the same work.
"""

import collections
import csv
import math
import os
import sys

import symusic

GM = {}
for instrument, notes in enumerate(
    [
        [35, 36],
        [38, 40],
        [31, 37],
        [39],
        [42, 44, 22],
        [46, 26],
        [41, 43, 45],
        [47, 48],
        [50],
        [49, 52, 55, 57],
        [51, 53, 59],
        [56],
        [54, 69, 70, 82],
        [58, *range(60, 69), *range(71, 82), *range(83, 88)],
    ]
):
    GM.update(dict.fromkeys(notes, instrument))
ROLAND = GM | {58: 6, 45: 7, 47: 7, 48: 8, 50: 8}


def files_below(folder):
    """(path on disk, path below the folder) in the order of extract."""
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            yield from ((file, name + "/" + below) for file, below in files_below(path))
        elif name.lower().endswith((".mid", ".midi")):
            yield path, name


def performances(folder):
    """Groove's table: path below the folder -> (song id, genre)."""
    table = {}
    for parent, _, names in os.walk(folder):
        if "info.csv" in names:
            prefix = os.path.relpath(parent, folder).replace(".", "", 1)
            with open(os.path.join(parent, "info.csv")) as file:
                for row in csv.DictReader(file):
                    path = os.path.join(prefix, row["midi_filename"])
                    table[path] = "groove/" + row["split"] + "/" + row["id"], row["style"].split("/")[0]
    return table


def passages_of(score, notes):
    """Steps of whole 4/4 bars between pauses longer than two bars."""
    ticks = score.ticks_per_quarter / 4
    hits = sorted((note.time, note.pitch) for track in score.tracks if track.is_drum for note in track.notes)
    regions = [[0, math.inf, (4, 4)]]
    for meter in sorted(score.time_signatures, key=lambda meter: meter.time):
        if (meter.numerator, meter.denominator) != regions[-1][2]:
            regions[-1][1] = meter.time
            regions.append([meter.time, math.inf, (meter.numerator, meter.denominator)])
    region, index, last, passages = regions[0], 0, None, []
    for time, pitch in hits:
        while time >= region[1]:
            index, last = index + 1, None
            region = regions[index]
        if region[2] != (4, 4) or pitch not in notes:
            continue
        start, end, _ = region
        step = math.floor((time - start) / ticks + 0.5)
        if end != math.inf and step >= (end - start) / ticks // 16 * 16:
            continue
        if last is None or step - last > 32:
            first = step // 16 * 16
            passages.append([])
        steps = passages[-1]
        if step - first >= len(steps):
            steps.extend([0] * ((step - first) // 16 * 16 + 16 - len(steps)))
        steps[step - first] |= 1 << notes[pitch]
        last = step
    return passages


def recurring(passages):
    """Windows that occur three times without overlap, in the order of their first occurrence."""
    found = {}
    for number, steps in enumerate(passages):
        for bar in range(len(steps) // 16 - 1):
            window = tuple(steps[bar * 16 : bar * 16 + 32])
            count, passage, last = found.get(window, (0, -1, 0))
            if passage != number or last + 2 <= bar:
                found[window] = count + 1, number, bar
    return [window for window, (count, _, _) in found.items() if count >= 3]


def entropy(pattern):
    """Of the 32 step symbols, in nats."""
    return -sum(n / 32 * math.log(n / 32) for n in collections.Counter(pattern).values())


def main():
    """Writes the rows of all folders."""
    out, folders = sys.argv[1], sys.argv[2:]
    seen, read = set(), 0
    with open(out, "w") as file:
        for folder in folders:
            table = performances(folder)
            label = os.path.basename(os.path.abspath(folder))
            for path, below in files_below(folder):
                try:
                    score = symusic.Score(path)
                except Exception as error:
                    print("skipped", path, error, file=sys.stderr)
                    continue
                read += 1
                parent = below.rsplit("/", 2)[-2] if "/" in below else label
                song, genre = table.get(below, (label + "/" + below, parent))
                notes = ROLAND if below in table else GM
                for pattern in recurring(passages_of(score, notes)):
                    canonical = min(pattern[by:] + pattern[:by] for by in range(32))
                    if entropy(pattern) > 0.9 and canonical not in seen:
                        seen.add(canonical)
                        file.write(",".join(map(str, pattern)) + "\t" + genre.lower() + "\t" + song + "\n")
    print(read, "files,", len(seen), "patterns")


main()
