/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory as the debugger sees it: through the page tables, or physical. */
#include "gdbstub/gdbstub_internal.h"

enum { PAGE_BYTES = 4096 };

static bool transfer(GdbStub *stub, uint64_t address, uint8_t *bytes, size_t length, bool write)
{
    Cpu *cpu = gdb_cpu(stub, stub->cpu);
    MemTxAttrs attrs = {};

    if (stub->physical) {
        return (write ? address_space_write(cpu->memory, address, bytes, length, attrs)
                      : address_space_read(cpu->memory, address, bytes, length, attrs)) == MEMTX_OK;
    }
    return write ? cpu_debug_write(cpu, address, bytes, length)
                 : cpu_debug_read(cpu, address, bytes, length);
}

/* "ADDRESS,LENGTH" */
static bool parse_range(const char **at, uint64_t *address, uint64_t *length)
{
    return gdb_parse_hex(at, address) && gdb_parse_char(at, ',') && gdb_parse_hex(at, length);
}

/* As much as there is: the answer may be shorter than asked for. */
void gdb_read_memory(GdbStub *stub, const char *text)
{
    uint64_t address, length, done = 0;

    if (!parse_range(&text, &address, &length) || *text) {
        gdb_send_error(stub, GDB_EINVAL);
        return;
    }
    length = MIN(length, (GDB_PACKET_BYTES - 1) / 2);
    g_autofree uint8_t *bytes = g_malloc(MAX(length, 1));
    while (done < length) {
        uint64_t part = MIN(length - done, PAGE_BYTES - (address + done) % PAGE_BYTES);
        if (!transfer(stub, address + done, bytes + done, part, false)) {
            break;
        }
        done += part;
    }
    if (length && !done) {
        gdb_send_error(stub, GDB_EFAULT);
    } else {
        gdb_send_hex(stub, bytes, done);
    }
}

void gdb_write_memory(GdbStub *stub, const char *text)
{
    uint64_t address, length;
    bool ok = parse_range(&text, &address, &length) && gdb_parse_char(&text, ':') &&
              length <= GDB_PACKET_BYTES / 2;
    g_autofree uint8_t *bytes = g_malloc(ok ? MAX(length, 1) : 1);

    if (!ok || !gdb_parse_bytes(&text, bytes, length)) {
        gdb_send_error(stub, GDB_EINVAL);
    } else {
        gdb_send_error(stub, transfer(stub, address, bytes, length, true) ? GDB_OK : GDB_EFAULT);
    }
}

void gdb_write_memory_binary(GdbStub *stub, const char *text, size_t length)
{
    const char *end = text + length;
    uint64_t address, count;

    if (!parse_range(&text, &address, &count) || !gdb_parse_char(&text, ':') ||
        count > (uint64_t)(end - text)) {
        gdb_send_error(stub, GDB_EINVAL);
    } else {
        bool ok = !count || transfer(stub, address, (uint8_t *)text, count, true);
        gdb_send_error(stub, ok ? GDB_OK : GDB_EFAULT);
    }
}
