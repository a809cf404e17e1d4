/* An I2C bus with two INA219: 0x40 reads 123.45 mV over its shunt, 0x41 reads -20 mV. */
#ifndef WIRE_H
#define WIRE_H

#include "Arduino.h"

struct TwoWire {
  uint8_t address = 0, reg = 0, written = 0, next = 0;
  uint16_t config[2] = {0, 0};
  void begin() {}
  void setClock(long) {}
  void beginTransmission(uint8_t to) {
    address = to;
    written = 0;
  }
  void write(uint8_t byte) {
    if (written++ == 0) reg = byte;
    else if (reg == 0) config[address & 1] = (uint16_t)((config[address & 1] << 8) | byte);
  }
  uint8_t endTransmission() { return address == 0x40 || address == 0x41 ? 0 : 2; }
  uint8_t requestFrom(uint8_t from, uint8_t count) {
    address = from;
    next = 0;
    return count;
  }
  int read() {
    bool ready = config[address & 1] == 0x399d && reg == 1;
    uint16_t raw = !ready ? 0x7fff : (uint16_t)(int16_t)(address == 0x40 ? 12345 : -2000);
    return next++ == 0 ? raw >> 8 : raw & 0xff;
  }
};
static TwoWire Wire;

#endif
