/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saving and loading whole machines. See docs/devel/migration.rst. */
#pragma once

#include "hw/core/machine.h"
#include "migration/stream.h"

/** machine_save - clock, devices, CPUs, memory. Context: machine lock held, vCPUs stopped */
bool machine_save(Machine *machine, const VmSink *sink, GError **errp);

/**
 * machine_load - what machine_save() of a machine of the same make wrote
 *
 * The stream may come from anywhere. After a failure the machine is partly loaded and must be reset
 * or dropped. Context: as machine_save().
 */
bool machine_load(Machine *machine, const VmSource *source, GError **errp);

/** machine_state_hash - SHA-256, hexadecimal, of what machine_save() writes; caller frees */
char *machine_state_hash(Machine *machine, GError **errp);

/** machine_check_state - save, load, save: whether both are equal; names the first section that
 * differs */
bool machine_check_state(Machine *machine, GError **errp);
