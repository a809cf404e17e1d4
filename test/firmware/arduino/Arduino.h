/* Just enough of an Arduino to run the sketch on a PC: time that passes with each call, sensors that read a ramp. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#define A0 14
#define A1 15

static uint32_t now_us = 4294000000u; /* wraps within the first second */

static inline uint32_t micros() { return now_us += 20; }

/* 0 A is 511.5 steps; here the left motor has 10 A (1 V above the middle), the right one -5 A. */
static inline int analogRead(uint8_t pin) {
  now_us += 110;
  return pin == A0 ? 716 : 409;
}

struct SerialPort {
  int room = 63;
  void begin(long) {}
  int availableForWrite() { return room; }
  size_t write(const uint8_t *bytes, size_t length) { return fwrite(bytes, 1, length, stdout); }
};
static SerialPort Serial;

#endif
