/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sense data: why a SCSI or ATAPI command failed.  Spec: SPC-4, 4.5. */
#pragma once

#include <stdint.h>

enum {
    SENSE_NONE = 0x0,
    SENSE_NOT_READY = 0x2,
    SENSE_MEDIUM_ERROR = 0x3,
    SENSE_HARDWARE_ERROR = 0x4,
    SENSE_ILLEGAL_REQUEST = 0x5,
    SENSE_UNIT_ATTENTION = 0x6,
    SENSE_DATA_PROTECT = 0x7,
    SENSE_ABORTED_COMMAND = 0xb,
};

/* Key, additional code and qualifier. */
typedef struct {
    uint8_t key, code, qualifier;
} Sense;

#define SENSE(key, code, qualifier) ((Sense){ (key), (code), (qualifier) })
#define SENSE_GOOD                  SENSE(SENSE_NONE, 0x00, 0x00)
#define SENSE_NO_MEDIUM             SENSE(SENSE_NOT_READY, 0x3a, 0x00)
#define SENSE_NO_MEDIUM_OPEN        SENSE(SENSE_NOT_READY, 0x3a, 0x02)
#define SENSE_READ_ERROR            SENSE(SENSE_MEDIUM_ERROR, 0x11, 0x00)
#define SENSE_WRITE_ERROR           SENSE(SENSE_MEDIUM_ERROR, 0x0c, 0x00)
#define SENSE_BAD_COMMAND           SENSE(SENSE_ILLEGAL_REQUEST, 0x20, 0x00)
#define SENSE_BAD_ADDRESS           SENSE(SENSE_ILLEGAL_REQUEST, 0x21, 0x00)
#define SENSE_BAD_FIELD             SENSE(SENSE_ILLEGAL_REQUEST, 0x24, 0x00)
#define SENSE_NO_SAVED_PARAMETERS   SENSE(SENSE_ILLEGAL_REQUEST, 0x39, 0x00)
#define SENSE_REMOVAL_PREVENTED     SENSE(SENSE_ILLEGAL_REQUEST, 0x53, 0x02)
#define SENSE_WRONG_TRACK_MODE      SENSE(SENSE_ILLEGAL_REQUEST, 0x64, 0x00)
#define SENSE_POWER_ON              SENSE(SENSE_UNIT_ATTENTION, 0x29, 0x00)
#define SENSE_MEDIUM_CHANGED        SENSE(SENSE_UNIT_ATTENTION, 0x28, 0x00)
#define SENSE_WRITE_PROTECTED       SENSE(SENSE_DATA_PROTECT, 0x27, 0x00)

enum { SENSE_BYTES = 18 };
/** sense_put - fixed format */
void sense_put(uint8_t bytes[SENSE_BYTES], Sense sense);
