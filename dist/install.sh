#!/bin/sh
# Copies the plugins into the folders of your user where DAWs look for them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "$(uname)" = Darwin ]; then
    clap="$HOME/Library/Audio/Plug-Ins/CLAP"
    vst3="$HOME/Library/Audio/Plug-Ins/VST3"
else
    clap="$HOME/.clap"
    vst3="$HOME/.vst3"
fi
put() {
    mkdir -p "$2"
    rm -rf "$2/$1"
    cp -R "$here/$1" "$2/$1"
    if [ "$(uname)" = Darwin ]; then
        # What a browser downloaded does not load until this mark is taken off.
        xattr -dr com.apple.quarantine "$2/$1" 2>/dev/null || true
    fi
    echo "installed $2/$1"
}
put Beatfield.clap "$clap"
put Beatfield.vst3 "$vst3"
echo "Let your DAW scan for plugins, then insert Beatfield as an instrument."
