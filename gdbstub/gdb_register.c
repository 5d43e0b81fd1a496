/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers, and the target description that names them. Spec: gdb manual, appendix G. */
#include <string.h>

#include "gdbstub/gdbstub_internal.h"

static const CpuDebug *debug_of(Cpu *cpu)
{
    return CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, debug);
}

static const CpuRegister *register_at(const GdbStub *stub, uint64_t number)
{
    return number < stub->registers->len ? &g_array_index(stub->registers, CpuRegister, number)
                                         : NULL;
}

static void describe(GString *xml, const CpuRegister *reg, unsigned number)
{
    g_string_append_printf(xml, "<reg name=\"%s\" bitsize=\"%u\" regnum=\"%u\"", reg->name,
                           reg->bits, number);
    if (reg->type) {
        g_string_append_printf(xml, " type=\"%s\"", reg->type);
    }
    if (reg->group) {
        g_string_append_printf(xml, " group=\"%s\"", reg->group);
    }
    if (reg->not_saved) {
        g_string_append(xml, " save-restore=\"no\"");
    }
    g_string_append(xml, "/>\n");
}

/* The first register of @feature comes next. */
static void open_feature(GString *xml, const CpuDebug *debug, const char *feature)
{
    const char *types = debug->types ? debug->types(feature) : NULL;

    g_string_append_printf(xml, "<feature name=\"%s\">\n%s", feature, types ? types : "");
}

static char *make_xml(const GdbStub *stub, const CpuDebug *debug)
{
    GString *xml =
        g_string_new("<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n");
    const char *feature = NULL;

    g_string_append_printf(xml, "<target>\n<architecture>%s</architecture>\n",
                           debug->architecture(gdb_cpu(stub, 0)));
    for (unsigned i = 0; i < stub->registers->len; i++) {
        const CpuRegister *reg = register_at(stub, i);
        if (g_strcmp0(feature, reg->feature) != 0) {
            g_string_append(xml, feature ? "</feature>\n" : "");
            open_feature(xml, debug, reg->feature);
            feature = reg->feature;
        }
        describe(xml, reg, i);
    }
    g_string_append(xml, "</feature>\n</target>\n");
    return g_string_free(xml, FALSE);
}

void gdb_register_init(GdbStub *stub)
{
    Cpu *cpu = gdb_cpu(stub, 0);
    const CpuDebug *debug = debug_of(cpu);

    stub->registers = g_array_new(false, false, sizeof(CpuRegister));
    debug->registers(cpu, stub->registers);
    stub->xml = make_xml(stub, debug);
}

uint64_t gdb_read_pc(Cpu *cpu)
{
    const CpuDebug *debug = debug_of(cpu);
    uint8_t bytes[CPU_REGISTER_MAX_BYTES] = { 0 };
    uint64_t pc;

    debug->read(cpu, debug->pc, bytes);
    memcpy(&pc, bytes, sizeof(pc));
    return GUINT64_FROM_LE(pc);
}

bool gdb_write_pc(Cpu *cpu, uint64_t pc)
{
    const CpuDebug *debug = debug_of(cpu);
    uint8_t bytes[CPU_REGISTER_MAX_BYTES];
    uint64_t value = GUINT64_TO_LE(pc);

    memcpy(bytes, &value, sizeof(value));
    return debug->write(cpu, debug->pc, bytes);
}

/* Two digits a byte; "xx" for a value that cannot be had. */
static void append(GdbStub *stub, const CpuRegister *reg, GString *out)
{
    Cpu *cpu = gdb_cpu(stub, stub->cpu);
    uint8_t bytes[CPU_REGISTER_MAX_BYTES];
    bool known = debug_of(cpu)->read(cpu, reg->id, bytes);

    for (unsigned i = 0; i < reg->bits / 8; i++) {
        if (known) {
            g_string_append_printf(out, "%02x", bytes[i]);
        } else {
            g_string_append(out, "xx");
        }
    }
}

/* The general registers: those of the first feature. */
static unsigned general_count(const GdbStub *stub)
{
    unsigned i = 0;

    while (i < stub->registers->len &&
           g_strcmp0(register_at(stub, i)->feature, register_at(stub, 0)->feature) == 0) {
        i++;
    }
    return i;
}

void gdb_read_registers(GdbStub *stub)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < general_count(stub); i++) {
        append(stub, register_at(stub, i), text);
    }
    gdb_send(stub, text->str);
}

/* False: no bytes for it. */
static bool set(GdbStub *stub, const CpuRegister *reg, const char **at)
{
    Cpu *cpu = gdb_cpu(stub, stub->cpu);
    uint8_t bytes[CPU_REGISTER_MAX_BYTES];

    return gdb_parse_bytes(at, bytes, reg->bits / 8) && debug_of(cpu)->write(cpu, reg->id, bytes);
}

void gdb_write_registers(GdbStub *stub, const char *text)
{
    bool ok = true;

    for (unsigned i = 0; ok && *text && i < general_count(stub); i++) {
        ok = set(stub, register_at(stub, i), &text);
    }
    gdb_send_error(stub, ok ? GDB_OK : GDB_EINVAL);
}

void gdb_read_register(GdbStub *stub, const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    uint64_t number;

    const CpuRegister *reg = gdb_parse_hex(&text, &number) ? register_at(stub, number) : NULL;
    if (!reg) {
        gdb_send_error(stub, GDB_EINVAL);
        return;
    }
    append(stub, reg, out);
    gdb_send(stub, out->str);
}

void gdb_write_register(GdbStub *stub, const char *text)
{
    uint64_t number;
    const CpuRegister *reg = gdb_parse_hex(&text, &number) ? register_at(stub, number) : NULL;
    bool ok = reg && gdb_parse_char(&text, '=') && set(stub, reg, &text);

    gdb_send_error(stub, ok ? GDB_OK : GDB_EINVAL);
}
