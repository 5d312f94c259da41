#!/bin/sh
# Copies the plugins into the folders of your user where DAWs look for them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
put() {
    mkdir -p "$2"
    rm -rf "$2/$1"
    cp -R "$here/$1" "$2/$1"
    echo "installed $2/$1"
}
put Beatfield.clap "$HOME/.clap"
put Beatfield.vst3 "$HOME/.vst3"
echo "Let your DAW scan for plugins, then insert Beatfield as an instrument."
