/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dispatch by computed goto, the heart of a threaded interpreter. */
#include "work.h"

enum { ADD, SUB, XOR, SHIFT, LOOP, END };
static const uint8_t program[] = { ADD, XOR,   ADD, SHIFT, SUB,  XOR, ADD,
                                   SUB, SHIFT, XOR, ADD,   LOOP, END };

#define NEXT goto *labels[program[pc++]]

uint64_t bench_interp(void)
{
    static const void *const labels[] = { &&add, &&sub, &&xor, &&shift, &&loop, &&end };
    uint64_t x = 1, left = 5000000;
    unsigned pc = 0;

    NEXT;
add:
    x += left;
    NEXT;
sub:
    x -= 77;
    NEXT;
    xor : x ^= 0x12345;
    NEXT;
shift:
    x = (x << 3) | (x >> 61);
    NEXT;
loop:
    if (--left) {
        pc = 0;
    }
    NEXT;
end:
    return x;
}
