/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hart as a device: properties, lines, reset, saved state, dumps. */
#include "target/riscv/cpu.h"

#include <capstone/capstone.h>
#include <inttypes.h>

#include "target/riscv/counters.h"
#include "target/riscv/csr_internal.h"
#include "target/riscv/debug_internal.h"
#include "target/riscv/dump_notes.h"
#include "target/riscv/fp.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/isa_internal.h"
#include "target/riscv/mmu.h"
#include "target/riscv/page_table.h"
#include "target/riscv/pmp.h"
#include "target/riscv/timer.h"
#include "target/riscv/trap.h"
#include "target/riscv/trigger.h"
#include "util/atomic.h"
#include "util/error.h"

static RiscvCpu *from_device(Device *dev)
{
    return container_of(dev, RiscvCpu, cpu.device);
}

/* Interrupt inputs */

static void set_line(RiscvCpu *cpu, RiscvIrq irq, int level)
{
    if (level) {
        atomic_fetch_or(&cpu->lines, BIT(irq));
    } else {
        atomic_fetch_and(&cpu->lines, ~BIT(irq));
    }
    cpu_interrupt_changed(&cpu->cpu);
}

static void mti_changed(void *opaque, unsigned line, int level)
{
    set_line(opaque, RISCV_IRQ_MTI, level);
}

static void msi_changed(void *opaque, unsigned line, int level)
{
    set_line(opaque, RISCV_IRQ_MSI, level);
}

static void mei_changed(void *opaque, unsigned line, int level)
{
    set_line(opaque, RISCV_IRQ_MEI, level);
}

static void sei_changed(void *opaque, unsigned line, int level)
{
    set_line(opaque, RISCV_IRQ_SEI, level);
}

/* An edge: software clears SSIP (ACLINT, ch. 5). */
static void ssi_changed(void *opaque, unsigned line, int level)
{
    RiscvCpu *cpu = opaque;

    if (level) {
        atomic_fetch_or(&cpu->mip, BIT(RISCV_IRQ_SSI));
        cpu_interrupt_changed(&cpu->cpu);
    }
}

/* Life */

static void riscv_cpu_init(Object *obj)
{
    RiscvCpu *cpu = (RiscvCpu *)obj;
    const RiscvCpuClass *class = (const RiscvCpuClass *)obj->class;

    cpu->xlen = class->xlen;
    cpu->config.pmp_regions = class->pmp_regions;
    cpu->config.mvendorid = class->mvendorid;
    cpu->config.marchid = class->marchid;
    cpu->config.mimpid = class->mimpid;
    riscv_isa_set(&cpu->config, class->isa);
    device_add_irq_inputs(&cpu->cpu.device, "mti", mti_changed, cpu, 1);
    device_add_irq_inputs(&cpu->cpu.device, "msi", msi_changed, cpu, 1);
    device_add_irq_inputs(&cpu->cpu.device, "mei", mei_changed, cpu, 1);
    device_add_irq_inputs(&cpu->cpu.device, "sei", sei_changed, cpu, 1);
    device_add_irq_inputs(&cpu->cpu.device, "ssi", ssi_changed, cpu, 1);
}

static bool check_block_size(const char *name, unsigned bytes, GError **errp)
{
    enum { SMALLEST = 8, LARGEST = 4096 };

    if (bytes < SMALLEST || bytes > LARGEST || bytes & (bytes - 1)) {
        error_set(errp, "%s: %u bytes is no power of two from 8 to 4096", name, bytes);
        return false;
    }
    return true;
}

static bool riscv_cpu_realize(Device *dev, GError **errp)
{
    RiscvCpu *cpu = from_device(dev);
    RiscvConfig *config = &cpu->config;

    if (config->zfh) {
        config->zfhmin = true; /* Zfh contains it */
    }
    if (!riscv_isa_check(config, cpu->xlen, errp) ||
        !check_block_size("cbom-blocksize", config->cbom_bytes, errp) ||
        !check_block_size("cboz-blocksize", config->cboz_bytes, errp)) {
        return false;
    }
    cpu->config_hash = riscv_isa_hash(config);
    riscv_timer_init(cpu);
    riscv_counters_init(cpu);
    return cpu_realize(&cpu->cpu, errp);
}

static void riscv_cpu_unrealize(Device *dev)
{
    RiscvCpu *cpu = from_device(dev);

    cpu_unrealize(&cpu->cpu);
    timer_cancel(&cpu->stimecmp_timer);
    timer_cancel(&cpu->counter_timer);
    riscv_semihosting_free(cpu->semihosting);
    cpu->semihosting = NULL;
}

/* What else stands in mstatus, for ever: 3.1.6.3 */
static uint64_t mstatus_at_reset(const RiscvCpu *cpu)
{
    uint64_t status = cpu->config.u ? 0 : (uint64_t)RISCV_PRIV_M << MSTATUS_MPP_SHIFT;

    if (cpu->xlen == 64) {
        status |= cpu->config.u ? 2ull << MSTATUS_UXL_SHIFT : 0;
        status |= cpu->config.s ? 2ull << MSTATUS_SXL_SHIFT : 0;
    }
    return status;
}

/* 3.4; the rest is unspecified there and zero here */
static void riscv_cpu_reset(Device *dev)
{
    RiscvCpu *cpu = from_device(dev);

    memset(cpu->x, 0, sizeof(cpu->x));
    memset(cpu->f, 0, sizeof(cpu->f));
    memset(&cpu->csr, 0, sizeof(cpu->csr));
    memset(&cpu->pmp, 0, sizeof(cpu->pmp));
    cpu->reserved_address = RISCV_NOT_RESERVED;
    cpu->reserved_value = 0;
    cpu->csr.mstatus = mstatus_at_reset(cpu);
    cpu->csr.menvcfg = cpu->config.svadu && !cpu->config.svade ? ENVCFG_ADUE : 0;
    cpu->priv = RISCV_PRIV_M;
    cpu->exception_cause = cpu->exception_value = 0;
    atomic_set(&cpu->mip, 0);
    atomic_set(&cpu->stimecmp, 0);
    timer_cancel(&cpu->stimecmp_timer);
    riscv_set_fflags(cpu, 0);
    riscv_set_frm(cpu, 0);
    riscv_triggers_reset(cpu);
    riscv_counters_reset(cpu);
    riscv_pmp_update(cpu);
    cpu->cpu.env.hot.pc = cpu->config.reset_vector;
    cpu_reset(&cpu->cpu);
}

static uint64_t riscv_cpu_get_pc(Cpu *cpu)
{
    return cpu->env.hot.pc;
}

static void riscv_cpu_set_pc(Cpu *c, uint64_t pc)
{
    c->env.hot.pc = riscv_cpu(c)->xlen == 32 ? (uint32_t)pc : pc;
}

/* Dump */

static void dump_csr(RiscvCpu *cpu, GString *out, unsigned csr)
{
    const RiscvCsr *row = riscv_csr_find(cpu, csr);
    uint64_t value;

    if (row && riscv_csr_peek(cpu, csr, &value)) {
        g_string_append_printf(out, " %-10s %016" PRIx64 "\n", row->name, value);
    }
}

static void dump_registers(GString *out, const TcgSlot *slots, const uint64_t *values)
{
    enum { REGISTERS = 32, PER_LINE = 4 };

    for (unsigned i = 0; i < REGISTERS; i++) {
        g_string_append_printf(out, " %-4s %016" PRIx64 "%s", slots[i].name, values[i],
                               i % PER_LINE == PER_LINE - 1 ? "\n" : "");
    }
}

static void riscv_cpu_dump(Cpu *c, GString *out)
{
    static const uint16_t shown[] = {
        CSR_MHARTID, CSR_MSTATUS, CSR_MIP,      CSR_MIE,      CSR_MIDELEG, CSR_MEDELEG,
        CSR_MTVEC,   CSR_MEPC,    CSR_MCAUSE,   CSR_MTVAL,    CSR_STVEC,   CSR_SEPC,
        CSR_SCAUSE,  CSR_STVAL,   CSR_MSCRATCH, CSR_SSCRATCH, CSR_SATP,
    };
    static const char modes[] = { 'U', 'S', '?', 'M' };
    RiscvCpu *cpu = riscv_cpu(c);

    g_string_append_printf(out, " pc   %016" PRIx64 " mode %c%s\n", c->env.hot.pc,
                           modes[cpu->priv & 3], atomic_read(&c->halted) ? " (waiting)" : "");
    for (unsigned i = 0; i < G_N_ELEMENTS(shown); i++) {
        dump_csr(cpu, out, shown[i]);
    }
    dump_registers(out, riscv_slots + SLOT_X, cpu->x);
    if (cpu->csr.mstatus & MSTATUS_FS) {
        g_string_append_printf(out, " fflags %02x frm %u\n", riscv_fflags(cpu), cpu->frm);
        dump_registers(out, riscv_slots + SLOT_F, cpu->f);
    }
}

static void riscv_cpu_disas_setup(Cpu *c, int *capstone_arch, int *capstone_mode)
{
#if CS_API_MAJOR >= 5
    const RiscvCpu *cpu = riscv_cpu(c);

    *capstone_arch = CS_ARCH_RISCV;
    *capstone_mode = (cpu->xlen == 32 ? CS_MODE_RISCV32 : CS_MODE_RISCV64) |
                     (cpu->config.c ? CS_MODE_RISCVC : 0);
#else
    *capstone_arch = -1; /* this capstone does not know the architecture */
    *capstone_mode = 0;
#endif
}

/* Saved state */

static const VmState csrs_vmstate = {
    .name = "riscv-csrs",
    .version = 1,
    .fields =
        (const VmField[]){ VM_U64(RiscvCsrs, mstatus),        VM_U64(RiscvCsrs, mtvec),
                           VM_U64(RiscvCsrs, mepc),           VM_U64(RiscvCsrs, mcause),
                           VM_U64(RiscvCsrs, mtval),          VM_U64(RiscvCsrs, mscratch),
                           VM_U64(RiscvCsrs, stvec),          VM_U64(RiscvCsrs, sepc),
                           VM_U64(RiscvCsrs, scause),         VM_U64(RiscvCsrs, stval),
                           VM_U64(RiscvCsrs, sscratch),       VM_U64(RiscvCsrs, mie),
                           VM_U64(RiscvCsrs, mideleg),        VM_U64(RiscvCsrs, medeleg),
                           VM_U64(RiscvCsrs, satp),           VM_U64(RiscvCsrs, menvcfg),
                           VM_U64(RiscvCsrs, senvcfg),        VM_U64(RiscvCsrs, mcounteren),
                           VM_U64(RiscvCsrs, scounteren),     VM_U64(RiscvCsrs, mcountinhibit),
                           VM_U64(RiscvCsrs, mseccfg),        VM_U64_ARRAY(RiscvCsrs, mstateen),
                           VM_U64_ARRAY(RiscvCsrs, sstateen), {} },
};
static const VmState pmp_vmstate = {
    .name = "riscv-pmp",
    .version = 1,
    .fields = (const VmField[]){ VM_U8_ARRAY(RiscvPmp, cfg), VM_U64_ARRAY(RiscvPmp, address), {} },
};
static const VmState counters_vmstate = {
    .name = "riscv-counters",
    .version = 1,
    .fields = (const VmField[]){ VM_U64_ARRAY(RiscvCounters, base),
                                 VM_U64_ARRAY(RiscvCounters, event),
                                 {} },
};
static const VmState triggers_vmstate = {
    .name = "riscv-triggers",
    .version = 1,
    .fields = (const VmField[]){ VM_U64(RiscvTriggers, select),
                                 VM_U64_ARRAY(RiscvTriggers, tdata1),
                                 VM_U64_ARRAY(RiscvTriggers, tdata2),
                                 {} },
};

static bool riscv_cpu_pre_save(void *opaque)
{
    RiscvCpu *cpu = opaque;

    cpu->saved_fflags = riscv_fflags(cpu);
    cpu->saved_pc = cpu->cpu.env.hot.pc;
    riscv_counters_stop(cpu);
    return true;
}

static bool riscv_cpu_post_load(void *opaque, uint32_t version, GError **errp)
{
    RiscvCpu *cpu = opaque;
    bool mode_ok = cpu->priv == RISCV_PRIV_M || (cpu->priv == RISCV_PRIV_S && cpu->config.s) ||
                   (cpu->priv == RISCV_PRIV_U && cpu->config.u);

    if (!mode_ok || cpu->frm > 7 || cpu->triggers.select >= RISCV_TRIGGERS) {
        error_set(errp, "saved hart state is not possible: mode %u, frm %u, tselect %" PRIu64,
                  cpu->priv, cpu->frm, cpu->triggers.select);
        return false;
    }
    cpu->x[0] = 0;
    riscv_set_frm(cpu, cpu->frm);
    riscv_set_fflags(cpu, cpu->saved_fflags);
    riscv_cpu_set_pc(&cpu->cpu, cpu->saved_pc);
    riscv_pmp_update(cpu);
    riscv_triggers_loaded(cpu);
    riscv_counters_loaded(cpu);
    riscv_timer_update(cpu);
    return true;
}

static const VmState riscv_cpu_vmstate = {
    .version = 1,
    .pre_save = riscv_cpu_pre_save,
    .post_load = riscv_cpu_post_load,
    .fields = (const VmField[]){ VM_U64(RiscvCpu, saved_pc),
                                 VM_U64_ARRAY(RiscvCpu, x),
                                 VM_U64_ARRAY(RiscvCpu, f),
                                 VM_U64(RiscvCpu, reserved_address),
                                 VM_U64(RiscvCpu, reserved_value),
                                 VM_STRUCT(RiscvCpu, csr, csrs_vmstate),
                                 VM_U64(RiscvCpu, mip),
                                 VM_U64(RiscvCpu, lines),
                                 VM_U8(RiscvCpu, priv),
                                 VM_U8(RiscvCpu, frm),
                                 VM_U8(RiscvCpu, saved_fflags),
                                 VM_U64(RiscvCpu, stimecmp),
                                 VM_STRUCT(RiscvCpu, pmp, pmp_vmstate),
                                 VM_STRUCT(RiscvCpu, counters, counters_vmstate),
                                 VM_STRUCT(RiscvCpu, triggers, triggers_vmstate),
                                 VM_BOOL(RiscvCpu, cpu.halted),
                                 {} },
};

#define CONFIG_BOOL(text, field, help_text) \
    PROPERTY_BOOL(text, RiscvCpu, config.field, false, .help = help_text)

static const Property riscv_cpu_properties[] = {
#define EXT(name, major, minor, needs, help_text) CONFIG_BOOL(#name, name, help_text),
#include "target/riscv/extensions.def"
#undef EXT
    CONFIG_BOOL("s", s, "supervisor mode"),
    CONFIG_BOOL("u", u, "user mode"),
    CONFIG_BOOL("sv32", sv32, "32-bit virtual addresses"),
    CONFIG_BOOL("sv39", sv39, "39-bit virtual addresses"),
    CONFIG_BOOL("sv48", sv48, "48-bit virtual addresses"),
    CONFIG_BOOL("sv57", sv57, "57-bit virtual addresses"),
    CONFIG_BOOL("semihosting", semihosting, "calls to the host by ebreak (RISC-V semihosting)"),
    CONFIG_BOOL("semihosting-userspace", semihosting_user, "semihosting in user mode too"),
    PROPERTY_STRING("semihosting-arg", RiscvCpu, config.semihosting_arguments, NULL,
                    .help =
                        "command line of the program, with its name; none: those of the kernel"),
    PROPERTY_U8("pmp-regions", RiscvCpu, config.pmp_regions, 0, .max = RISCV_PMP_ENTRIES,
                .help = "entries of physical memory protection"),
    PROPERTY_U16("cbom-blocksize", RiscvCpu, config.cbom_bytes, 64,
                 .help = "bytes that cbo.clean and its like work on"),
    PROPERTY_U16("cboz-blocksize", RiscvCpu, config.cboz_bytes, 64,
                 .help = "bytes that cbo.zero clears"),
    PROPERTY_U64("resetvec", RiscvCpu, config.reset_vector, 0x1000, .help = "pc after reset"),
    PROPERTY_U64("hartid", RiscvCpu, config.hartid, 0, .help = "value of mhartid"),
    PROPERTY_U64("timebase-frequency", RiscvCpu, config.timebase_hz, 10000000, .min = 1,
                 .max = 1000000000000ull, .help = "rate of the time CSR in Hz"),
    PROPERTY_U64("mvendorid", RiscvCpu, config.mvendorid, 0, .help = "value of mvendorid"),
    PROPERTY_U64("marchid", RiscvCpu, config.marchid, 0, .help = "value of marchid"),
    PROPERTY_U64("mimpid", RiscvCpu, config.mimpid, 0, .help = "value of mimpid"),
    {},
};

static const InterfaceEntry riscv_cpu_interfaces[] = {
    { &page_table_interface, &riscv_page_table_ops },
    { &dump_notes_interface, &riscv_dump_notes_ops },
    {},
};

const RiscvCpuClass riscv_cpu_class = {
    .cpu = {
        .device = {
            .object = { .name = "riscv-cpu", .parent = &cpu_class.device.object, .abstract = true,
                        .instance_size = sizeof(RiscvCpu), .properties = riscv_cpu_properties,
                        .init = riscv_cpu_init, .interfaces = riscv_cpu_interfaces },
            .summary = "RISC-V hart", .category = DEVICE_CATEGORY_CPU,
            .realize = riscv_cpu_realize, .unrealize = riscv_cpu_unrealize,
            .reset = riscv_cpu_reset, .vmstate = &riscv_cpu_vmstate,
        },
        .frontend = &riscv_frontend,
        .get_pc = riscv_cpu_get_pc, .set_pc = riscv_cpu_set_pc, .has_work = riscv_has_work,
        .dump = riscv_cpu_dump, .debug_translate = riscv_debug_translate,
        .debug = &riscv_debug, .disas_setup = riscv_cpu_disas_setup, .disassemble = riscv_disassemble,
    },
    .isa = "i",
    .xlen = 64,
};
CLASS_REGISTER(riscv_cpu_class);
