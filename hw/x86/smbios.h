/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the machine tells of itself by SMBIOS, from the machine and the -smbios options.
 * Spec: DSP0134 3.0.0; structures have the form of 2.8.
 */
#pragma once

#include "hw/core/machine.h"

/* Entry points: with 32-bit (5.2.1) or 64-bit (5.2.2) addresses; the address is 0 until the tables
 * are placed, and checksums are made by whoever does that. */
typedef struct {
    GByteArray *tables, *entry_32, *entry_64;
} Smbios;

/* What the board says of itself where -smbios does not. */
typedef struct {
    const char *product, *version;
    bool with_bios; /* structure 0: firmware has its own, but a start without it needs one */
} SmbiosBoard;

/** smbios_build - fails on an option that says something impossible */
bool smbios_build(Smbios *smbios, const Machine *machine, const SmbiosBoard *board, GError **errp);
void smbios_cleanup(Smbios *smbios);
