#!/bin/sh
# Compiles the sketch for an Arduino Uno (ATmega328P, 16 MHz) with Debian's gcc-avr, avr-libc and arduino-core-avr, for both
# sensors and both formats, and prints what each takes of 32,256 bytes of flash and 2,048 of RAM.
set -eu
cd "$(dirname "$0")"
arduino=${ARDUINO_AVR:-/usr/share/arduino/hardware/arduino/avr}
build=$(mktemp -d)
trap 'rm -r "$build"' EXIT
# DECIMAL_DIG: the core wants it, and the headers of gcc-avr 5.4 hide it from C++11.
flags="-mmcu=atmega328p -DF_CPU=16000000L -DARDUINO=10819 -DARDUINO_AVR_UNO -DARDUINO_ARCH_AVR -DDECIMAL_DIG=17 -Os -flto
  -ffunction-sections -fdata-sections -I$arduino/cores/arduino -I$arduino/variants/standard
  -I$arduino/libraries/Wire/src -I$arduino/libraries/Wire/src/utility"
cxx="avr-g++ -std=gnu++11 -fno-exceptions -fno-threadsafe-statics $flags"

for source in "$arduino"/cores/arduino/*.c "$arduino"/libraries/Wire/src/utility/*.c; do
  avr-gcc -w -std=gnu11 $flags -c "$source" -o "$build/$(basename "$source").o"
done
for source in "$arduino"/cores/arduino/*.cpp "$arduino"/libraries/Wire/src/*.cpp; do
  $cxx -w -c "$source" -o "$build/$(basename "$source").o"
done
for sensor in ACS712 INA219; do
  for format in BINARY TEXT; do
    $cxx -Wall -Wextra -Werror -DSENSOR=$sensor -DFORMAT=$format -include Arduino.h -x c++ \
      -c underfoot-current/underfoot-current.ino -o "$build/sketch"
    avr-gcc -mmcu=atmega328p -Os -flto -Wl,--gc-sections "$build/sketch" "$build"/*.o -lm -o "$build/elf"
    avr-size "$build/elf" | awk -v name="$sensor $format" 'NR == 2 { print name ": flash " $1 + $2 ", RAM " $2 + $3 }'
  done
done
