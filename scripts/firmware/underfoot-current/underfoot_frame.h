/*
 * One reading as bytes: an underfoot binary frame, or a line of text. Plain C, no Arduino in it, so that the same code
 * is tested on a PC (test/firmware).
 *
 * Binary, all numbers little-endian, then COBS (Cheshire and Baker 1999), then 0x00:
 *   version u8 = 1, sequence u16, time u32 in us, n x float32 in A, CRC-16/XMODEM u16 of all before it
 */
#ifndef UNDERFOOT_FRAME_H
#define UNDERFOOT_FRAME_H

#include <stdint.h>
#include <string.h>

#define UNDERFOOT_VERSION 1
#define UNDERFOOT_MAX_CHANNELS 16
/* Room that a frame needs: 9 bytes around the values, 1 of COBS, the zero. */
#define UNDERFOOT_FRAME_BYTES(channels) (11 + 4 * (channels))
/* Room that a line needs: 10 digits of time, 12 characters a value, the line end. */
#define UNDERFOOT_LINE_BYTES(channels) (11 + 12 * (channels))

/* CRC-16/XMODEM (polynomial 0x1021, begins with 0), one byte more. Without a table: 512 bytes of flash are dear. */
static inline uint16_t underfoot_crc(uint16_t crc, uint8_t byte) {
  crc ^= (uint16_t)byte << 8;
  for (uint8_t bit = 0; bit < 8; bit++) crc = (crc & 0x8000) ? (uint16_t)((crc << 1) ^ 0x1021) : (uint16_t)(crc << 1);
  return crc;
}

/* Where a frame is being written: COBS puts the distance to the next zero where the last zero was. */
typedef struct {
  uint8_t *out;
  uint8_t length;
  uint8_t code_at;
  uint16_t crc;
} underfoot_writer;

static inline void underfoot_put(underfoot_writer *w, uint8_t byte) {
  w->crc = underfoot_crc(w->crc, byte);
  if (byte != 0) {
    w->out[w->length++] = byte;
    return;
  }
  w->out[w->code_at] = (uint8_t)(w->length - w->code_at);
  w->code_at = w->length++;
}

static inline void underfoot_put_number(underfoot_writer *w, uint32_t value, uint8_t bytes) {
  for (uint8_t i = 0; i < bytes; i++) underfoot_put(w, (uint8_t)(value >> (8 * i)));
}

/* Writes a frame and its zero to `out` (UNDERFOOT_FRAME_BYTES); returns its length. `channels` <= 16. */
static inline uint8_t underfoot_frame(uint8_t *out, uint16_t sequence, uint32_t time_us, const float *current_a,
                                      uint8_t channels) {
  underfoot_writer w = {out, 1, 0, 0};
  underfoot_put(&w, UNDERFOOT_VERSION);
  underfoot_put_number(&w, sequence, 2);
  underfoot_put_number(&w, time_us, 4);
  for (uint8_t i = 0; i < channels; i++) {
    uint32_t bits;
    memcpy(&bits, &current_a[i], sizeof bits);
    underfoot_put_number(&w, bits, 4);
  }
  underfoot_put_number(&w, w.crc, 2);
  out[w.code_at] = (uint8_t)(w.length - w.code_at);
  out[w.length++] = 0;
  return w.length;
}

static inline uint8_t underfoot_put_digits(char *out, uint32_t value, uint8_t least) {
  char digits[10];
  uint8_t count = 0;
  do {
    digits[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0 || count < least);
  for (uint8_t i = 0; i < count; i++) out[i] = digits[count - 1 - i];
  return count;
}

/* Writes `time_us,1.234,-0.567\n` to `out` (UNDERFOOT_LINE_BYTES), without a final zero; returns its length. Values are
 * rounded to 1 mA and clipped to 1,000,000 A; the small printf of a microcontroller knows no floats. */
static inline uint8_t underfoot_line(char *out, uint32_t time_us, const float *current_a, uint8_t channels) {
  uint8_t length = underfoot_put_digits(out, time_us, 1);
  for (uint8_t i = 0; i < channels; i++) {
    float value = current_a[i];
    out[length++] = ',';
    if (value < 0) {
      out[length++] = '-';
      value = -value;
    }
    uint32_t milliampere = value < 1e6f ? (uint32_t)(value * 1000.0f + 0.5f) : 1000000000UL;
    length = (uint8_t)(length + underfoot_put_digits(out + length, milliampere / 1000, 1));
    out[length++] = '.';
    length = (uint8_t)(length + underfoot_put_digits(out + length, milliampere % 1000, 3));
  }
  out[length++] = '\n';
  return length;
}

#endif
