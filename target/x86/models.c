/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: identity and features. Spec: the CPUID of each, as in the vendors' documents; the sets of
 * feature names grow from generation to generation. -v1 is the model itself; later versions are
 * those that the QEMU project numbers so, since that is how users ask for them.
 */
#include "target/x86/cpu.h"

#define INTEL "GenuineIntel"
#define AMD   "AuthenticAMD"

/* Sets that others are made of. */
#define P5   "fpu de pse tsc msr mce cx8 mmx vme apic"
#define P6   P5 " pae mtrr sep pge cmov"
#define PIII P6 " fxsr sse pat pse36 mca"
#define BASE64                                                                              \
    "fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr " \
    "sse sse2 lm syscall nx"
#define NOTES          " vme"
#define CORE2          BASE64 NOTES " sse3 ssse3 lahf-lm"
#define PENRYN         CORE2 " cx16 sse4-1"
#define NEHALEM        PENRYN " sse4-2 popcnt hypervisor"
#define WESTMERE       NEHALEM " aes pclmulqdq"
#define SANDY          WESTMERE " avx xsave tsc-deadline x2apic rdtscp xsaveopt"
#define IVY            SANDY " erms smep fsgsbase f16c rdrand"
#define HASWELL        IVY " abm fma movbe pcid bmi1 bmi2 avx2 invpcid"
#define TSX            " hle rtm"
#define BROADWELL      HASWELL " rdseed adx smap 3dnowprefetch"
#define SKYLAKE        BROADWELL " xsavec xgetbv1 arat pku"
#define AVX512         " avx512f avx512dq avx512cd avx512bw avx512vl"
#define SKYLAKE_SERVER BROADWELL " xsavec xgetbv1 arat pku pdpe1gb clwb clflushopt" AVX512
#define ICELAKE_SERVER                                                             \
    SKYLAKE_SERVER " umip gfni vaes vpclmulqdq avx512vbmi avx512vbmi2 avx512vnni " \
                   "avx512bitalg avx512-vpopcntdq la57 wbnoinvd spec-ctrl ssbd"
#define ICELAKE_MORE " arch-capabilities sha-ni rdpid fsrm avx512ifma"
#define SAPPHIRE                                                                  \
    ICELAKE_SERVER ICELAKE_MORE                                                   \
        " avx512-bf16 avx-vnni avx512-fp16 amx-bf16 amx-tile amx-int8 serialize " \
        "tsx-ldtrk fzrm fsrs fsrc bus-lock-detect xsaves"
#define K8        BASE64 NOTES " sse3"
#define K10       K8 " cx16 abm sse4a misalignsse popcnt lahf-lm rdtscp svm monitor"
#define BULLDOZER K10 " avx aes pclmulqdq sse4-1 sse4-2 ssse3 xsave pdpe1gb xop fma4 3dnowprefetch"
#define ZEN                                                                                        \
    K8 " cx16 abm sse4a misalignsse popcnt lahf-lm rdtscp svm monitor mmxext fxsr-opt pdpe1gb "    \
       "ssse3 sse4-1 sse4-2 avx avx2 fma aes pclmulqdq xsave xsaveopt xsavec xgetbv1 f16c movbe "  \
       "rdrand rdseed fsgsbase bmi1 bmi2 smep smap adx clflushopt sha-ni osvw 3dnowprefetch arat " \
       "cr8legacy hypervisor topoext"
#define ROME  ZEN " clwb rdpid umip wbnoinvd xsaveerptr clzero perfctr-core amd-stibp xsaves ibpb"
#define MILAN ROME " pcid invpcid erms fsrm pku ibrs amd-ssbd"

#define CLASS(variable, name_, text_, arch_, ...)                                      \
    static const X86CpuClass variable = {                                              \
        .cpu = { .device = { .object = { .name = name_ "-x86_64-cpu",                  \
                                         .parent = &x86_cpu_class.cpu.device.object }, \
                             .summary = text_,                                         \
                             .category = DEVICE_CATEGORY_CPU },                        \
                 .arch = arch_ },                                                      \
        .model = { __VA_ARGS__ },                                                      \
    };                                                                                 \
    CLASS_REGISTER(variable)
#define MODEL(variable, name, text, ...) CLASS(variable, name, text, NULL, __VA_ARGS__)
/* A model that is also wanted by version; what later versions add has rows of its own. */
#define VERSIONED(variable, name, text, ...)  \
    MODEL(variable, name, text, __VA_ARGS__); \
    MODEL(variable##_v1, name "-v1", text, __VA_ARGS__)
#define ID(v, f, m, s) .vendor = v, .family = f, .model = m, .stepping = s

VERSIONED(qemu64, "qemu64", "64-bit processor of the oldest kind, as other emulators offer it",
          ID(AMD, 15, 107, 1), .level = 13, .xlevel = 0x8000000a, .model_id = "Rhea Virtual CPU",
          .features = BASE64 " sse3 cx16 hypervisor lahf-lm");
VERSIONED(qemu32, "qemu32", "32-bit processor", ID(INTEL, 6, 6, 3), .level = 4,
          .xlevel = 0x80000004, .model_id = "Rhea Virtual CPU", .features = PIII " sse2 sse3",
          .without = "vme mtrr pse36 mca");
VERSIONED(kvm64, "kvm64", "64-bit processor, what all virtual machines have in common",
          ID(INTEL, 15, 6, 1), .level = 13, .xlevel = 0x80000008,
          .model_id = "Common KVM processor", .features = BASE64 NOTES " sse3 cx16 hypervisor");
VERSIONED(kvm32, "kvm32", "32-bit processor, what all virtual machines have in common",
          ID(INTEL, 15, 6, 1), .level = 5, .xlevel = 0x80000008,
          .model_id = "Common 32-bit KVM processor",
          .features = PIII " sse2 sse3 clflush hypervisor");
VERSIONED(i486, "486", "Intel 80486", ID(INTEL, 4, 8, 0), .level = 1, .features = "fpu vme pse",
          .physical_bits = 32);
VERSIONED(pentium, "pentium", "Intel Pentium with MMX", ID(INTEL, 5, 4, 3), .level = 1,
          .features = P5, .physical_bits = 32);
VERSIONED(pentium2, "pentium2", "Intel Pentium II", ID(INTEL, 6, 5, 2), .level = 2,
          .features = P6 " fxsr pat pse36 mca", .physical_bits = 36);
VERSIONED(pentium3, "pentium3", "Intel Pentium III", ID(INTEL, 6, 7, 3), .level = 3,
          .features = PIII, .physical_bits = 36);
VERSIONED(coreduo, "coreduo", "Intel Core Duo", ID(INTEL, 6, 14, 8), .level = 10,
          .xlevel = 0x80000008, .model_id = "Genuine Intel(R) CPU           T2600  @ 2.16GHz",
          .features = PIII " clflush sse2 sse3 nx monitor ss", .without = "pse36",
          .physical_bits = 36);
VERSIONED(core2duo, "core2duo", "Intel Core 2 Duo", ID(INTEL, 6, 15, 11), .level = 10,
          .xlevel = 0x80000008, .model_id = "Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz",
          .features = CORE2 " cx16 ss monitor");
VERSIONED(conroe, "Conroe", "Intel Core 2 (65 nm)", ID(INTEL, 6, 15, 3), .level = 10,
          .xlevel = 0x80000008, .model_id = "Intel Celeron_4x0 (Conroe/Merom Class Core 2)",
          .features = CORE2);
VERSIONED(penryn, "Penryn", "Intel Core 2 (45 nm)", ID(INTEL, 6, 23, 3), .level = 10,
          .xlevel = 0x80000008, .model_id = "Intel Core 2 Duo P9xxx (Penryn Class Core 2)",
          .features = PENRYN);
VERSIONED(nehalem, "Nehalem", "Intel Core i7 9xx", ID(INTEL, 6, 26, 3), .level = 11,
          .xlevel = 0x80000008, .model_id = "Intel Core i7 9xx (Nehalem Class Core i7)",
          .features = NEHALEM);
MODEL(nehalem_ibrs, "Nehalem-IBRS", "Intel Core i7 9xx with IBRS", ID(INTEL, 6, 26, 3), .level = 11,
      .xlevel = 0x80000008, .model_id = "Intel Core i7 9xx (Nehalem Core i7, IBRS update)",
      .features = NEHALEM " spec-ctrl");
VERSIONED(westmere, "Westmere", "Intel Xeon 56xx", ID(INTEL, 6, 44, 1), .level = 11,
          .xlevel = 0x80000008, .model_id = "Westmere E56xx/L56xx/X56xx (Nehalem-C)",
          .features = WESTMERE " arat");
MODEL(westmere_ibrs, "Westmere-IBRS", "Intel Xeon 56xx with IBRS", ID(INTEL, 6, 44, 1), .level = 11,
      .xlevel = 0x80000008, .model_id = "Westmere E56xx/L56xx/X56xx (IBRS update)",
      .features = WESTMERE " arat spec-ctrl");
VERSIONED(sandy, "SandyBridge", "Intel Xeon E312xx", ID(INTEL, 6, 42, 1), .level = 13,
          .xlevel = 0x80000008, .model_id = "Intel Xeon E312xx (Sandy Bridge)",
          .features = SANDY " arat");
MODEL(sandy_ibrs, "SandyBridge-IBRS", "Intel Xeon E312xx with IBRS", ID(INTEL, 6, 42, 1),
      .level = 13, .xlevel = 0x80000008,
      .model_id = "Intel Xeon E312xx (Sandy Bridge, IBRS update)",
      .features = SANDY " arat spec-ctrl");
VERSIONED(ivy, "IvyBridge", "Intel Xeon E3-12xx v2", ID(INTEL, 6, 58, 9), .level = 13,
          .xlevel = 0x80000008, .model_id = "Intel Xeon E3-12xx v2 (Ivy Bridge)",
          .features = IVY " arat");
MODEL(ivy_ibrs, "IvyBridge-IBRS", "Intel Xeon E3-12xx v2 with IBRS", ID(INTEL, 6, 58, 9),
      .level = 13, .xlevel = 0x80000008, .model_id = "Intel Xeon E3-12xx v2 (Ivy Bridge, IBRS)",
      .features = IVY " arat spec-ctrl");

#define HASWELL_ID   ID(INTEL, 6, 60, 4), .level = 13, .xlevel = 0x80000008
#define BROADWELL_ID ID(INTEL, 6, 61, 2), .level = 13, .xlevel = 0x80000008
#define CLIENT_ID    ID(INTEL, 6, 94, 3), .level = 13, .xlevel = 0x80000008
#define SERVER_ID    ID(INTEL, 6, 85, 4), .level = 13, .xlevel = 0x80000008
#define CASCADE_ID   ID(INTEL, 6, 85, 6), .level = 13, .xlevel = 0x80000008
#define ICELAKE_ID   ID(INTEL, 6, 106, 0), .level = 13, .xlevel = 0x80000008, .physical_bits = 46
#define SAPPHIRE_ID  ID(INTEL, 6, 143, 4), .level = 0x20, .xlevel = 0x80000008, .physical_bits = 46

VERSIONED(haswell, "Haswell", "Intel Core (Haswell)", HASWELL_ID,
          .model_id = "Intel Core Processor (Haswell)", .features = HASWELL " arat" TSX);
MODEL(haswell_notsx, "Haswell-noTSX", "Intel Core (Haswell) without TSX", HASWELL_ID,
      .model_id = "Intel Core Processor (Haswell, no TSX)", .features = HASWELL " arat");
MODEL(haswell_ibrs, "Haswell-IBRS", "Intel Core (Haswell) with IBRS", HASWELL_ID,
      .model_id = "Intel Core Processor (Haswell, IBRS)",
      .features = HASWELL " arat spec-ctrl" TSX);
MODEL(haswell_notsx_ibrs, "Haswell-noTSX-IBRS", "Intel Core (Haswell) without TSX, with IBRS",
      HASWELL_ID, .model_id = "Intel Core Processor (Haswell, no TSX, IBRS)",
      .features = HASWELL " arat spec-ctrl");
VERSIONED(broadwell, "Broadwell", "Intel Core (Broadwell)", BROADWELL_ID,
          .model_id = "Intel Core Processor (Broadwell)", .features = BROADWELL " arat" TSX);
MODEL(broadwell_notsx, "Broadwell-noTSX", "Intel Core (Broadwell) without TSX", BROADWELL_ID,
      .model_id = "Intel Core Processor (Broadwell, no TSX)", .features = BROADWELL " arat");
MODEL(broadwell_ibrs, "Broadwell-IBRS", "Intel Core (Broadwell) with IBRS", BROADWELL_ID,
      .model_id = "Intel Core Processor (Broadwell, IBRS)",
      .features = BROADWELL " arat spec-ctrl" TSX);
MODEL(broadwell_notsx_ibrs, "Broadwell-noTSX-IBRS", "Intel Core (Broadwell) without TSX, with IBRS",
      BROADWELL_ID, .model_id = "Intel Core Processor (Broadwell, no TSX, IBRS)",
      .features = BROADWELL " arat spec-ctrl");
VERSIONED(client, "Skylake-Client", "Intel Core (Skylake)", CLIENT_ID,
          .model_id = "Intel Core Processor (Skylake)", .features = SKYLAKE TSX, .without = "pku");
MODEL(client_ibrs, "Skylake-Client-IBRS", "Intel Core (Skylake) with IBRS", CLIENT_ID,
      .model_id = "Intel Core Processor (Skylake, IBRS)", .features = SKYLAKE " spec-ctrl" TSX,
      .without = "pku");
MODEL(client_notsx, "Skylake-Client-noTSX-IBRS", "Intel Core (Skylake) without TSX, with IBRS",
      CLIENT_ID, .model_id = "Intel Core Processor (Skylake, IBRS, no TSX)",
      .features = SKYLAKE " spec-ctrl", .without = "pku");
VERSIONED(server, "Skylake-Server", "Intel Xeon (Skylake)", SERVER_ID,
          .model_id = "Intel Xeon Processor (Skylake)", .features = SKYLAKE_SERVER TSX);
MODEL(server_ibrs, "Skylake-Server-IBRS", "Intel Xeon (Skylake) with IBRS", SERVER_ID,
      .model_id = "Intel Xeon Processor (Skylake, IBRS)",
      .features = SKYLAKE_SERVER " spec-ctrl" TSX, .without = "clflushopt");
MODEL(server_notsx, "Skylake-Server-noTSX-IBRS", "Intel Xeon (Skylake) without TSX, with IBRS",
      SERVER_ID, .model_id = "Intel Xeon Processor (Skylake, IBRS, no TSX)",
      .features = SKYLAKE_SERVER " spec-ctrl", .without = "clflushopt");
VERSIONED(cascade, "Cascadelake-Server", "Intel Xeon (Cascade Lake)", CASCADE_ID,
          .model_id = "Intel Xeon Processor (Cascadelake)",
          .features = SKYLAKE_SERVER " avx512vnni spec-ctrl ssbd" TSX);
MODEL(cascade_notsx, "Cascadelake-Server-noTSX", "Intel Xeon (Cascade Lake) without TSX",
      CASCADE_ID, .model_id = "Intel Xeon Processor (Cascadelake)",
      .features = SKYLAKE_SERVER " avx512vnni spec-ctrl ssbd arch-capabilities");
VERSIONED(icelake, "Icelake-Server", "Intel Xeon (Ice Lake)", ICELAKE_ID,
          .model_id = "Intel Xeon Processor (Icelake)", .features = ICELAKE_SERVER TSX);
MODEL(icelake_notsx, "Icelake-Server-noTSX", "Intel Xeon (Ice Lake) without TSX", ICELAKE_ID,
      .model_id = "Intel Xeon Processor (Icelake)", .features = ICELAKE_SERVER);
VERSIONED(sapphire, "SapphireRapids", "Intel Xeon (Sapphire Rapids)", SAPPHIRE_ID,
          .model_id = "Intel Xeon Processor (SapphireRapids)", .features = SAPPHIRE TSX);

#define OPTERON(g, f, m, s) \
    ID(AMD, f, m, s), .level = 5, .xlevel = 0x80000008, .model_id = "AMD Opteron " g
VERSIONED(opteron1, "Opteron_G1", "AMD Opteron 240", OPTERON("240 (Gen 1 Class Opteron)", 15, 6, 1),
          .features = K8);
VERSIONED(opteron2, "Opteron_G2", "AMD Opteron 22xx",
          OPTERON("22xx (Gen 2 Class Opteron)", 15, 6, 1), .features = K8 " cx16 lahf-lm svm");
VERSIONED(opteron3, "Opteron_G3", "AMD Opteron 23xx",
          OPTERON("23xx (Gen 3 Class Opteron)", 16, 2, 3), .features = K10);
VERSIONED(opteron4, "Opteron_G4", "AMD Opteron 62xx", ID(AMD, 21, 1, 2), .level = 13,
          .xlevel = 0x8000001a, .model_id = "AMD Opteron 62xx class CPU", .features = BULLDOZER,
          .without = "monitor");
VERSIONED(opteron5, "Opteron_G5", "AMD Opteron 63xx", ID(AMD, 21, 2, 0), .level = 13,
          .xlevel = 0x8000001a, .model_id = "AMD Opteron 63xx class CPU",
          .features = BULLDOZER " f16c fma tbm", .without = "monitor");
VERSIONED(epyc, "EPYC", "AMD EPYC", ID(AMD, 23, 1, 2), .level = 13, .xlevel = 0x8000001e,
          .model_id = "AMD EPYC Processor", .features = ZEN, .physical_bits = 48);
MODEL(epyc_ibpb, "EPYC-IBPB", "AMD EPYC with IBPB", ID(AMD, 23, 1, 2), .level = 13,
      .xlevel = 0x8000001e, .model_id = "AMD EPYC Processor (with IBPB)", .features = ZEN " ibpb",
      .physical_bits = 48);
VERSIONED(rome, "EPYC-Rome", "AMD EPYC (Rome)", ID(AMD, 23, 49, 0), .level = 13,
          .xlevel = 0x8000001e, .model_id = "AMD EPYC-Rome Processor", .features = ROME,
          .physical_bits = 48);
VERSIONED(milan, "EPYC-Milan", "AMD EPYC (Milan)", ID(AMD, 25, 1, 1), .level = 13,
          .xlevel = 0x8000001e, .model_id = "AMD EPYC-Milan Processor", .features = MILAN,
          .physical_bits = 48);

/* Later versions */
MODEL(nehalem_v2, "Nehalem-v2", "Nehalem with IBRS", ID(INTEL, 6, 26, 3), .level = 11,
      .xlevel = 0x80000008, .model_id = "Intel Core i7 9xx (Nehalem Core i7, IBRS update)",
      .features = NEHALEM " spec-ctrl");
MODEL(westmere_v2, "Westmere-v2", "Westmere with IBRS", ID(INTEL, 6, 44, 1), .level = 11,
      .xlevel = 0x80000008, .model_id = "Westmere E56xx/L56xx/X56xx (IBRS update)",
      .features = WESTMERE " arat spec-ctrl");
MODEL(sandy_v2, "SandyBridge-v2", "SandyBridge with IBRS", ID(INTEL, 6, 42, 1), .level = 13,
      .xlevel = 0x80000008, .model_id = "Intel Xeon E312xx (Sandy Bridge, IBRS update)",
      .features = SANDY " arat spec-ctrl");
MODEL(ivy_v2, "IvyBridge-v2", "IvyBridge with IBRS", ID(INTEL, 6, 58, 9), .level = 13,
      .xlevel = 0x80000008, .model_id = "Intel Xeon E3-12xx v2 (Ivy Bridge, IBRS)",
      .features = IVY " arat spec-ctrl");
MODEL(haswell_v2, "Haswell-v2", "Haswell without TSX", HASWELL_ID,
      .model_id = "Intel Core Processor (Haswell, no TSX)", .features = HASWELL " arat");
MODEL(haswell_v3, "Haswell-v3", "Haswell with IBRS", HASWELL_ID,
      .model_id = "Intel Core Processor (Haswell, IBRS)",
      .features = HASWELL " arat spec-ctrl" TSX);
MODEL(haswell_v4, "Haswell-v4", "Haswell without TSX, with IBRS", HASWELL_ID,
      .model_id = "Intel Core Processor (Haswell, no TSX, IBRS)",
      .features = HASWELL " arat spec-ctrl");
MODEL(broadwell_v2, "Broadwell-v2", "Broadwell without TSX", BROADWELL_ID,
      .model_id = "Intel Core Processor (Broadwell, no TSX)", .features = BROADWELL " arat");
MODEL(broadwell_v3, "Broadwell-v3", "Broadwell with IBRS", BROADWELL_ID,
      .model_id = "Intel Core Processor (Broadwell, IBRS)",
      .features = BROADWELL " arat spec-ctrl" TSX);
MODEL(broadwell_v4, "Broadwell-v4", "Broadwell without TSX, with IBRS", BROADWELL_ID,
      .model_id = "Intel Core Processor (Broadwell, no TSX, IBRS)",
      .features = BROADWELL " arat spec-ctrl");
MODEL(client_v2, "Skylake-Client-v2", "Skylake with IBRS", CLIENT_ID,
      .model_id = "Intel Core Processor (Skylake, IBRS)", .features = SKYLAKE " spec-ctrl" TSX,
      .without = "pku");
MODEL(client_v3, "Skylake-Client-v3", "Skylake without TSX, with IBRS", CLIENT_ID,
      .model_id = "Intel Core Processor (Skylake, IBRS, no TSX)", .features = SKYLAKE " spec-ctrl",
      .without = "pku");
MODEL(client_v4, "Skylake-Client-v4", "Skylake without TSX, with IBRS, XSAVES", CLIENT_ID,
      .model_id = "Intel Core Processor (Skylake, IBRS, no TSX)",
      .features = SKYLAKE " spec-ctrl xsaves", .without = "pku");
MODEL(server_v2, "Skylake-Server-v2", "Skylake server with IBRS", SERVER_ID,
      .model_id = "Intel Xeon Processor (Skylake, IBRS)",
      .features = SKYLAKE_SERVER " spec-ctrl" TSX, .without = "clflushopt");
MODEL(server_v3, "Skylake-Server-v3", "Skylake server without TSX, with IBRS", SERVER_ID,
      .model_id = "Intel Xeon Processor (Skylake, IBRS, no TSX)",
      .features = SKYLAKE_SERVER " spec-ctrl", .without = "clflushopt");
MODEL(server_v4, "Skylake-Server-v4", "Skylake server without TSX, with IBRS", SERVER_ID,
      .model_id = "Intel Xeon Processor (Skylake, IBRS, no TSX)",
      .features = SKYLAKE_SERVER " spec-ctrl", .without = "clflushopt");
MODEL(server_v5, "Skylake-Server-v5", "Skylake server without TSX, with IBRS, XSAVES", SERVER_ID,
      .model_id = "Intel Xeon Processor (Skylake, IBRS, no TSX)",
      .features = SKYLAKE_SERVER " spec-ctrl xsaves", .without = "clflushopt");
MODEL(cascade_v2, "Cascadelake-Server-v2", "Cascade Lake with ARCH_CAPABILITIES", CASCADE_ID,
      .model_id = "Intel Xeon Processor (Cascadelake)",
      .features = SKYLAKE_SERVER " avx512vnni spec-ctrl ssbd arch-capabilities" TSX);
MODEL(cascade_v3, "Cascadelake-Server-v3", "Cascade Lake without TSX", CASCADE_ID,
      .model_id = "Intel Xeon Processor (Cascadelake)",
      .features = SKYLAKE_SERVER " avx512vnni spec-ctrl ssbd arch-capabilities");
MODEL(cascade_v4, "Cascadelake-Server-v4", "Cascade Lake without TSX", CASCADE_ID,
      .model_id = "Intel Xeon Processor (Cascadelake)",
      .features = SKYLAKE_SERVER " avx512vnni spec-ctrl ssbd arch-capabilities");
MODEL(cascade_v5, "Cascadelake-Server-v5", "Cascade Lake without TSX, XSAVES", CASCADE_ID,
      .model_id = "Intel Xeon Processor (Cascadelake)",
      .features = SKYLAKE_SERVER " avx512vnni spec-ctrl ssbd arch-capabilities xsaves");
MODEL(icelake_v2, "Icelake-Server-v2", "Ice Lake without TSX", ICELAKE_ID,
      .model_id = "Intel Xeon Processor (Icelake)", .features = ICELAKE_SERVER);
MODEL(icelake_v3, "Icelake-Server-v3", "Ice Lake without TSX, ARCH_CAPABILITIES", ICELAKE_ID,
      .model_id = "Intel Xeon Processor (Icelake)",
      .features = ICELAKE_SERVER " arch-capabilities");
MODEL(icelake_v4, "Icelake-Server-v4", "Ice Lake without TSX, SHA", ICELAKE_ID,
      .model_id = "Intel Xeon Processor (Icelake)", .features = ICELAKE_SERVER ICELAKE_MORE);
MODEL(icelake_v5, "Icelake-Server-v5", "Ice Lake without TSX, SHA, XSAVES", ICELAKE_ID,
      .model_id = "Intel Xeon Processor (Icelake)",
      .features = ICELAKE_SERVER ICELAKE_MORE " xsaves");
MODEL(icelake_v6, "Icelake-Server-v6", "Ice Lake without TSX, SHA, XSAVES", ICELAKE_ID,
      .model_id = "Intel Xeon Processor (Icelake)",
      .features = ICELAKE_SERVER ICELAKE_MORE " xsaves");
MODEL(epyc_v2, "EPYC-v2", "AMD EPYC with IBPB", ID(AMD, 23, 1, 2), .level = 13,
      .xlevel = 0x8000001e, .physical_bits = 48, .model_id = "AMD EPYC Processor (with IBPB)",
      .features = ZEN " ibpb");
MODEL(epyc_v3, "EPYC-v3", "AMD EPYC with IBPB, XSAVES", ID(AMD, 23, 1, 2), .level = 13,
      .xlevel = 0x8000001e, .physical_bits = 48, .model_id = "AMD EPYC Processor (with IBPB)",
      .features = ZEN " ibpb perfctr-core clzero xsaveerptr xsaves");
MODEL(rome_v2, "EPYC-Rome-v2", "AMD EPYC (Rome) with IBRS", ID(AMD, 23, 49, 0), .level = 13,
      .xlevel = 0x8000001e, .physical_bits = 48, .model_id = "AMD EPYC-Rome Processor",
      .features = ROME " ibrs amd-ssbd");
MODEL(milan_v2, "EPYC-Milan-v2", "AMD EPYC (Milan) with VAES", ID(AMD, 25, 1, 1), .level = 13,
      .xlevel = 0x8000001e, .physical_bits = 48, .model_id = "AMD EPYC-Milan-v2 Processor",
      .features = MILAN " vaes vpclmulqdq");

MODEL(base, "base", "identity only: all features are for the user to switch on", ID(INTEL, 6, 6, 3),
      .level = 1, .features = "");
MODEL(max, "max", "everything that the translator has", ID(AMD, 15, 107, 1), .level = 0x1f,
      .xlevel = 0x80000021, .model_id = "Rhea translated processor", .features = "",
      .all_features = true);
