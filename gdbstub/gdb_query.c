/* SPDX-License-Identifier: GPL-2.0-or-later */
/* General queries: what the server can do, threads, descriptions, the monitor. Spec: gdb manual,
 * E.4. */
#include <string.h>

#include "gdbstub/gdbstub_internal.h"

static void supported(GdbStub *stub, const char *text)
{
    g_autofree char *answer =
        g_strdup_printf("PacketSize=%x;qXfer:features:read+;vContSupported+;QStartNoAckMode+;"
                        "multiprocess+;swbreak+;hwbreak+",
                        GDB_PACKET_BYTES);

    stub->multiprocess = strstr(text, "multiprocess+") != NULL;
    stub->reports_soft = strstr(text, "swbreak+") != NULL;
    stub->reports_hard = strstr(text, "hwbreak+") != NULL;
    gdb_send(stub, answer);
}

static void no_ack_mode(GdbStub *stub, const char *text)
{
    gdb_send_error(stub, GDB_OK);
    stub->no_acks = true;
}

/* "ANNEX:OFFSET,LENGTH" */
static void read_features(GdbStub *stub, const char *text)
{
    size_t size = strlen(stub->xml);
    uint64_t offset, length;

    if (!g_str_has_prefix(text, "target.xml:")) {
        gdb_send(stub, "E00"); /* no such description */
        return;
    }
    text += strlen("target.xml:");
    if (!gdb_parse_hex(&text, &offset) || !gdb_parse_char(&text, ',') ||
        !gdb_parse_hex(&text, &length) || offset > size) {
        gdb_send_error(stub, GDB_EINVAL);
        return;
    }
    length = MIN(length, GDB_PACKET_BYTES / 2); /* each byte may need an escape */
    length = MIN(length, size - offset);
    gdb_send_bytes(stub, offset + length < size ? 'm' : 'l', stub->xml + offset, length);
}

static void next_threads(GdbStub *stub, const char *text)
{
    enum { A_PACKET = 512 };
    g_autoptr(GString) out = g_string_new("m");
    unsigned count = stub->machine->cpus->len;

    if (stub->next_thread >= count) {
        gdb_send(stub, "l");
        return;
    }
    for (unsigned i = 0; i < A_PACKET && stub->next_thread < count; i++) {
        g_string_append(out, i ? "," : "");
        gdb_append_thread(stub, out, stub->next_thread++);
    }
    gdb_send(stub, out->str);
}

static void first_threads(GdbStub *stub, const char *text)
{
    stub->next_thread = 0;
    next_threads(stub, text);
}

static void thread_info(GdbStub *stub, const char *text)
{
    unsigned index;

    if (!gdb_parse_thread(stub, &text, &index) || index == UINT_MAX) {
        gdb_send_error(stub, GDB_EINVAL);
        return;
    }
    Cpu *cpu = gdb_cpu(stub, index);
    g_autofree char *line = g_strdup_printf("CPU#%u %s [%s]", index, cpu->device.object.class->name,
                                            cpu->halted ? "halted" : "running");
    gdb_send_hex(stub, line, strlen(line));
}

static void current_thread(GdbStub *stub, const char *text)
{
    g_autoptr(GString) out = g_string_new("QC");

    gdb_append_thread(stub, out, stub->cpu);
    gdb_send(stub, out->str);
}

static void attached(GdbStub *stub, const char *text)
{
    gdb_send(stub, "1");
}

static void no_symbols(GdbStub *stub, const char *text)
{
    gdb_send_error(stub, GDB_OK);
}

static void monitor_command(GdbStub *stub, const char *text)
{
    size_t length = strlen(text) / 2;
    g_autofree char *line = g_malloc0(length + 1);

    if (!gdb_parse_bytes(&text, (uint8_t *)line, length) || *text) {
        gdb_send_error(stub, GDB_EINVAL);
        return;
    }
    g_autofree char *said = stub->ops->command(stub->opaque, line, stub->cpu);
    if (said && *said) {
        gdb_send_hex(stub, said, MIN(strlen(said), GDB_PACKET_BYTES / 2 - 1));
    } else {
        gdb_send_error(stub, GDB_OK);
    }
}

static void step_bits(GdbStub *stub, const char *text)
{
    g_autofree char *answer = g_strdup_printf("ENABLE=%x,NOIRQ=%x,NOTIMER=%x", GDB_STEP_ENABLE,
                                              GDB_STEP_NO_IRQ, GDB_STEP_NO_TIMER);
    gdb_send(stub, answer);
}

static void get_step(GdbStub *stub, const char *text)
{
    g_autofree char *answer = g_strdup_printf("0x%x", stub->step_flags);

    gdb_send(stub, answer);
}

static void set_step(GdbStub *stub, const char *text)
{
    uint64_t flags;

    if (!gdb_parse_hex(&text, &flags) ||
        flags > (GDB_STEP_ENABLE | GDB_STEP_NO_IRQ | GDB_STEP_NO_TIMER)) {
        gdb_send_error(stub, GDB_EINVAL);
        return;
    }
    stub->step_flags = flags;
    gdb_send_error(stub, GDB_OK);
}

static void get_physical(GdbStub *stub, const char *text)
{
    gdb_send(stub, stub->physical ? "1" : "0");
}

static void set_physical(GdbStub *stub, const char *text)
{
    stub->physical = *text != '0';
    gdb_send_error(stub, GDB_OK);
}

static const struct {
    const char *prefix;
    void (*answer)(GdbStub *stub, const char *rest);
} queries[] = {
    { "qSupported", supported },
    { "QStartNoAckMode", no_ack_mode },
    { "qXfer:features:read:", read_features },
    { "qfThreadInfo", first_threads },
    { "qsThreadInfo", next_threads },
    { "qThreadExtraInfo,", thread_info },
    { "qC", current_thread },
    { "qAttached", attached },
    { "qSymbol::", no_symbols },
    { "qRcmd,", monitor_command },
    { "qemu.sstepbits", step_bits },
    { "qqemu.sstepbits", step_bits },
    { "qqemu.sstep", get_step },
    { "Qqemu.sstep=", set_step },
    { "qqemu.PhyMemMode", get_physical },
    { "Qqemu.PhyMemMode:", set_physical },
};

bool gdb_query(GdbStub *stub, char *text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(queries); i++) {
        if (g_str_has_prefix(text, queries[i].prefix)) {
            queries[i].answer(stub, text + strlen(queries[i].prefix));
            return true;
        }
    }
    return false;
}
