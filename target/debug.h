/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest CPU as a debugger sees it: registers by name, and why it stopped. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Cpu Cpu;

enum { CPU_REGISTER_MAX_BYTES = 64 };

/* One register. Names, features and types are those of gdb's target descriptions. */
typedef struct {
    const char *feature; /* "org.gnu.gdb.riscv.cpu"; registers of one stand together */
    char name[24];
    const char *type;  /* NULL: "int" */
    const char *group; /* NULL: the debugger's own idea */
    uint16_t bits;
    uint32_t id;    /* the architecture's own number */
    bool not_saved; /* calling a function of the guest does not save and restore it */
} CpuRegister;

/* What an architecture says of itself. Context of all: the CPU is stopped, machine lock held. */
typedef struct {
    const char *(*architecture)(Cpu *cpu); /* gdb's name: "riscv:rv64" */
    /* XML of the types that @feature's registers use beside gdb's own; NULL: none are. May be NULL
     */
    const char *(*types)(const char *feature);
    /* append CpuRegister to @list; gdb's numbers are positions in it */
    void (*registers)(Cpu *cpu, GArray *list);
    /* bits / 8 bytes in the guest's order; false: there is no value now */
    bool (*read)(Cpu *cpu, uint32_t id, uint8_t *bytes);
    bool (*write)(Cpu *cpu, uint32_t id, const uint8_t *bytes);
    uint32_t pc; /* id of the program counter: what a debugger takes for the address of code */
} CpuDebug;

typedef enum {
    CPU_POINT_EXECUTE, /* before the instruction at the address */
    CPU_POINT_WRITE,   /* behind the instruction that made the access */
    CPU_POINT_READ,
    CPU_POINT_ACCESS,
} CpuPointKind;

/* A place at which every CPU of a machine stops for the debugger. */
typedef struct {
    CpuPointKind kind;
    uint64_t address; /* virtual, in whatever address space is current */
    uint64_t length;  /* bytes; CPU_POINT_EXECUTE: not looked at */
} CpuPoint;

/* How a CPU goes on when the machine is started. */
typedef enum {
    CPU_RUN,
    CPU_HOLD,         /* not at all */
    CPU_RUN_PAST,     /* without stopping for a point at the first instruction */
    CPU_STEP,         /* one instruction */
    CPU_STEP_QUIETLY, /* one instruction, before any interrupt */
} CpuResume;

typedef enum { CPU_STOP_NONE, CPU_STOP_STEPPED, CPU_STOP_POINT } CpuStopReason;

/* Why a CPU stopped by itself; machine lock. */
typedef struct {
    CpuStopReason reason;
    CpuPointKind kind; /* CPU_STOP_POINT */
    uint64_t address;  /* that was touched */
} CpuStop;
