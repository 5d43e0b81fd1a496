/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CD/DVD drive as commands see it, whatever cable they came over: tray, medium, sense. The owner
 * moves the data.  Spec: MMC-6, SPC-4.
 */
#pragma once

#include "block/backend.h"
#include "hw/scsi/sense.h"
#include "migration/vmstate.h"

enum {
    CD_COMMAND_BYTES = 16,
    CD_REPLY_BYTES = 4096, /* no command but a read answers more */
    CD_BLOCK_BYTES = 2048,
    CD_FRAME_BYTES = 2352, /* a block with its header and check bytes */
};

typedef struct {
    BlockBackend *backend;
    char vendor[9], model[17], version[5], serial[21]; /* what it says of itself */
    /* guest state */
    Sense sense;     /* of the last command */
    Sense attention; /* the next command but a few is answered with this */
    bool tray_open, locked;
    uint8_t event; /* media event not fetched yet */
} CdDrive;

typedef enum {
    CD_GOOD,   /* nothing to transfer */
    CD_DATA,   /* reply->bytes of the buffer */
    CD_READ,   /* reply->blocks from reply->lba on, as frames if reply->frames */
    CD_FAILED, /* cd->sense says why */
} CdAnswer;

typedef struct {
    uint32_t bytes;
    uint32_t lba, blocks;
    bool frames;
} CdReply;

extern const VmState cd_drive_vmstate;

void cd_drive_reset(CdDrive *cd);
/** cd_drive_has_medium - with the tray closed */
bool cd_drive_has_medium(const CdDrive *cd);
/** cd_drive_blocks - size of the medium; 0: none */
uint32_t cd_drive_blocks(const CdDrive *cd);
/** cd_drive_command - everything but moving data; @buffer has CD_REPLY_BYTES */
CdAnswer cd_drive_command(CdDrive *cd, const uint8_t command[CD_COMMAND_BYTES], uint8_t *buffer,
                          CdReply *reply);
/** cd_drive_fail - the running command could not */
void cd_drive_fail(CdDrive *cd, Sense sense);
/** cd_drive_frame - @block of the medium at @lba as it stands on a disc, mode 1 */
void cd_drive_frame(uint8_t frame[CD_FRAME_BYTES], uint32_t lba, const uint8_t *block);

/* The host's hand. */
/** cd_drive_move_tray - whether the tray moved; the guest is told by an event */
bool cd_drive_move_tray(CdDrive *cd, bool open);
/** cd_drive_medium_changed - another medium, or none, lies in it */
void cd_drive_medium_changed(CdDrive *cd);
/** cd_drive_press_button - the guest may open the tray, if it locked it */
void cd_drive_press_button(CdDrive *cd);
