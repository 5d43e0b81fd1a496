/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spec: ECMA-125 and its like for the layouts of 3.5 and 5.25 inch disks. */
#include "hw/block/floppy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fdset.h"
#include "util/log.h"

enum { RATE_500K, RATE_300K, RATE_250K, RATE_1M };
enum { CMOS_360K = 1, CMOS_1200K, CMOS_720K, CMOS_1440K, CMOS_2880K };
enum { MAX_CYLINDER = 83 };

static const FloppyLayout layouts[] = {
    { 80, 2, 18, RATE_500K, RATE_500K, CMOS_1440K },
    { 80, 2, 36, RATE_1M, RATE_1M, CMOS_2880K },
    { 80, 2, 15, RATE_500K, RATE_500K, CMOS_1200K },
    { 80, 2, 9, RATE_250K, RATE_300K, CMOS_720K },
    { 80, 2, 20, RATE_500K, RATE_500K, CMOS_1440K },
    { 80, 2, 21, RATE_500K, RATE_500K, CMOS_1440K },
    { 82, 2, 21, RATE_500K, RATE_500K, CMOS_1440K },
    { 83, 2, 21, RATE_500K, RATE_500K, CMOS_1440K },
    { 80, 2, 10, RATE_250K, RATE_300K, CMOS_720K },
    { 40, 2, 9, RATE_250K, RATE_300K, CMOS_360K },
    { 40, 2, 8, RATE_250K, RATE_300K, CMOS_360K },
    { 40, 1, 9, RATE_250K, RATE_300K, CMOS_360K },
    { 40, 1, 8, RATE_250K, RATE_300K, CMOS_360K },
};

static const FloppyLayout *layout_of(uint64_t bytes)
{
    for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++) {
        const FloppyLayout *l = &layouts[i];
        if (bytes == (uint64_t)l->cylinders * l->heads * l->sectors * FLOPPY_SECTOR_BYTES) {
            return l;
        }
    }
    return NULL;
}

bool floppy_open(Floppy *drive, GError **errp)
{
    struct stat info;
    drive->fd = -1;
    drive->layout = NULL;
    if (!drive->file) {
        return true;
    }
    drive->fd = fdset_open(drive->file, drive->readonly ? O_RDONLY : O_RDWR, 0);
    if (drive->fd < 0 || fstat(drive->fd, &info) < 0) {
        error_set(errp, "isa-fdc: cannot open '%s': %s", drive->file, g_strerror(errno));
        floppy_close(drive);
        return false;
    }
    drive->layout = S_ISREG(info.st_mode) ? layout_of(info.st_size) : NULL;
    if (!drive->layout) {
        error_set(errp, "isa-fdc: '%s' has %llu bytes, which is the size of no floppy disk",
                  drive->file, (unsigned long long)info.st_size);
        floppy_close(drive);
        return false;
    }
    return true;
}

void floppy_close(Floppy *drive)
{
    if (drive->fd >= 0) {
        close(drive->fd);
    }
    drive->fd = -1;
    drive->layout = NULL;
}

bool floppy_has_sector(const Floppy *drive, unsigned head, unsigned sector)
{
    const FloppyLayout *l = drive->layout;
    return l && drive->cylinder < l->cylinders && head < l->heads && sector >= 1 &&
           sector <= l->sectors;
}

static off_t offset_of(const Floppy *drive, unsigned head, unsigned sector)
{
    const FloppyLayout *l = drive->layout;
    off_t index = ((off_t)drive->cylinder * l->heads + head) * l->sectors + sector - 1;
    return index * FLOPPY_SECTOR_BYTES;
}

bool floppy_read(Floppy *drive, unsigned head, unsigned sector, uint8_t *buffer)
{
    ssize_t got = pread(drive->fd, buffer, FLOPPY_SECTOR_BYTES, offset_of(drive, head, sector));
    if (got != FLOPPY_SECTOR_BYTES) {
        log_printf(0, "isa-fdc: cannot read '%s': %s\n", drive->file,
                   got < 0 ? g_strerror(errno) : "it became shorter");
    }
    return got == FLOPPY_SECTOR_BYTES;
}

bool floppy_write(Floppy *drive, unsigned head, unsigned sector, const uint8_t *buffer)
{
    ssize_t got = pwrite(drive->fd, buffer, FLOPPY_SECTOR_BYTES, offset_of(drive, head, sector));
    if (got != FLOPPY_SECTOR_BYTES) {
        log_printf(0, "isa-fdc: cannot write '%s': %s\n", drive->file, g_strerror(errno));
    }
    return got == FLOPPY_SECTOR_BYTES;
}

/* The change line falls with a step, if there is a disk. */
void floppy_seek(Floppy *drive, unsigned cylinder)
{
    drive->cylinder = MIN(cylinder, MAX_CYLINDER);
    drive->changed = drive->changed && !floppy_has_medium(drive);
}

static bool floppy_post_load(void *opaque, uint32_t version, GError **errp)
{
    const Floppy *drive = opaque;
    if (drive->cylinder > MAX_CYLINDER) {
        error_set(errp, "isa-fdc: there is no cylinder %u", drive->cylinder);
        return false;
    }
    return true;
}

const VmState floppy_vmstate = {
    .name = "floppy",
    .version = 1,
    .post_load = floppy_post_load,
    .fields =
        (const VmField[]){
            VM_U8(Floppy, cylinder),
            VM_U8(Floppy, last_id),
            VM_BOOL(Floppy, changed),
            {},
        },
};
