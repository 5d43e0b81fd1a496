/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -numa: which node processors and memory belong to, and how far apart nodes are. */
#pragma once

#include "hw/core/machine.h"

enum { NUMA_MAX_NODES = 128, NUMA_LOCAL = 10, NUMA_REMOTE = 20 };

struct MachineNuma {
    unsigned nodes;
    uint64_t bytes[NUMA_MAX_NODES];
    Object *memory_backend[NUMA_MAX_NODES]; /* not owned; all NULL, or none is */
    uint8_t distance[NUMA_MAX_NODES][NUMA_MAX_NODES];
    bool has_distances;
    MemoryRegion *ram; /* of the back ends; NULL: none */
    uint16_t *node_of; /* by processor, topology.max_cpus of them */
};

/**
 * numa_setup - machine->numa from the options, completed and checked; NULL: there are none
 *
 * Memory that no node was given is spread evenly; processors that no node was given go by their
 * socket. Context: by the board, before its memory is made.
 */
bool numa_setup(Machine *machine, GError **errp);
bool numa_has_backends(const MachineNuma *numa);
/** numa_init_ram - machine->ram of the nodes' back ends */
void numa_init_ram(Machine *machine, const char *label);
void numa_free(MachineNuma *numa);
/** numa_node_of - of processor @index; 0 without nodes */
unsigned numa_node_of(const Machine *machine, unsigned index);
