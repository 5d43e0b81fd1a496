/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An x86 processor, 32 or 64 bits wide. Spec: Intel 64 and IA-32 Architectures Software Developer's
 * Manual ("SDM"), December 2023; AMD64 Architecture Programmer's Manual ("APM"), June 2023.
 */
#pragma once

#include "target/cpu.h"
#include "target/x86/state.h"

/* Reasons for the processor to look up; bits of X86Cpu.pending. */
enum {
    X86_PENDING_INTR = 1, /* level of the interrupt request input (APIC or 8259) */
    X86_PENDING_NMI = 2,
    X86_PENDING_SMI = 4,
    X86_PENDING_INIT = 8,
    X86_PENDING_SIPI = 16,
    X86_PENDING_MCE = 32,
};

/*
 * What the processor asks of its interrupt controller, filled by the board; NULL: a processor with
 * neither. Context: vCPU thread; the callee takes the machine lock where it needs it.
 */
typedef struct {
    int (*acknowledge)(void *opaque); /* vector to deliver, or -1: it went away */
    uint8_t (*get_tpr)(void *opaque); /* whole TPR; CR8 is its upper half */
    void (*set_tpr)(void *opaque, uint8_t tpr);
    uint64_t (*get_base)(void *opaque);             /* IA32_APIC_BASE */
    bool (*set_base)(void *opaque, uint64_t value); /* false: #GP */
    /* x2APIC registers, MSR 0x800 + @index; false: #GP */
    bool (*read_msr)(void *opaque, unsigned index, uint64_t *value);
    bool (*write_msr)(void *opaque, unsigned index, uint64_t value);
    void (*set_deadline)(void *opaque, uint64_t tsc); /* IA32_TSC_DEADLINE; 0: disarmed */
    void (*init)(void *opaque);                       /* the processor received INIT */
} X86ApicOps;

enum { X86_FEATURE_WORDS = 32, X86_HISTORY = 8 };

/* An event that was delivered, for reports. */
typedef struct {
    X86Event event;
    uint16_t cs;
    uint64_t ip;
} X86Delivered;

/* A switch for each feature. */
typedef struct {
#define FEATURE(word, bit, name, text, offered, needs) bool name;
#include "target/x86/features.def"
#undef FEATURE
} X86FeatureSwitches;

/* What the processor is; constant after realize. */
typedef struct {
    uint32_t features[X86_FEATURE_WORDS]; /* by X86FeatureWord (features.def) */
    X86FeatureSwitches on;                /* properties; .features is made of them at realize */
    X86FeatureSwitches model_on;          /* before the properties */
    uint32_t level, xlevel, family, model, stepping;
    char *vendor;   /* 12 characters */
    char *model_id; /* up to 48 */
    char *hypervisor_id;
    uint32_t apic_id; /* UINT32_MAX: from the topology */
    uint8_t physical_bits;
    uint64_t tsc_hz;
    bool enforce, check; /* refuse, or warn of, features that cannot be had */
    bool migratable;     /* nothing to leave out: all that is offered can be saved and loaded */
    char *unavailable;   /* features that were asked for and cannot be had, commas between */
    bool quiet;          /* the warning was given, for another processor of the machine */
} X86Config;

typedef struct X86Cpu {
    Cpu cpu;
    X86Flags flags; /* first: within reach of short displacements, as they are written so often */
    uint64_t r[X86_REGISTERS]; /* 32-bit modes leave upper halves as they are */
    uint64_t scratch[2];       /* values on their way over a local label within one instruction */
    X86Vector v[X86_VECTORS];  /* MXCSR lives in TcgEnv.mxcsr_guest */
    X86Vector operand;         /* of memory, for helpers; nothing outlives an instruction */
    X86Segment segment[X86_SEGMENTS];
    X86TableRegister gdtr, idtr;
    uint32_t mode;      /* derived: what the context key is made from (mode.h) */
    uint32_t mode_base; /* likewise: base of CS outside 64-bit code, else 0 */
    X86Control control;
    X86Msrs msr;
    X86Fpu fpu;
    /* FERR#, set by the board before realize; NULL: not wired. vCPU thread, no lock held */
    void (*ferr)(void *opaque, bool level);
    void *ferr_opaque;
    X86Event event; /* set by x86_raise..() before tcg_raise() */
    uint8_t shadow; /* interrupts are held back for one instruction: X86_SHADOW_STI, _MOV_SS */
    bool smm, nmi_blocked;
    bool sipi_wait;        /* application processor after INIT */
    bool a20_off;          /* bit 20 of physical addresses is 0 */
    bool shutdown;         /* after a triple fault: until NMI, SMI, INIT or reset */
    bool hlt;              /* it waits, or waited until now, in HLT */
    bool wait_break;       /* MWAIT: interrupts end it though IF is clear */
    uint64_t resume_pc;    /* where RF holds a breakpoint back */
    uint8_t debug_pending; /* DR6 bits of data breakpoints that the running instruction met */
    uint8_t sipi_vector;
    uint32_t pending;       /* atomic: X86_PENDING_x */
    const X86ApicOps *apic; /* set by the board before realize */
    void *apic_opaque;
    AddressSpace *io;         /* port I/O; set by the board before realize */
    AddressSpace *smm_memory; /* what is seen in system management mode; NULL: as cpu.memory */
    uint64_t saved_pc,
        saved_rflags; /* fields of the saved state that have another home while running */
    uint32_t saved_mxcsr;
    X86Delivered history[X86_HISTORY];
    uint8_t history_next;
    MemoryListener *smm_listener;
    AddressSpace *plain_memory; /* in system management mode: the cpu.memory of outside */
    X86Config config;
} X86Cpu;

/* A model: identity and the features that are on by default. */
typedef struct {
    const char *vendor, *model_id;
    uint8_t family, model, stepping, level; /* level: of CPUID */
    uint32_t xlevel;
    const char *features; /* names with blanks between; "" and all_features: whatever there is */
    const char *without;  /* taken out of that again; may be NULL */
    bool all_features;
    uint8_t physical_bits; /* 0: 40 */
} X86Model;

typedef struct {
    CpuClass cpu;
    X86Model model;
} X86CpuClass;

extern const X86CpuClass x86_cpu_class;

/** x86_cpu_signal - set (@level true) or clear a bit of X86Cpu.pending and wake the processor; any
 * thread */
void x86_cpu_signal(X86Cpu *cpu, uint32_t pending, bool level);
/** x86_cpu_sipi - start-up IPI with @vector: a waiting processor starts at @vector << 12; any
 * thread */
void x86_cpu_sipi(X86Cpu *cpu, uint8_t vector);
