/* Reads `sequence time_us n value...` lines, writes each as a frame (argument "binary") or a line ("text"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "underfoot_frame.h"

int main(int argc, char **argv) {
  int binary = argc > 1 && strcmp(argv[1], "binary") == 0;
  unsigned sequence, time_us, channels;
  while (scanf("%u %u %u", &sequence, &time_us, &channels) == 3 && channels <= UNDERFOOT_MAX_CHANNELS) {
    float values[UNDERFOOT_MAX_CHANNELS];
    for (unsigned i = 0; i < channels; i++)
      if (scanf("%f", &values[i]) != 1) return 1;
    uint8_t out[UNDERFOOT_LINE_BYTES(UNDERFOOT_MAX_CHANNELS) + 8];
    memset(out, 0xee, sizeof out);
    unsigned room = binary ? UNDERFOOT_FRAME_BYTES(channels) : UNDERFOOT_LINE_BYTES(channels);
    unsigned length = binary ? underfoot_frame(out, (uint16_t)sequence, time_us, values, (uint8_t)channels)
                             : underfoot_line((char *)out, time_us, values, (uint8_t)channels);
    if (length > room || out[room] != 0xee) return 2;
    fwrite(out, 1, length, stdout);
  }
  return 0;
}
