/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU models: an instruction set and an identity each. */
#include "target/riscv/cpu.h"

#define RV64GC   "i m a f d c zicsr zifencei s u"
#define COUNTERS " zicntr zihpm"
#define BITS     " zba zbb zbc zbs"
#define CRYPTO   " zbkb zbkc zbkx zknd zkne zknh"
#define CACHE    " zicbom zicbop zicboz"
#define SV57     " sv39 sv48 sv57"

#define MODEL(variable, model, text, bits, ...)                                          \
    static const RiscvCpuClass variable = {                                              \
        .cpu = { .device = { .object = { .name = model "-riscv-cpu",                     \
                                         .parent = &riscv_cpu_class.cpu.device.object }, \
                             .summary = text,                                            \
                             .category = DEVICE_CATEGORY_CPU },                          \
                 .arch = "riscv" #bits },                                                \
        .xlen = (bits),                                                                  \
        __VA_ARGS__                                                                      \
    };                                                                                   \
    CLASS_REGISTER(variable)

/* Instructions of RVA22 and what kernels like to have. */
MODEL(rv64_class, "rv64", "64-bit hart with the usual extensions", 64,
      .isa = RV64GC COUNTERS BITS CACHE SV57 " zihintpause zawrs zfa sstc svadu svinval",
      .pmp_regions = 16);
MODEL(rv32_class, "rv32", "32-bit hart with the usual extensions", 32,
      .isa = "i m a f d c zicsr zifencei s u sv32" COUNTERS BITS CACHE
             " zihintpause zawrs zfa sstc svadu svinval",
      .pmp_regions = 16);
/*
 * All but zkr: kernels that see it read seed in S-mode at once, which only firmware that sets
 * mseccfg.SSEED allows; older OpenSBI does not.
 */
MODEL(max_class, "max", "64-bit hart with all extensions but zkr", 64,
      .isa = RV64GC COUNTERS BITS CRYPTO CACHE SV57
      " zihintpause zicond zawrs zacas zfa zfh zfhmin smepmp smstateen sscofpmf sstc svadu "
      "svinval svnapot svpbmt",
      .pmp_regions = 64);
MODEL(max32_class, "max32", "32-bit hart with all extensions but zkr", 32,
      .isa = "i m a f d c zicsr zifencei s u sv32" COUNTERS BITS CRYPTO CACHE
             " zihintpause zicond zawrs zacas zfa zfh zfhmin smepmp smstateen sscofpmf sstc "
             "svadu svinval",
      .pmp_regions = 64);
/* RISC-V profiles 1.0, 5.2: mandatory extensions of RVA22S64 */
MODEL(rva22s64_class, "rva22s64", "64-bit hart as profile RVA22S64 demands", 64,
      .isa = RV64GC COUNTERS CACHE " zba zbb zbs zfhmin zihintpause sv39 svade svpbmt svinval",
      .pmp_regions = 16);
/* SiFive FU540-C000 manual, ch. 3 and 4; SiFive is JEDEC bank 10 (nine continuations), id 9 */
#define SIFIVE_VENDOR ((9u << 7) | 9u)
MODEL(sifive_u54_class, "sifive-u54", "application core of the SiFive FU540", 64,
      .isa = "i m a f d c zicsr zifencei zicntr zihpm s u sv39", .pmp_regions = 8,
      .mvendorid = SIFIVE_VENDOR, .marchid = 1, .mimpid = 0x20171208);
MODEL(sifive_e51_class, "sifive-e51", "monitor core of the SiFive FU540", 64,
      .isa = "i m a c zicsr zifencei zicntr zihpm u", .pmp_regions = 8, .mvendorid = SIFIVE_VENDOR,
      .marchid = 1, .mimpid = 0x20171208);
MODEL(sifive_e31_class, "sifive-e31", "32-bit embedded core of SiFive", 32,
      .isa = "i m a c zicsr zifencei zicntr zihpm u", .pmp_regions = 8, .mvendorid = SIFIVE_VENDOR,
      .marchid = 1);
MODEL(sifive_e34_class, "sifive-e34", "32-bit embedded core of SiFive with floating point", 32,
      .isa = "i m a f c zicsr zifencei zicntr zihpm u", .pmp_regions = 8,
      .mvendorid = SIFIVE_VENDOR, .marchid = 1);
MODEL(sifive_u34_class, "sifive-u34", "32-bit application core of SiFive", 32,
      .isa = "i m a f d c zicsr zifencei zicntr zihpm s u sv32", .pmp_regions = 8,
      .mvendorid = SIFIVE_VENDOR, .marchid = 1);
