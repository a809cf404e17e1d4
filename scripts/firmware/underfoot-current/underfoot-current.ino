/*
 * Motor current to underfoot, from ACS712 (analog Hall sensor) or INA219 (shunt and I2C), as binary frames or as text.
 * Copy this folder into the Arduino IDE; set what is below. Nothing is ever read from the serial port.
 *
 * underfoot's configuration for binary:  protocol: { name: underfoot, channels: [left, right] }
 * and for text:                          protocol: { name: text, columns: [{ column: 1, channel: left },
 *   { column: 2, channel: right }], time: { column: 0, unit: us, wrapBits: 32 } }
 */
#include "underfoot_frame.h"

#define ACS712 1
#define INA219 2
#define BINARY 1
#define TEXT 2

#ifndef SENSOR
#define SENSOR ACS712
#endif
#ifndef FORMAT
#define FORMAT BINARY
#endif
#ifndef RATE_HZ
#define RATE_HZ 100
#endif
#ifndef BAUD
#define BAUD 115200
#endif

const uint8_t channels = 2;

#if SENSOR == ACS712
const uint8_t pins[channels] = {A0, A1};
/* V per A of the chip: 0.185 for the 5 A type, 0.100 for 20 A, 0.066 for 30 A. Its output at 0 A is half the supply. */
const float sensitivity = 0.100;
const float supplyV = 5.0;
const uint16_t fullScale = 1023;
/* Each sample is the mean of so many readings (0.11 ms each on an Uno): less noise, less aliasing of the PWM. */
const uint8_t readings = 16;
#else
#include <Wire.h>
/* Address pins to ground: 0x40; the second one with A0 to supply: 0x41. */
const uint8_t addresses[channels] = {0x40, 0x41};
const float shuntOhm = 0.1;
#endif

const uint32_t intervalUs = 1000000UL / RATE_HZ;
uint32_t dueUs;
uint16_t sequence;

#if SENSOR == ACS712

void setUpSensors() {}

float readCurrentA(uint8_t channel) {
  uint32_t sum = 0;
  for (uint8_t i = 0; i < readings; i++) sum += analogRead(pins[channel]);
  float volts = supplyV * (float)sum / ((float)fullScale * readings);
  return (volts - supplyV / 2) / sensitivity;
}

#else

/* Register 0: 32 V bus, shunt up to 320 mV, 12 bits in 532 us, shunt voltage only, continuously. */
void setUpSensors() {
  Wire.begin();
  Wire.setClock(400000);
  for (uint8_t i = 0; i < channels; i++) {
    Wire.beginTransmission(addresses[i]);
    Wire.write((uint8_t)0x00);
    Wire.write((uint8_t)0x39);
    Wire.write((uint8_t)0x9d);
    Wire.endTransmission();
  }
}

/* Register 1: shunt voltage in steps of 10 uV, signed. A sensor that does not answer gives NaN, which underfoot counts. */
float readCurrentA(uint8_t channel) {
  Wire.beginTransmission(addresses[channel]);
  Wire.write((uint8_t)0x01);
  if (Wire.endTransmission() != 0 || Wire.requestFrom(addresses[channel], (uint8_t)2) != 2) return NAN;
  int16_t high = Wire.read();
  int16_t low = Wire.read();
  int16_t raw = (int16_t)((high << 8) | (low & 0xff));
  return 1e-5f * (float)raw / shuntOhm;
}

#endif

/* A frame that finds no room is left out; its sequence number is missing then, and underfoot sees the gap. */
void send(const uint8_t *bytes, uint8_t length) {
  if (Serial.availableForWrite() >= length) Serial.write(bytes, length);
}

void setup() {
  Serial.begin(BAUD);
  setUpSensors();
  dueUs = micros();
}

void loop() {
  uint32_t nowUs = micros();
  /* The difference is right when micros() has wrapped between the two (every 71.6 minutes). */
  if ((int32_t)(nowUs - dueUs) < 0) return;
  dueUs += intervalUs;
  /* After a long halt, do not try to catch up. */
  if ((int32_t)(nowUs - dueUs) > 0) dueUs = nowUs + intervalUs;

  float currentA[channels];
  for (uint8_t i = 0; i < channels; i++) currentA[i] = readCurrentA(i);
#if FORMAT == BINARY
  uint8_t frame[UNDERFOOT_FRAME_BYTES(channels)];
  send(frame, underfoot_frame(frame, sequence, nowUs, currentA, channels));
#else
  char line[UNDERFOOT_LINE_BYTES(channels)];
  send((const uint8_t *)line, underfoot_line(line, nowUs, currentA, channels));
#endif
  sequence++;
}
