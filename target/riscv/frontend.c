/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hart as the translator sees it: slots, helpers, context key. */
#include "target/riscv/mmu.h"
#include "target/riscv/trap.h"
#include "target/riscv/trigger.h"

#include "target/riscv/frontend_internal.h"

/* Homes are counted from the anchor, which is the end of TcgEnv and so of Cpu. */
#define HOME(field) ((int32_t)offsetof(RiscvCpu, field) - (int32_t)sizeof(Cpu))
_Static_assert(offsetof(Cpu, env) + sizeof(TcgEnv) == sizeof(Cpu), "env is the end of Cpu");

#define X(n, abi, rank) \
    [SLOT_X + (n)] = { .name = abi, .offset = HOME(x[n]), .type = IR_I64, .pin = (rank) }
#define F(n, abi, rank) \
    [SLOT_F + (n)] = { .name = abi, .offset = HOME(f[n]), .type = IR_F64, .pin = (rank) }
#define CSR(slot, text, field) [slot] = { .name = text, .offset = HOME(field), .type = IR_I64 }

/* Ranks follow how often compiled code touches a register: what gcc allocates first comes first. */
const TcgSlot riscv_slots[SLOT_COUNT] = {
    X(0, "zero", 0),
    X(1, "ra", 9),
    X(2, "sp", 3),
    X(3, "gp", 0),
    X(4, "tp", 20),
    X(5, "t0", 14),
    X(6, "t1", 12),
    X(7, "t2", 15),
    X(8, "s0", 5),
    X(9, "s1", 10),
    X(10, "a0", 4),
    X(11, "a1", 7),
    X(12, "a2", 8),
    X(13, "a3", 6),
    X(14, "a4", 2),
    X(15, "a5", 1),
    X(16, "a6", 13),
    X(17, "a7", 11),
    X(18, "s2", 16),
    X(19, "s3", 17),
    X(20, "s4", 18),
    X(21, "s5", 19),
    X(22, "s6", 0),
    X(23, "s7", 0),
    X(24, "s8", 0),
    X(25, "s9", 0),
    X(26, "s10", 0),
    X(27, "s11", 0),
    X(28, "t3", 0),
    X(29, "t4", 0),
    X(30, "t5", 0),
    X(31, "t6", 0),
    F(0, "ft0", 7),
    F(1, "ft1", 8),
    F(2, "ft2", 11),
    F(3, "ft3", 12),
    F(4, "ft4", 15),
    F(5, "ft5", 16),
    F(6, "ft6", 0),
    F(7, "ft7", 0),
    F(8, "fs0", 9),
    F(9, "fs1", 10),
    F(10, "fa0", 3),
    F(11, "fa1", 5),
    F(12, "fa2", 6),
    F(13, "fa3", 4),
    F(14, "fa4", 2),
    F(15, "fa5", 1),
    F(16, "fa6", 13),
    F(17, "fa7", 14),
    F(18, "fs2", 17),
    F(19, "fs3", 18),
    F(20, "fs4", 0),
    F(21, "fs5", 0),
    F(22, "fs6", 0),
    F(23, "fs7", 0),
    F(24, "fs8", 0),
    F(25, "fs9", 0),
    F(26, "fs10", 0),
    F(27, "fs11", 0),
    F(28, "ft8", 0),
    F(29, "ft9", 0),
    F(30, "ft10", 0),
    F(31, "ft11", 0),
    CSR(SLOT_RESERVED_ADDRESS, "reserved_address", reserved_address),
    CSR(SLOT_RESERVED_VALUE, "reserved_value", reserved_value),
    CSR(SLOT_MSTATUS, "mstatus", csr.mstatus),
    CSR(SLOT_MSCRATCH, "mscratch", csr.mscratch),
    CSR(SLOT_MEPC, "mepc", csr.mepc),
    CSR(SLOT_MCAUSE, "mcause", csr.mcause),
    CSR(SLOT_MTVAL, "mtval", csr.mtval),
    CSR(SLOT_SSCRATCH, "sscratch", csr.sscratch),
    CSR(SLOT_SEPC, "sepc", csr.sepc),
    CSR(SLOT_SCAUSE, "scause", csr.scause),
    CSR(SLOT_STVAL, "stval", csr.stval),
    CSR(SLOT_STVEC, "stvec", csr.stvec),
};

#define NONE \
    {        \
        0    \
    }
#define CSRS     \
    {            \
        0, ~0ull \
    }
#define ALL IR_ALL_SLOTS
const IrHelper riscv_helpers[HELPER_COUNT] = {
#define HELPER(helper, type, count, may_raise, fp, in, out) \
    [HELPER_##helper] = { .name = #helper,                  \
                          .fn = riscv_helper_##helper,      \
                          .result = (type),                 \
                          .arguments = (count),             \
                          .raises = (may_raise),            \
                          .touches_fp = (fp),               \
                          .reads = in,                      \
                          .writes = out },
#include "target/riscv/helpers.def"
#undef HELPER
};

/* The context key */
enum {
    KEY_FS_SHIFT = 2,
    KEY_FRM_SHIFT = 4,
    KEY_BANK_SHIFT = 7,
    KEY_XLEN_32 = 1 << 14,
    KEY_CONFIG_SHIFT = 32,
};

uint8_t riscv_data_bank(const RiscvCpu *cpu)
{
    uint64_t mstatus = cpu->csr.mstatus;
    unsigned priv = cpu->priv;

    if (mstatus & MSTATUS_MPRV) {
        priv = mstatus >> MSTATUS_MPP_SHIFT & 3;
    }
    switch (priv) {
    case RISCV_PRIV_U: return BANK_U;
    case RISCV_PRIV_S: return mstatus & MSTATUS_SUM ? BANK_S_SUM : BANK_S;
    default: return BANK_M;
    }
}

/* The rounding mode as far as code depends on it: reserved ones are alike, and off is off. */
static unsigned key_frm(const RiscvCpu *cpu)
{
    enum { RESERVED = 5 };

    return cpu->csr.mstatus & MSTATUS_FS ? MIN(cpu->frm, RESERVED) : 0;
}

uint64_t riscv_context_key(Cpu *c)
{
    const RiscvCpu *cpu = riscv_cpu(c);

    return cpu->priv | (cpu->csr.mstatus >> MSTATUS_FS_SHIFT & 3) << KEY_FS_SHIFT |
           (uint64_t)key_frm(cpu) << KEY_FRM_SHIFT |
           (uint64_t)riscv_data_bank(cpu) << KEY_BANK_SHIFT | (cpu->xlen == 32 ? KEY_XLEN_32 : 0) |
           (uint64_t)cpu->config_hash << KEY_CONFIG_SHIFT;
}

RiscvContext riscv_key_context(uint64_t key)
{
    return (RiscvContext){
        .priv = key & 3,
        .fs = key >> KEY_FS_SHIFT & 3,
        .frm = key >> KEY_FRM_SHIFT & 7,
        .bank = key >> KEY_BANK_SHIFT & 3,
    };
}

static uint32_t address_space(Cpu *cpu)
{
    return riscv_satp_space(riscv_cpu(cpu));
}

static uint8_t fetch_bank(Cpu *c)
{
    const RiscvCpu *cpu = riscv_cpu(c);

    return cpu->priv == RISCV_PRIV_M ? BANK_M : cpu->priv == RISCV_PRIV_S ? BANK_S : BANK_U;
}

void riscv_changed(RiscvCpu *cpu, uint64_t before)
{
    if (riscv_context_key(&cpu->cpu) != before) {
        tcg_context_changed(&cpu->cpu);
    }
}

const TcgFrontend riscv_frontend = {
    .slots = riscv_slots,
    .slot_count = SLOT_COUNT,
    .page_bits = TCG_PAGE_BITS,
    .fp_profile = IR_FP_RISCV,
    .banks = BANK_COUNT,
    .context_key = riscv_context_key,
    .address_space = address_space,
    .fetch_bank = fetch_bank,
    .translate = riscv_translate,
    .walk = riscv_walk,
    .raise_unaligned = riscv_raise_unaligned,
    .raise_bus_error = riscv_raise_bus_error,
    .deliver_exception = riscv_deliver_exception,
    .deliver_interrupt = riscv_deliver_interrupt,
    .debug_hit = riscv_trigger_hit,
};
