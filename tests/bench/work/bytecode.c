/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack machine in a switch: counts primes with a sieve. */
#include "work.h"

enum { PUSH, LOAD, STORE, GET, PUT, ADD, LESS, JUMP, UNLESS, HALT };
enum { LIMIT = 400000 };

/* Variables: 0 the candidate, 1 its multiple, 2 the count. An instruction is an operation and its
 * operand. */
static const int32_t program[] = {
    /* 0: start */ PUSH,
    2,
    STORE,
    0,
    /* 4: next candidate */ LOAD,
    0,
    PUSH,
    LIMIT,
    LESS,
    0,
    UNLESS,
    54,
    /* 12: is it prime? */ LOAD,
    0,
    GET,
    0,
    UNLESS,
    44,
    /* 18: count it */ LOAD,
    2,
    PUSH,
    1,
    ADD,
    0,
    STORE,
    2,
    LOAD,
    0,
    LOAD,
    0,
    ADD,
    0,
    STORE,
    1,
    /* 34: another multiple? */ LOAD,
    1,
    PUSH,
    LIMIT,
    LESS,
    0,
    UNLESS,
    44,
    JUMP,
    56,
    /* 44: step */ LOAD,
    0,
    PUSH,
    1,
    ADD,
    0,
    STORE,
    0,
    JUMP,
    4,
    /* 54: end */ HALT,
    0,
    /* 56: cross it out */ LOAD,
    1,
    PUSH,
    0,
    PUT,
    0,
    LOAD,
    1,
    LOAD,
    0,
    ADD,
    0,
    STORE,
    1,
    JUMP,
    34,
};
static uint8_t sieve[LIMIT];

static int64_t run(void)
{
    int64_t stack[16], variables[3] = { 0 }, *top = stack;
    unsigned pc = 0;

    for (;;) {
        int32_t operand = program[pc + 1];
        switch (program[pc]) {
        case PUSH: *top++ = operand; break;
        case LOAD: *top++ = variables[operand]; break;
        case STORE: variables[operand] = *--top; break;
        case GET: top[-1] = sieve[top[-1]]; break;
        case PUT:
            top -= 2;
            sieve[top[0]] = (uint8_t)top[1];
            break;
        case ADD:
            top--;
            top[-1] += top[0];
            break;
        case LESS:
            top--;
            top[-1] = top[-1] < top[0];
            break;
        case JUMP: pc = (unsigned)operand; continue;
        case UNLESS:
            if (!*--top) {
                pc = (unsigned)operand;
                continue;
            }
            break;
        case HALT: return variables[2];
        }
        pc += 2;
    }
}

uint64_t bench_bytecode(void)
{
    uint64_t sum = 0;

    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < LIMIT; i++) {
            sieve[i] = 1;
        }
        sum = sum * 31 + (uint64_t)run();
    }
    return sum;
}
