/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines and processors by the names that users write. */
#pragma once

#include "hw/core/machine.h"

/** machine_list_find - machine @name (or an alias) of @arch; NULL: the default one */
const MachineClass *machine_list_find(const char *arch, const char *name, GError **errp);
/** machine_list_foreach - every machine of @arch, by name */
void machine_list_foreach(const char *arch, void (*fn)(const MachineClass *class, void *opaque),
                          void *opaque);
/** machine_list_name - what -machine calls it; caller frees */
char *machine_list_name(const MachineClass *class);

/** machine_list_find_cpu - processor @model that fits into @machine; NULL: its default */
const ObjectClass *machine_list_find_cpu(const MachineClass *machine, const char *model,
                                         GError **errp);
/** machine_list_cpu_name - what -cpu calls it; caller frees */
char *machine_list_cpu_name(const MachineClass *machine, const ObjectClass *cpu);

/** machine_list_find_device - what -device may name */
const DeviceClass *machine_list_find_device(const char *driver, GError **errp);
/** machine_list_find_object - what -object may name */
const ObjectClass *machine_list_find_object(const char *type, GError **errp);
