/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the parts of the ATA drive. */
#pragma once

#include "hw/ide/ata.h"

/** ata_finish - the command is over, well */
void ata_finish(AtaDrive *drive, bool interrupt);
/** ata_abort - the command is over, with @error in the error register */
void ata_abort(AtaDrive *drive, uint8_t error);
/** ata_offer - @bytes of the buffer are for the host; then the command ends */
void ata_offer(AtaDrive *drive, uint32_t bytes);
/** ata_want - the host is to fill @bytes of the buffer for @task */
void ata_want(AtaDrive *drive, AtaTask task, uint32_t bytes, bool interrupt);
/** ata_submit - a request to the medium on @bytes of the buffer */
void ata_submit(AtaDrive *drive, BlockIoKind kind, uint64_t offset, uint64_t bytes);

/* ata_identify.c */
/** ata_identify - IDENTIFY DEVICE or IDENTIFY PACKET DEVICE into the buffer */
void ata_identify(AtaDrive *drive);
/** ata_geometry - what the drive offers by default */
void ata_geometry(const AtaDrive *drive, uint32_t *cylinders, uint8_t *heads, uint8_t *sectors);

/* ata_smart.c */
void ata_smart(AtaDrive *drive);
void ata_read_log(AtaDrive *drive);

/* atapi.c */
void atapi_packet(AtaDrive *drive);
/** atapi_received - the packet is in the buffer */
void atapi_received(AtaDrive *drive);
/** atapi_data_done - the host has read a piece of the answer */
void atapi_data_done(AtaDrive *drive);
/** atapi_read_done - blocks of the medium are in the buffer */
void atapi_read_done(AtaDrive *drive, int result);
/** atapi_read_again - the request that a saved state tells of */
void atapi_read_again(AtaDrive *drive);
void atapi_dma_start(AtaDrive *drive);
