/*
 * Little-endian numbers out of untrusted bytes: ZIP, OLE and BIFF store them so. The
 * caller has made sure that the bytes are there.
 */
#ifndef PARSE_LE_H
#define PARSE_LE_H

#include <stdint.h>

static inline uint16_t le_16(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint16_t)(u[0] | u[1] << 8);
}

static inline uint32_t le_32(const char *p)
{
	return le_16(p) | (uint32_t)le_16(p + 2) << 16;
}

static inline uint64_t le_64(const char *p)
{
	return le_32(p) | (uint64_t)le_32(p + 4) << 32;
}

#endif
