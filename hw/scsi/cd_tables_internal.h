/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CD drives tell of themselves and of discs. Each function returns the bytes it put into a
 * buffer of CD_REPLY_BYTES; 0: there is no such thing. */
#pragma once

#include "hw/scsi/cd_drive.h"

enum { CD_MAX_BLOCKS = 80 * 60 * 75 }; /* what is larger must be a DVD */

void cd_put_be(uint8_t *bytes, uint32_t value, unsigned count);
/** cd_put_msf - minute, second, frame of @frames; three bytes, each BCD if @bcd */
void cd_put_msf(uint8_t bytes[3], uint32_t frames, bool bcd);

uint32_t cd_put_inquiry(const CdDrive *cd, uint8_t *buffer);
uint32_t cd_put_vital_data(const CdDrive *cd, uint8_t page, uint8_t *buffer);
/** cd_put_mode_pages - @changeable: masks of what MODE SELECT may change, which is nothing */
uint32_t cd_put_mode_pages(const CdDrive *cd, uint8_t page, bool changeable, uint8_t *buffer);
uint32_t cd_put_toc(unsigned format, uint8_t first, bool msf, uint32_t blocks, uint8_t *buffer);
/** cd_put_features - header and features from @first on; @which 0: all, 1: current, 2: that one */
uint32_t cd_put_features(const CdDrive *cd, unsigned which, uint16_t first, uint8_t *buffer);
uint32_t cd_put_structure(uint8_t format, bool dvd, uint32_t blocks, uint8_t *buffer);
