/* SPDX-License-Identifier: GPL-2.0-or-later */
/* accel/tcg with several vCPUs: atomics, code that another vCPU changes, eviction. Meant for TSan
 * as well. */
#include <string.h>

#include "tests/unit/fake_guest.h"

enum { CPUS = 3, ROUNDS = 300 };

static uint64_t ram64(const FakeMachine *fake, uint64_t at)
{
    uint64_t value;

    memcpy(&value, fake->ram + at, sizeof(value));
    return value;
}

static void count_together(const char *options, FakeOp op, uint64_t where)
{
    FakeMachine *fake = fake_machine_new(CPUS, options);
    uint64_t at = 0x1000;

    at = fake_put(fake, at, op, 3, 2 | 1 << 4);
    at = fake_put(fake, at, FAKE_ADDI, 4, -1);
    at = fake_put(fake, at, FAKE_BNEZ, 4, -8);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    for (unsigned i = 0; i < CPUS; i++) {
        FakeCpu *cpu = fake_cpu(fake, i);
        cpu->r[1] = i + 1;
        cpu->r[2] = where;
        cpu->r[4] = 10 * ROUNDS;
        cpu->cpu.env.hot.pc = 0x1000;
    }
    fake_run(fake);
    g_assert_cmpuint(ram64(fake, where), ==, 10 * ROUNDS * (1 + 2 + 3));
    fake_machine_free(fake);
}

static void test_atomics_add_up(gconstpointer options)
{
    count_together(options, FAKE_ATOMIC, 0x4000);
}

static void test_unaligned_atomics_add_up(gconstpointer options)
{
    count_together(options, FAKE_ATOMICU, 0x4004);
    count_together(options, FAKE_ATOMICU, 0x4ffc);
}

/*
 * vCPU 0 writes an instruction, then its number to a word; the others wait for the number, fence,
 * run the instruction, and report. All must always run the newest.
 */
static void test_code_of_another_vcpu_is_seen_after_a_fence(gconstpointer options)
{
    const unsigned rounds =
        strstr(options, "thread=single") ? ROUNDS / 10 : ROUNDS; /* turns are long */
    FakeMachine *fake = fake_machine_new(2, options);
    FakeCpu *writer = fake_cpu(fake, 0), *reader = fake_cpu(fake, 1);
    const uint64_t code = 0x6000, flag = 0x8000, reply = 0x9000;
    uint64_t at, loop;

    /* writer: r1 = instruction (its immediate grows), r2 = round; wait for the reply of the last
     * round */
    loop = at = 0x1000;
    at = fake_put(fake, at, FAKE_ADDI, 2, 1);
    at = fake_put(fake, at, FAKE_ATOMICU, 15, 14 | 13 << 4); /* next instruction word */
    at = fake_put(fake, at, FAKE_LOAD, 1, 14);
    at = fake_put(fake, at, FAKE_STORE4, 1, 10);
    at = fake_put(fake, at, FAKE_STORE, 2, 11);
    uint64_t wait = at;
    at = fake_put(fake, at, FAKE_LOAD, 5, 12);
    at = fake_put(fake, at, FAKE_BNEZ, 5, 8);
    at = fake_put(fake, at, FAKE_JUMP, 0, wait - at);
    at = fake_put(fake, at, FAKE_STORE, 0, 12); /* reply = 0 */
    at = fake_put(fake, at, FAKE_ADDI, 4, -1);
    at = fake_put(fake, at, FAKE_BNEZ, 4, loop - at);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    writer->r[4] = rounds;
    writer->r[10] = code;
    writer->r[11] = flag;
    writer->r[12] = reply;
    writer->r[13] = 1 << 16;
    writer->r[14] = 0xa000;
    memcpy(fake->ram + 0xa000, (uint8_t[]){ FAKE_ADDI, 3, 0, 0, 0, 0, 0, 0 }, 8);

    /* reader: wait for the flag, clear it, fence, call */
    loop = at = 0x2000;
    at = fake_put(fake, at, FAKE_LOAD, 5, 11);
    at = fake_put(fake, at, FAKE_BNEZ, 5, 8);
    at = fake_put(fake, at, FAKE_JUMP, 0, loop - at);
    at = fake_put(fake, at, FAKE_STORE, 0, 11);
    at = fake_put(fake, at, FAKE_FENCE, 0, 0);
    at = fake_put(fake, at, FAKE_JR, 10, 0);
    uint64_t back = at;
    at = fake_put(fake, at, FAKE_STORE, 13, 12); /* reply = 1 */
    at = fake_put(fake, at, FAKE_ADDI, 4, -1);
    at = fake_put(fake, at, FAKE_BNEZ, 4, loop - at);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    reader->r[4] = rounds;
    reader->r[9] = back;
    reader->r[10] = code;
    reader->r[11] = flag;
    reader->r[12] = reply;
    reader->r[13] = 1;
    at = fake_put(fake, code, FAKE_ADDI, 3, 0);
    fake_put(fake, at, FAKE_JR, 9, 0);

    writer->cpu.env.hot.pc = 0x1000;
    reader->cpu.env.hot.pc = 0x2000;
    fake_run(fake);
    g_assert_cmpuint(reader->r[3], ==, (uint64_t)rounds * (rounds + 1) / 2);
    fake_machine_free(fake);
}

static void test_small_cache_serves_all(gconstpointer options)
{
    g_autofree char *more = g_strconcat(options, ",tb-size=1,chunk-size=64", NULL);
    FakeMachine *fake = fake_machine_new(CPUS, more);
    uint64_t at = 0x8000;

    while (at < 0x38000) {
        at = fake_put(fake, at, FAKE_ADDI, 1, 1);
        at = fake_put(fake, at, FAKE_JUMP, 0, 4);
    }
    at = fake_put(fake, at, FAKE_ADDI, 3, -1);
    at = fake_put(fake, at, FAKE_BNEZ, 3, 8);
    at = fake_put(fake, at, FAKE_STOP, 0, 0);
    fake_put(fake, at, FAKE_JR, 4, 0);
    for (unsigned i = 0; i < CPUS; i++) {
        fake_cpu(fake, i)->r[3] = 3;
        fake_cpu(fake, i)->r[4] = 0x8000;
        fake_cpu(fake, i)->cpu.env.hot.pc = 0x8000 + 0x1000 * i;
    }
    fake_run(fake);
    for (unsigned i = 0; i < CPUS; i++) {
        g_assert_cmpuint(fake_cpu(fake, i)->r[1], ==, 3 * (0x30000 / 8) - i * (0x1000 / 8));
    }
    fake_machine_free(fake);
}

static void add_one(Cpu *cpu, void *data)
{
    ++*(unsigned *)data;
}

static void test_work_runs_between_instructions(gconstpointer options)
{
    FakeMachine *fake = fake_machine_new(2, options);
    unsigned done = 0;

    for (unsigned i = 0; i < 50; i++) {
        cpu_run_on_sync(&fake_cpu(fake, i % 2)->cpu, add_one, &done);
    }
    g_assert_cmpuint(done, ==, 50);
    fake_machine_free(fake);
}

int main(int argc, char **argv)
{
    static const char *const modes[] = {
        "interp=on",
        "interp=on,random-kicks=on,one-entry-tlb=on",
        "interp=on,flush-every=7",
        "interp=on,thread=single",
        "interp=on,icount=0,icount-sleep=off",
        "interp=off",
        "random-kicks=on,one-entry-tlb=on",
        "flush-every=7",
        "lockstep=on",
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        static const struct {
            const char *name;
            void (*fn)(gconstpointer);
        } cases[] = {
            { "atomic", test_atomics_add_up },
            { "unaligned", test_unaligned_atomics_add_up },
            { "code", test_code_of_another_vcpu_is_seen_after_a_fence },
            { "evict", test_small_cache_serves_all },
            { "work", test_work_runs_between_instructions },
        };
        for (unsigned c = 0; c < G_N_ELEMENTS(cases); c++) {
            g_autofree char *path = g_strdup_printf("/tcg-smp/%u/%s", i, cases[c].name);
            g_test_add_data_func(path, modes[i], cases[c].fn);
        }
    }
    return g_test_run();
}
