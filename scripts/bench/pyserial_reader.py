"""A pyserial reader that does what scripts/bench/pty-reader.ts does: PORT as its argument, text only.

Reads lines, splits them, calibrates two channels; skips the first second; prints one line of JSON when
standard input ends. Needs pyserial.
"""
import json
import resource
import select
import sys
import time

import serial


def cpu_us():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


port = serial.Serial(sys.argv[1], 115200, timeout=0.05)
print("ready", flush=True)
offset, gain = (512.0, 512.0), (0.074, 0.074)
values = [0.0, 0.0]
samples = 0
begin = time.monotonic()
start = None
checked = begin
while True:
    line = port.readline()
    now = time.monotonic()
    if start is None and now - begin >= 1:
        start = (cpu_us(), samples, now)
    if now - checked > 0.1:
        checked = now
        if select.select([sys.stdin], [], [], 0)[0] and not sys.stdin.read(1):
            break
    if not line.endswith(b"\n"):
        continue
    fields = line.split(b",")
    for c in range(2):
        values[c] = (float(fields[c + 1]) - offset[c]) * gain[c]
    samples += 1
end = time.monotonic()
print(json.dumps({
    "samples": samples - start[1], "cpuUs": cpu_us() - start[0], "wallMs": (end - start[2]) * 1000,
}))
