/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floating-point instructions, and what each has to give. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Number of a format in the fmt field. */
typedef enum { FMT_S, FMT_D, FMT_H, FMT_COUNT } Fmt;

typedef enum {
    KIND_ARITHMETIC, /* variant: SoftOp */
    KIND_FMA,        /* FLOAT_FMA_NEGATE_* */
    KIND_CONVERT,    /* Fmt of the source */
    KIND_ROUND,      /* whether inexact is raised */
    KIND_TO_INT,     /* 0 w, 1 wu, 2 l, 3 lu */
    KIND_FROM_INT,
    KIND_SIGN,    /* 0 copy, 1 opposite, 2 exclusive or */
    KIND_MINMAX,  /* rm field */
    KIND_COMPARE, /* rm field */
    KIND_CLASS,
    KIND_TO_X,
    KIND_FROM_X,
    KIND_CONSTANT,
    KIND_MODULAR,
} Kind;

typedef struct {
    const char *name;
    uint32_t code; /* fmt, rm where it varies, and registers are 0 */
    Kind kind;
    unsigned variant;
    unsigned sources;
    unsigned formats; /* bit mask by Fmt */
} Insn;

extern const Insn insns[];
extern const unsigned insn_count;

typedef struct {
    const Insn *insn;
    Fmt fmt;
    unsigned rounding; /* in effect */
    unsigned index;    /* KIND_CONSTANT: rs1 field */
    uint64_t source[3];
} InsnCall;

bool insn_has_rounding(const Insn *insn);
bool insn_reads_x(const Insn *insn);
bool insn_writes_x(const Insn *insn);

/* Format of the sources, if they are floating-point registers. */
Fmt insn_source_format(const Insn *insn, Fmt fmt);

/**
 * insn_expect - contents of the destination register
 * @flags: out: fflags that the instruction raises
 */
uint64_t insn_expect(const InsnCall *call, unsigned *flags);

/** insn_box - @v as a register holds it */
uint64_t insn_box(Fmt fmt, uint64_t v);
