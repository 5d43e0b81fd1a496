/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine: the root object of everything a guest sees. There may be several in a process. */
#pragma once

#include "hw/core/device.h"
#include "hw/core/run_state.h"
#include "memory/address_space.h"
#include "util/machine_lock.h"
#include "util/timer.h"

typedef struct Cpu Cpu;
typedef struct MachineClass MachineClass;
typedef struct Accel Accel;
typedef struct Chardev Chardev;
typedef struct HostInput HostInput;
typedef struct MachineNuma MachineNuma;

enum { MACHINE_MAX_SERIAL = 8, MACHINE_MAX_PARALLEL = 3 };

/* -smp, completed and checked: cpus <= max_cpus == sockets * dies * clusters * cores * threads. */
typedef struct {
    unsigned cpus, max_cpus, sockets, dies, clusters, cores, threads;
} MachineTopology;

/* -kernel and friends; paths or NULL. */
typedef struct {
    char *firmware, *kernel, *initrd, *append, *dtb, *dump_dtb;
} MachineBoot;

/* Options that only some boards understand; the keys of those with a fixed set are checked before,
 * values by the board. */
typedef enum {
    MACHINE_OPTION_BOOT,
    MACHINE_OPTION_SMBIOS,
    MACHINE_OPTION_NUMA,
    MACHINE_OPTION_FW_CFG,
    MACHINE_OPTION_ACPI_TABLE,
    MACHINE_OPTION_ROM,
    MACHINE_OPTION_COUNT,
} MachineOption;

/* What the layer above (system/) does for a machine; set before realize. */
typedef struct {
    void (*request_shutdown)(Machine *machine, ShutdownCause cause, int status);
    void (*request_reset)(Machine *machine, bool by_guest);
    void (*request_debug)(Machine *machine); /* a CPU stopped for the debugger */
    void (*request_suspend)(Machine *machine);
    void (*request_wake)(Machine *machine, WakeCause cause);
    void (*watchdog_expired)(Machine *machine); /* the guest has not reset its watchdog in time */
} MachineOps;

struct MachineClass {
    ObjectClass object;
    const char *summary;
    const char *arch; /* "riscv64": the rhea-system-ARCH this belongs to; NULL: every one */
    const char *const *aliases;  /* NULL-terminated; e.g. "virt-7.2" */
    const char *default_cpu;     /* class name */
    const ObjectClass *cpu_base; /* CPU models must descend from it */
    const char *default_display; /* device of -vga std; NULL: "VGA", and only when asked for */
    const char *default_drive;   /* interface of -drive without if=; NULL: "ide" */
    unsigned drive_units;        /* drives on each bus of that interface; 0: as usual */
    uint64_t default_ram_bytes;
    unsigned max_cpus;
    unsigned options; /* bit a MachineOption that the board understands */
    bool is_default;
    bool default_ports; /* a serial and a parallel port are there unless the user says otherwise */
    bool (*build)(Machine *machine, GError **errp); /* create and wire all devices */
    bool (*load)(Machine *machine,
                 GError **errp); /* firmware, kernel, device tree; again at each reset */
};

struct Machine {
    Object object; /* "/machine"; children: peripheral, peripheral-anon, unattached, and what
                      build() names */
    /* set up by system/ before build() */
    const MachineOps *ops;
    void *ops_opaque;
    Accel *accel;
    ClockSet *clocks;
    MachineTopology topology;
    MachineBoot boot;
    const ObjectClass *cpu_class;
    char *cpu_properties; /* "zbb=off,..." from -cpu, may be NULL */
    uint64_t ram_bytes;
    Object *memory_backend;                  /* not owned; NULL: plain anonymous memory */
    Chardev *serial[MACHINE_MAX_SERIAL];     /* -serial n; NULL: none */
    Chardev *parallel[MACHINE_MAX_PARALLEL]; /* -parallel n; NULL: none */
    char *name, *uuid;
    bool graphics, usb, mem_merge, dump_guest_core, suppress_vmdesc; /* properties */
    int kernel_irqchip;                                              /* likewise */
    bool no_graphics; /* -nographic: firmware should talk on the first serial line */
    GPtrArray *options[MACHINE_OPTION_COUNT]; /* const Keyval *, in order; NULL: none */
    /* made by build() */
    MemoryRegion system_memory; /* 2^64 container */
    MemoryRegion system_io;     /* 2^16 container: port I/O, on boards that have it */
    MemoryRegion ram;
    AddressSpace memory, io;
    GPtrArray *cpus;   /* Cpu *, by index */
    Irq *power_button; /* pulsed by system_powerdown; NULL: there is none */
    HostInput *input;  /* private to host_input.c */
    MachineNuma *numa; /* NULL: one node (hw/core/numa.h) */
    WakeCause waking;  /* within a reset that ends sleep: RAM stays as it is; else WAKE_NONE */
    void (*nmi)(Machine *machine); /* the button for debuggers; NULL: there is none */
    bool can_suspend;              /* the guest may sleep in RAM */
    bool (*wakes)(void *opaque,
                  WakeCause cause); /* whether the guest lets that wake it; NULL: all */
    void *wakes_opaque;
    GPtrArray *resettable; /* Device *: top of what a system reset covers, in order */
    RunState run_state;
};

extern const MachineClass machine_class;

/** machine_add_device - create a device of @class as child @name of the machine; not realized */
Device *machine_add_device(Machine *machine, const char *name, const DeviceClass *class);
/**
 * machine_init_ram - make machine->ram of ram_bytes, from machine->memory_backend if there is one
 *
 * The board then adds the region where it belongs. @label names it in "info mtree" and in saved
 * states.
 */
bool machine_init_ram(Machine *machine, const char *label, GError **errp);
/**
 * machine_free - unrealize all devices, wait until nobody looks at the memory, drop the machine
 *
 * What is dropped is the reference of the tree it stands in, or the caller's if it stands in none.
 * Context: no lock held; vCPUs are stopped. The clocks stay the caller's.
 */
void machine_free(Machine *machine);

/** machine_reset - everything in resettable, then every CPU, then MachineClass.load. Context:
 * machine lock, vCPUs stopped */
bool machine_reset(Machine *machine, GError **errp);
void machine_request_shutdown(Machine *machine, ShutdownCause cause, int status);
void machine_request_reset(Machine *machine, bool by_guest);
void machine_request_debug(Machine *machine);
/** machine_request_suspend - processors stop until machine_request_wake() */
void machine_request_suspend(Machine *machine);
/** machine_request_wake - ends sleep with a reset that leaves RAM alone; nothing if it does not
 * sleep, or not for that */
void machine_request_wake(Machine *machine, WakeCause cause);
void machine_watchdog_expired(Machine *machine);
