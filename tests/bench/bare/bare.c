/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results on the console, events in a row, and the functions that a compiler calls on its own. */
#include "bare.h"

static void put(const char *text)
{
    for (; *text; text++) {
        machine_put(*text);
    }
}

static void put_number(uint64_t number, unsigned base)
{
    char digits[24], *at = digits + sizeof(digits);

    *--at = 0;
    do {
        *--at = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    put(at);
}

void bare_result(const char *name, uint64_t ns, uint64_t digest)
{
    put("result ");
    put(name);
    put(" ");
    put_number(ns, 10);
    put(" ");
    put_number(digest, 16);
    put("\n");
}

void bare_events(const BareEvent *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t start = machine_time_ns();
        for (unsigned round = 0; round < events[i].count; round++) {
            events[i].run();
        }
        bare_result(events[i].name, machine_time_ns() - start, events[i].count);
    }
}

int main(void);
int main(void)
{
    machine_start();
    put("\n"); /* what firmware said may have no end */
    return bare_main();
}

void *memset(void *to, int value, size_t bytes);
void *memcpy(void *to, const void *from, size_t bytes);

void *memset(void *to, int value, size_t bytes)
{
    for (volatile uint8_t *at = to; bytes--; at++) {
        *at = (uint8_t)value;
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
    volatile uint8_t *at = to;

    for (const uint8_t *source = from; bytes--;) {
        *at++ = *source++;
    }
    return to;
}
