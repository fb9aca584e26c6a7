/*
 * CRC-32 as ZIP has it (polynomial 0x04C11DB7, bits reflected).
 */
#ifndef PARSE_CRC_H
#define PARSE_CRC_H

#include "parse/slice.h"

#include <stdint.h>

/* The CRC of what gave `crc` (0 for nothing) with s behind it. */
uint32_t crc_32(uint32_t crc, struct slice s);

#endif
