/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One debugger's connection, and what the files of this folder share. */
#pragma once

#include "gdbstub/gdbstub.h"

/* A packet holds this many bytes between $ and #; longer ones are not answered. */
enum { GDB_PACKET_BYTES = 16384 };
enum { GDB_MAX_POINTS = 1024 };

/* Errors on the wire are numbers without a fixed meaning; these are errno's usual ones. */
typedef enum { GDB_OK, GDB_EFAULT = 14, GDB_EINVAL = 22, GDB_ENOSPC = 28 } GdbError;

typedef enum { GDB_WIRE_IDLE, GDB_WIRE_DATA, GDB_WIRE_SUM_HIGH, GDB_WIRE_SUM_LOW } GdbWireState;

/* The number behind Z of the two kinds of breakpoint. */
enum { GDB_POINT_SOFT, GDB_POINT_HARD };

/* A point as the debugger names it: the number behind Z, and where. */
typedef struct {
    uint8_t type;
    CpuPoint point;
} GdbPoint;

/* Bits of "qemu.sstep" */
enum { GDB_STEP_ENABLE = 1, GDB_STEP_NO_IRQ = 2, GDB_STEP_NO_TIMER = 4 };

struct GdbStub {
    Machine *machine;
    Accel *accel;
    const GdbOps *ops;
    void *opaque;
    ChardevPort port;
    /* the line */
    GByteArray *in;  /* of the packet that is coming in */
    GByteArray *out; /* not yet taken by the line */
    GString *last;   /* the last packet sent, framed: for '-' */
    GdbWireState wire;
    bool too_long; /* the packet that is coming in */
    uint8_t sum, sum_high;
    bool no_acks;
    /* the session */
    bool connected;
    bool waiting; /* for a stop: a reply is due */
    bool multiprocess, reports_soft, reports_hard;
    bool physical; /* memory packets mean physical addresses */
    uint8_t step_flags;
    unsigned cpu;         /* of register and memory packets ("Hg") */
    unsigned cont_cpu;    /* of old-style c and s ("Hc"); UINT_MAX: all */
    unsigned next_thread; /* for qsThreadInfo */
    GArray *registers;    /* of CpuRegister */
    char *xml;
    GArray *points; /* of GdbPoint, as the debugger wants them */
    bool points_changed;
    unsigned range_cpu;              /* that steps within a range of pc */
    uint64_t range_start, range_end; /* equal: none does */
};

/* gdb_wire.c: packets */
void gdb_wire_receive(GdbStub *stub, const uint8_t *bytes, size_t length);
void gdb_wire_reset(GdbStub *stub);
/** gdb_wire_flush - hand what is waiting to the line */
void gdb_wire_flush(GdbStub *stub);
/** gdb_send - one packet with @text in it; gdb_send_bytes: escaped as binary data, behind @prefix
 */
void gdb_send(GdbStub *stub, const char *text);
void gdb_send_bytes(GdbStub *stub, char prefix, const void *bytes, size_t length);
void gdb_send_error(GdbStub *stub, GdbError error);
void gdb_send_hex(GdbStub *stub, const void *bytes, size_t length);

/* gdb_command.c */
/** gdb_command - answer the packet in @text (NUL-terminated, @length bytes, may hold binary data)
 */
void gdb_command(GdbStub *stub, char *text, size_t length);
/** gdb_query - packets that begin with q or Q; false: not known */
bool gdb_query(GdbStub *stub, char *text);

/* gdb_parse.c: parts of packets. All advance *@at behind what they took and return false when there
 * is something else. */
bool gdb_parse_hex(const char **at, uint64_t *value);
bool gdb_parse_char(const char **at, char c);
bool gdb_parse_bytes(const char **at, uint8_t *bytes, size_t count);
/** gdb_parse_thread - *@cpu: index of a vCPU that exists, UINT_MAX for "all", 0 for "any" */
bool gdb_parse_thread(GdbStub *stub, const char **at, unsigned *cpu);
/** gdb_append_thread - the id of vCPU @cpu, as the debugger wants it */
void gdb_append_thread(GdbStub *stub, GString *out, unsigned cpu);

/* gdb_register.c */
void gdb_register_init(GdbStub *stub);
/** gdb_read_pc - what the debugger takes for the address of code, in little-endian guests; it may
 * be an offset into a segment. gdb_write_pc: false when it cannot be there */
uint64_t gdb_read_pc(Cpu *cpu);
bool gdb_write_pc(Cpu *cpu, uint64_t pc);
void gdb_read_registers(GdbStub *stub);
void gdb_write_registers(GdbStub *stub, const char *text);
void gdb_read_register(GdbStub *stub, const char *text);
void gdb_write_register(GdbStub *stub, const char *text);

/* gdb_memory.c */
void gdb_read_memory(GdbStub *stub, const char *text);
void gdb_write_memory(GdbStub *stub, const char *text);
void gdb_write_memory_binary(GdbStub *stub, const char *text, size_t length);

/* gdb_resume.c */
void gdb_continue(GdbStub *stub, const char *text);
void gdb_step(GdbStub *stub, const char *text);
void gdb_vcont(GdbStub *stub, const char *text);
/** gdb_go_on - apply the points and start the machine */
void gdb_go_on(GdbStub *stub);
/** gdb_send_stop - the reply that says where and why the machine stands */
void gdb_send_stop(GdbStub *stub);
/** gdb_stays_in_range - a vCPU stepped within its range and was started again */
bool gdb_stays_in_range(GdbStub *stub);

/* gdb_point.c */
void gdb_insert_point(GdbStub *stub, const char *text);
void gdb_remove_point(GdbStub *stub, const char *text);
/** gdb_drop_points - all, at once */
void gdb_drop_points(GdbStub *stub);
bool gdb_apply_points(GdbStub *stub, GError **errp);
/** gdb_has_breakpoint - of kind @type: GDB_POINT_x */
bool gdb_has_breakpoint(const GdbStub *stub, unsigned type, uint64_t address);

static inline Cpu *gdb_cpu(const GdbStub *stub, unsigned index)
{
    return g_ptr_array_index(stub->machine->cpus, index);
}
