/* Runs the sketch for two seconds of its own time. */
#include "Arduino.h"

#include "underfoot-current.ino"

int main() {
  setup();
  uint32_t startUs = now_us;
  while (now_us - startUs < 2000000u) {
    /* For a tenth of a second the serial port takes nothing. */
    Serial.room = now_us - startUs > 1000000u && now_us - startUs < 1100000u ? 0 : 63;
    loop();
  }
  return 0;
}
