/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and types of registers for a debugger. Those of its own features stand in the order and
 * with the types that it wants; all others are ours. Spec: gdb manual, "i386 Features"; SDM vol.
 * 4, ch. 2 (numbers of the model-specific ones).
 */
#include "target/x86/gdb.h"

#include <string.h>

#include "target/x86/features.h"
#include "target/x86/gdb_internal.h"

static const char core[] = "org.gnu.gdb.i386.core", sse[] = "org.gnu.gdb.i386.sse",
                  avx[] = "org.gnu.gdb.i386.avx", segments[] = "org.gnu.gdb.i386.segments",
                  pkeys[] = "org.gnu.gdb.i386.pkeys", sys[] = "org.rhea.i386.system";

static const char core_types[] =
    "<flags id=\"i386_eflags\" size=\"4\">\n"
    "<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"\" start=\"1\" end=\"1\"/>\n"
    "<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>\n"
    "<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>\n"
    "<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>\n"
    "<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/>\n"
    "<field name=\"NT\" start=\"14\" end=\"14\"/><field name=\"RF\" start=\"16\" end=\"16\"/>\n"
    "<field name=\"VM\" start=\"17\" end=\"17\"/><field name=\"AC\" start=\"18\" end=\"18\"/>\n"
    "<field name=\"VIF\" start=\"19\" end=\"19\"/><field name=\"VIP\" start=\"20\" end=\"20\"/>\n"
    "<field name=\"ID\" start=\"21\" end=\"21\"/>\n"
    "</flags>\n";

static const char sse_types[] =
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>\n"
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>\n"
    "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>\n"
    "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>\n"
    "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>\n"
    "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>\n"
    "<union id=\"vec128\">\n"
    "<field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>\n"
    "<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>\n"
    "<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>\n"
    "<field name=\"uint128\" type=\"uint128\"/>\n"
    "</union>\n"
    "<flags id=\"i386_mxcsr\" size=\"4\">\n"
    "<field name=\"IE\" start=\"0\" end=\"0\"/><field name=\"DE\" start=\"1\" end=\"1\"/>\n"
    "<field name=\"ZE\" start=\"2\" end=\"2\"/><field name=\"OE\" start=\"3\" end=\"3\"/>\n"
    "<field name=\"UE\" start=\"4\" end=\"4\"/><field name=\"PE\" start=\"5\" end=\"5\"/>\n"
    "<field name=\"DAZ\" start=\"6\" end=\"6\"/><field name=\"IM\" start=\"7\" end=\"7\"/>\n"
    "<field name=\"DM\" start=\"8\" end=\"8\"/><field name=\"ZM\" start=\"9\" end=\"9\"/>\n"
    "<field name=\"OM\" start=\"10\" end=\"10\"/><field name=\"UM\" start=\"11\" end=\"11\"/>\n"
    "<field name=\"PM\" start=\"12\" end=\"12\"/><field name=\"FZ\" start=\"15\" end=\"15\"/>\n"
    "</flags>\n";

/* As wide as the widest processor's; the flags lie low. */
static const char system_types[] =
    "<flags id=\"x86_cr0\" size=\"8\">\n"
    "<field name=\"PE\" start=\"0\" end=\"0\"/><field name=\"MP\" start=\"1\" end=\"1\"/>\n"
    "<field name=\"EM\" start=\"2\" end=\"2\"/><field name=\"TS\" start=\"3\" end=\"3\"/>\n"
    "<field name=\"ET\" start=\"4\" end=\"4\"/><field name=\"NE\" start=\"5\" end=\"5\"/>\n"
    "<field name=\"WP\" start=\"16\" end=\"16\"/><field name=\"AM\" start=\"18\" end=\"18\"/>\n"
    "<field name=\"NW\" start=\"29\" end=\"29\"/><field name=\"CD\" start=\"30\" end=\"30\"/>\n"
    "<field name=\"PG\" start=\"31\" end=\"31\"/>\n"
    "</flags>\n"
    "<flags id=\"x86_cr4\" size=\"8\">\n"
    "<field name=\"VME\" start=\"0\" end=\"0\"/><field name=\"PVI\" start=\"1\" end=\"1\"/>\n"
    "<field name=\"TSD\" start=\"2\" end=\"2\"/><field name=\"DE\" start=\"3\" end=\"3\"/>\n"
    "<field name=\"PSE\" start=\"4\" end=\"4\"/><field name=\"PAE\" start=\"5\" end=\"5\"/>\n"
    "<field name=\"MCE\" start=\"6\" end=\"6\"/><field name=\"PGE\" start=\"7\" end=\"7\"/>\n"
    "<field name=\"PCE\" start=\"8\" end=\"8\"/><field name=\"OSFXSR\" start=\"9\" end=\"9\"/>\n"
    "<field name=\"OSXMMEXCPT\" start=\"10\" end=\"10\"/>\n"
    "<field name=\"UMIP\" start=\"11\" end=\"11\"/><field name=\"LA57\" start=\"12\" end=\"12\"/>\n"
    "<field name=\"FSGSBASE\" start=\"16\" end=\"16\"/>\n"
    "<field name=\"PCIDE\" start=\"17\" end=\"17\"/>\n"
    "<field name=\"OSXSAVE\" start=\"18\" end=\"18\"/>\n"
    "<field name=\"SMEP\" start=\"20\" end=\"20\"/><field name=\"SMAP\" start=\"21\" end=\"21\"/>\n"
    "<field name=\"PKE\" start=\"22\" end=\"22\"/>\n"
    "</flags>\n"
    "<flags id=\"x86_efer\" size=\"8\">\n"
    "<field name=\"SCE\" start=\"0\" end=\"0\"/><field name=\"LME\" start=\"8\" end=\"8\"/>\n"
    "<field name=\"LMA\" start=\"10\" end=\"10\"/><field name=\"NXE\" start=\"11\" end=\"11\"/>\n"
    "<field name=\"FFXSR\" start=\"14\" end=\"14\"/>\n"
    "</flags>\n";

const X86GdbMsr x86_gdb_msrs[] = {
    { "efer", "x86_efer", 0xc0000080 },  { "k_gs_base", NULL, 0xc0000102 },
    { "star", NULL, 0xc0000081 },        { "lstar", "code_ptr", 0xc0000082 },
    { "cstar", "code_ptr", 0xc0000083 }, { "sfmask", NULL, 0xc0000084 },
    { "tsc_aux", NULL, 0xc0000103 },     { "sysenter_cs", NULL, 0x174 },
    { "sysenter_esp", NULL, 0x175 },     { "sysenter_eip", NULL, 0x176 },
    { "apic_base", NULL, 0x1b },         { "pat", NULL, 0x277 },
    { "misc_enable", NULL, 0x1a0 },      { "spec_ctrl", NULL, 0x48 },
    { "debugctl", NULL, 0x1d9 },         { "tsc_adjust", NULL, 0x3b },
    { "mtrr_def_type", NULL, 0x2ff },    {},
};

static const char *architecture(Cpu *c)
{
    return x86_gdb_is_wide(container_of(c, X86Cpu, cpu)) ? "i386:x86-64" : "i386";
}

static const char *types(const char *feature)
{
    return strcmp(feature, core) == 0  ? core_types
           : strcmp(feature, sse) == 0 ? sse_types
           : strcmp(feature, sys) == 0 ? system_types
                                       : NULL;
}

/* The list that is being made, and what all rows of a feature have in common. */
typedef struct {
    X86Cpu *cpu;
    GArray *list;
    const char *feature, *group;
    bool not_saved;
} Listing;

static void add(const Listing *to, const char *name, const char *type, X86GdbKind kind,
                unsigned number)
{
    uint32_t id = X86_GDB_ID(kind, number);
    CpuRegister reg = { .feature = to->feature,
                        .type = type,
                        .group = to->group,
                        .bits = 8 * x86_gdb_bytes(to->cpu, id),
                        .id = id,
                        .not_saved = to->not_saved };

    g_strlcpy(reg.name, name, sizeof(reg.name));
    g_array_append_val(to->list, reg);
}

static void add_numbered(const Listing *to, const char *format, const char *type, X86GdbKind kind,
                         unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[sizeof(((CpuRegister *)0)->name)];
        g_snprintf(name, sizeof(name), format, i);
        add(to, name, type, kind, i);
    }
}

static void add_general(const Listing *to, bool wide)
{
    static const char names[][4] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };
    /* gdb counts rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp in 64 bits, and as encoded in 32 */
    static const uint8_t wide_order[] = { X86_RAX, X86_RBX, X86_RCX, X86_RDX,
                                          X86_RSI, X86_RDI, X86_RBP, X86_RSP };
    char name[8];

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        unsigned number = wide ? wide_order[i] : i;
        bool pointer = number == X86_RSP || number == X86_RBP;
        g_snprintf(name, sizeof(name), "%c%s", wide ? 'r' : 'e', names[number]);
        add(to, name, pointer ? "data_ptr" : NULL, X86_GDB_GENERAL, number);
    }
    for (unsigned i = G_N_ELEMENTS(names); wide && i < X86_REGISTERS; i++) {
        g_snprintf(name, sizeof(name), "r%u", i);
        add(to, name, NULL, X86_GDB_GENERAL, i);
    }
}

static void add_core(Listing to, bool wide)
{
    static const struct {
        const char *name;
        X86SegmentNumber number;
    } selectors[] = { { "cs", X86_CS }, { "ss", X86_SS }, { "ds", X86_DS },
                      { "es", X86_ES }, { "fs", X86_FS }, { "gs", X86_GS } };
    static const char *const fpu[] = { "fctrl", "fstat", "ftag",  "fiseg",
                                       "fioff", "foseg", "fooff", "fop" };

    to.feature = core;
    add_general(&to, wide);
    add(&to, wide ? "rip" : "eip", "code_ptr", X86_GDB_PC, 0);
    add(&to, "eflags", "i386_eflags", X86_GDB_FLAGS, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(selectors); i++) {
        add(&to, selectors[i].name, NULL, X86_GDB_SELECTOR, selectors[i].number);
    }
    add_numbered(&to, "st%u", "i387_ext", X86_GDB_STACK, 8);
    to.group = "float";
    for (unsigned i = 0; i < X86_GDB_FPU_REGISTERS; i++) {
        add(&to, fpu[i], NULL, X86_GDB_FPU, i);
    }
}

static void add_vectors(Listing to, bool wide)
{
    unsigned count = wide ? X86_VECTORS : X86_VECTORS / 2;

    if (!x86_has(to.cpu, X86_FEATURE_sse)) {
        return;
    }
    to.feature = sse;
    add_numbered(&to, "xmm%u", "vec128", X86_GDB_XMM, count);
    to.group = "vector";
    add(&to, "mxcsr", "i386_mxcsr", X86_GDB_MXCSR, 0);
    if (x86_has(to.cpu, X86_FEATURE_avx)) {
        to.feature = avx;
        to.group = NULL;
        add_numbered(&to, "ymm%uh", "uint128", X86_GDB_YMM_HIGH, count);
    }
}

/* The debugger knows FS and GS bases of x86-64 only. */
static void add_thread_bases(Listing to, bool wide)
{
    to.feature = wide ? segments : sys;
    add(&to, "fs_base", NULL, X86_GDB_BASE, X86_FS);
    add(&to, "gs_base", NULL, X86_GDB_BASE, X86_GS);
}

static void add_tables(const Listing *to)
{
    static const char *const names[] = { "es", "cs", "ss", "ds", NULL, NULL, "ldtr", "tr" };
    char name[16];

    add(to, "ldtr", NULL, X86_GDB_SELECTOR, X86_LDTR);
    add(to, "tr", NULL, X86_GDB_SELECTOR, X86_TR);
    for (unsigned i = 0; i < X86_SEGMENTS; i++) {
        if (names[i]) {
            g_snprintf(name, sizeof(name), "%s_base", names[i]);
            add(to, name, NULL, X86_GDB_BASE, i);
        }
    }
    add(to, "ldtr_limit", NULL, X86_GDB_LIMIT, X86_LDTR);
    add(to, "tr_limit", NULL, X86_GDB_LIMIT, X86_TR);
    add(to, "gdtr_base", NULL, X86_GDB_TABLE_BASE, 0);
    add(to, "gdtr_limit", NULL, X86_GDB_TABLE_LIMIT, 0);
    add(to, "idtr_base", NULL, X86_GDB_TABLE_BASE, 1);
    add(to, "idtr_limit", NULL, X86_GDB_TABLE_LIMIT, 1);
}

static void add_system(const Listing *to, bool wide)
{
    uint8_t bytes[CPU_REGISTER_MAX_BYTES];

    add(to, "cr0", "x86_cr0", X86_GDB_CONTROL, 0);
    add(to, "cr2", NULL, X86_GDB_CONTROL, 2);
    add(to, "cr3", NULL, X86_GDB_CONTROL, 3);
    add(to, "cr4", "x86_cr4", X86_GDB_CONTROL, 4);
    if (wide) {
        add(to, "cr8", NULL, X86_GDB_CONTROL, 8);
    }
    add_tables(to);
    for (unsigned i = 0; i < 8; i++) {
        if (i != 4 && i != 5) {
            char name[4];
            g_snprintf(name, sizeof(name), "dr%u", i);
            add(to, name, NULL, X86_GDB_DEBUG, i);
        }
    }
    if (x86_has(to->cpu, X86_FEATURE_xsave)) {
        add(to, "xcr0", NULL, X86_GDB_XCR0, 0);
    }
    for (unsigned i = 0; x86_gdb_msrs[i].name; i++) {
        if (x86_gdb_read(&to->cpu->cpu, X86_GDB_ID(X86_GDB_MSR, i), bytes)) {
            add(to, x86_gdb_msrs[i].name, x86_gdb_msrs[i].type, X86_GDB_MSR, i);
        }
    }
}

static void registers(Cpu *c, GArray *list)
{
    X86Cpu *cpu = container_of(c, X86Cpu, cpu);
    Listing to = { .cpu = cpu, .list = list };
    bool wide = x86_gdb_is_wide(cpu);

    add_core(to, wide);
    add_vectors(to, wide);
    if (wide) {
        add_thread_bases(to, true);
    }
    if (x86_has(cpu, X86_FEATURE_pku)) {
        to.feature = pkeys;
        add(&to, "pkru", NULL, X86_GDB_PKRU, 0);
    }
    to.feature = sys;
    to.group = "system";
    to.not_saved = true;
    if (!wide) {
        add_thread_bases(to, false);
    }
    add_system(&to, wide);
}

const CpuDebug x86_debug_description = {
    .architecture = architecture,
    .types = types,
    .registers = registers,
    .read = x86_gdb_read,
    .write = x86_gdb_write,
    .pc = X86_GDB_ID(X86_GDB_PC, 0),
};
