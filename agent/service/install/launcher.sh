#!/bin/sh
# Starts underfoot with its own Node where it has one, else with the system's.
here=/usr/lib/underfoot
node=$here/bin/node
[ -x "$node" ] || node=node
exec "$node" "$here/node_modules/underfoot/dist/agent/cli.js" "$@"
