#!/bin/sh
# Qtractor's plugin scanner loads the CLAP as Qtractor does and describes it; the program itself needs an ALSA
# sequencer, which few test machines have.
#
# in_qtractor.sh SCANNER PATH/Beatfield.clap
line=$(echo "CLAP:$2" | QT_QPA_PLATFORM=offscreen "$1" | grep -a '^CLAP|')
case "$line" in
"CLAP|Beatfield|0:2|1:1|"*) echo "ok     it is scanned with two outputs, MIDI in and out: $line" ;;
*) echo "FAILED it is scanned with two outputs, MIDI in and out: $line" && echo "0 passed, 1 failed" && exit 1 ;;
esac
echo "1 passed, 0 failed"
