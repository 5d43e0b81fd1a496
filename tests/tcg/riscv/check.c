/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares saved registers with the table that run.py made from the head of a test, and says what
 * differs. */
#include <stdint.h>

typedef struct {
    uint64_t number; /* 0 to 31: x, 32 to 63: f, 64: fcsr */
    uint64_t value;
} Expected;

extern const uint64_t registers[65];
extern const Expected expected[], expected_end[];

int check(void);
int check_trap(uint64_t cause, uint64_t pc, uint64_t value);

static void put(const char *text)
{
    for (; *text; text++) {
        *(volatile uint8_t *)0x10000000 = (uint8_t)*text;
    }
}

static void put_hex(const char *before, uint64_t value)
{
    char digits[17] = { 0 };

    for (int i = 15; i >= 0; i--, value >>= 4) {
        digits[i] = "0123456789abcdef"[value & 15];
    }
    put(before);
    put(digits);
}

int check(void)
{
    int failed = 0;

    for (const Expected *at = expected; at < expected_end; at++) {
        if (registers[at->number] != at->value) {
            char name[] = { at->number < 32   ? 'x'
                            : at->number < 64 ? 'f'
                                              : 'c',
                            (char)('0' + at->number % 32 / 10), (char)('0' + at->number % 32 % 10),
                            0 };
            put(name);
            put_hex(" is ", registers[at->number]);
            put_hex(", expected ", at->value);
            put("\n");
            failed = 1;
        }
    }
    return failed;
}

int check_trap(uint64_t cause, uint64_t pc, uint64_t value)
{
    put_hex("unexpected trap: mcause ", cause);
    put_hex(" mepc ", pc);
    put_hex(" mtval ", value);
    put("\n");
    return 1;
}
