/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/x86/limits.h"

#include "target/x86/frontend_internal.h"
#include "target/x86/registers_internal.h"
#include "target/x86/translate_internal.h"

/* Real mode has no types: also what CS names may be written to. */
static bool type_allows(const X86Cpu *cpu, const X86Segment *s, bool write)
{
    if (!(cpu->mode & X86_MODE_PROTECTED)) {
        return true;
    }
    if (!(s->access & SEGMENT_P)) {
        return false;
    }
    if (s->access & SEGMENT_CODE) {
        return !write && s->access & SEGMENT_READABLE;
    }
    return !write || s->access & SEGMENT_WRITABLE;
}

static bool within_limit(const X86Segment *s, uint64_t offset, unsigned bytes)
{
    uint64_t last = offset + MAX(bytes, 1) - 1;

    if ((s->access & (SEGMENT_CODE | SEGMENT_EXPAND_DOWN)) == SEGMENT_EXPAND_DOWN) {
        uint64_t top = s->access & SEGMENT_DB ? UINT32_MAX : UINT16_MAX;
        return offset > s->limit && last <= top;
    }
    return last <= s->limit;
}

bool x86_linear_address(X86Cpu *cpu, X86SegmentNumber segment, uint64_t offset, unsigned bytes,
                        bool write, uint64_t *linear)
{
    const X86Segment *s = &cpu->segment[segment];

    if (cpu->mode & X86_MODE_CODE64) {
        *linear = offset + (segment >= X86_FS ? s->base : 0);
        return true;
    }
    if ((cpu->mode & x86_limits_bit(segment) || (write && segment == X86_CS)) &&
        (!type_allows(cpu, s, write) || !within_limit(s, offset, bytes))) {
        x86_raise_code(cpu, segment == X86_SS ? X86_SS_FAULT : X86_GP, 0);
        return false;
    }
    *linear = (uint32_t)(s->base + offset);
    return true;
}

uint64_t x86_helper_linear(void *c, uint64_t what, uint64_t offset, uint64_t d, uint64_t e)
{
    uint64_t linear = 0;

    x86_linear_address(x86_cpu(c), what & 7, offset, what >> 8 & 255, what >> 16 & 1, &linear);
    return linear;
}

uint64_t x86_helper_check_fetch(void *c, uint64_t last, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = x86_cpu(c);

    if (last > cpu->segment[X86_CS].limit) {
        x86_raise_code(cpu, X86_GP, 0);
    }
    return 0;
}
