/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest made for tests of accel/tcg: 16 registers of 64 bits, instructions of four bytes at even
 * addresses (opcode, register d, 16-bit immediate i, little-endian), pages mapped by a table in C.
 */
#pragma once

#include "accel/accel.h"
#include "accel/tcg/frontend.h"

typedef enum {
    FAKE_STOP,    /* stop for good: sets .done */
    FAKE_ADDI,    /* d += i (signed) */
    FAKE_JUMP,    /* pc += i */
    FAKE_LOAD,    /* d = 64 bits at [register i] */
    FAKE_STORE,   /* 64 bits at [register i] = d */
    FAKE_STORE4,  /* 32 bits */
    FAKE_BNEZ,    /* if d != 0: pc += i */
    FAKE_ATOMIC,  /* 64 bits at [register i & 15] += register i >> 4; d = old */
    FAKE_FENCE,   /* fence.i */
    FAKE_JR,      /* pc = d */
    FAKE_SPACE,   /* address space = i */
    FAKE_FLUSH,   /* forget the page at d in every space */
    FAKE_WAIT,    /* wait for an interrupt */
    FAKE_LOADB,   /* d = 16 bits at [register i], big-endian */
    FAKE_ATOMICU, /* as FAKE_ATOMIC, any alignment */
    FAKE_OPS,
} FakeOp;

enum {
    FAKE_SPACES = 4,
    FAKE_PAGES = 64,       /* virtual pages 0 to 63 of each space */
    FAKE_RAM_PAGES = 64,   /* RAM at physical 0 */
    FAKE_IO_PAGE = 0x80,   /* physical: one device register that counts accesses */
    FAKE_NONE_PAGE = 0x90, /* physical: nothing there */
    FAKE_VECTOR = 0x3f000, /* where exceptions and interrupts go, in every space */
};

typedef struct {
    uint32_t physical; /* page number */
    uint8_t rights;    /* MEMORY_READ...; 0: not mapped */
    bool global;
} FakeMapping;

typedef struct {
    Cpu cpu;
    uint64_t r[16];
    uint64_t pc_home, cause_pc;
    uint32_t space;
    bool interrupt; /* atomic */
    bool done;      /* atomic */
    unsigned exceptions, unaligned, bus_errors, walks;
    vaddr fault_address;
    FakeMapping map[FAKE_SPACES][FAKE_PAGES];
} FakeCpu;

typedef struct {
    Machine *machine;
    Accel *accel;
    uint8_t *ram;
    GMainContext *context;
    MemoryRegion io;
    unsigned io_reads, io_writes;
    uint64_t io_last;
} FakeMachine;

/** fake_machine_new - @cpus identity-mapped in all spaces with all rights, stopped; @options of the
 * accelerator */
FakeMachine *fake_machine_new(unsigned cpus, const char *options);
void fake_machine_free(FakeMachine *fake);
FakeCpu *fake_cpu(FakeMachine *fake, unsigned index);
/** fake_put - one instruction at physical @at; returns the address behind it */
uint64_t fake_put(FakeMachine *fake, uint64_t at, FakeOp op, unsigned d, int i);
/** fake_run - all vCPUs from their pc until all are done; fails the test after some seconds */
void fake_run(FakeMachine *fake);
