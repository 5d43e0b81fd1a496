/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A floppy drive and the raw image in it: cylinder, head, sector to bytes of a file. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "migration/vmstate.h"

enum { FLOPPY_SECTOR_BYTES = 512 };

/* How the medium is laid out; its data rate as the controller's registers code it. */
typedef struct {
    uint8_t cylinders, heads, sectors;
    uint8_t rate, other_rate;
    uint8_t cmos_type; /* of a drive that takes it */
} FloppyLayout;

typedef struct {
    char *file; /* properties of the controller; NULL: empty */
    bool readonly;
    int fd; /* -1: empty */
    const FloppyLayout *layout;
    uint8_t cylinder; /* guest state: where the head stands */
    uint8_t last_id;  /* sector that passed the head last */
    bool changed;     /* since the last step */
} Floppy;

extern const VmState floppy_vmstate;

/** floppy_open - the image, of one of the known sizes; an empty drive opens too */
bool floppy_open(Floppy *drive, GError **errp);
void floppy_close(Floppy *drive);
static inline bool floppy_has_medium(const Floppy *drive)
{
    return drive->layout != NULL;
}
/** floppy_has_sector - at the cylinder where the head stands; sectors count from 1 */
bool floppy_has_sector(const Floppy *drive, unsigned head, unsigned sector);
/* Of a sector that there is; false: the host could not. */
bool floppy_read(Floppy *drive, unsigned head, unsigned sector, uint8_t *buffer);
bool floppy_write(Floppy *drive, unsigned head, unsigned sector, const uint8_t *buffer);
void floppy_seek(Floppy *drive, unsigned cylinder);
