/* SPDX-License-Identifier: GPL-2.0-or-later */
/* accel/tcg with one vCPU of a made-up guest: memory, faults, code that changes, address spaces. */
#include <string.h>

#include "memory/ram.h"
#include "tests/unit/fake_guest.h"

static const char *options; /* of the accelerator, for this run of all tests */

static uint64_t ram64(const FakeMachine *fake, uint64_t at)
{
    uint64_t value;

    memcpy(&value, fake->ram + at, sizeof(value));
    return value;
}

static void set64(FakeMachine *fake, uint64_t at, uint64_t value)
{
    memcpy(fake->ram + at, &value, sizeof(value));
}

static void test_loop_counts(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x1000;

    at = fake_put(fake, at, FAKE_ADDI, 2, 3);
    at = fake_put(fake, at, FAKE_ADDI, 1, -1);
    at = fake_put(fake, at, FAKE_BNEZ, 1, -8);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    cpu->r[1] = 1000;
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(cpu->r[2], ==, 3000);
    g_assert_cmpuint(cpu->r[1], ==, 0);
    g_assert_cmpuint(cpu->exceptions, ==, 0);
    fake_machine_free(fake);
}

static void test_load_and_store_cross_pages(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x1000;

    at = fake_put(fake, at, FAKE_STORE, 1, 2);
    at = fake_put(fake, at, FAKE_LOAD, 3, 2);
    at = fake_put(fake, at, FAKE_LOADB, 4, 2);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    cpu->r[1] = 0x1122334455667788;
    cpu->r[2] = 0x5ffd;
    cpu->cpu.env.hot.pc = 0x1000;
    cpu->map[0][6].physical = 9; /* the second page is elsewhere */
    fake_run(fake);
    g_assert_cmphex(cpu->r[3], ==, cpu->r[1]);
    g_assert_cmphex(cpu->r[4], ==, 0x8877);
    g_assert_cmphex(fake->ram[0x5fff], ==, 0x66);
    g_assert_cmphex(fake->ram[0x9000], ==, 0x55);
    fake_machine_free(fake);
}

static void test_store_that_faults_in_its_second_page_writes_nothing(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x1000;

    at = fake_put(fake, at, FAKE_ADDI, 5, 1);
    fake_put(fake, at, FAKE_STORE, 1, 2);
    cpu->r[1] = ~0ull;
    cpu->r[2] = 0x5ffc;
    cpu->map[0][6].rights = MEMORY_READ;
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(cpu->exceptions, ==, 1);
    g_assert_cmphex(cpu->fault_address, ==, 0x6000);
    g_assert_cmphex(cpu->cause_pc, ==, 0x1004);
    g_assert_cmpuint(cpu->r[5], ==, 1);
    g_assert_cmphex(ram64(fake, 0x5ff8), ==, 0);
    fake_machine_free(fake);
}

static void test_device_sees_each_access_once(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x1000;

    at = fake_put(fake, at, FAKE_STORE, 1, 2);
    at = fake_put(fake, at, FAKE_LOAD, 3, 2);
    at = fake_put(fake, at, FAKE_LOAD, 4, 5);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    cpu->map[0][7].physical = FAKE_IO_PAGE;
    cpu->map[0][8].physical = FAKE_NONE_PAGE;
    cpu->r[1] = 77;
    cpu->r[2] = 0x7008;
    cpu->r[5] = 0x8000;
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(fake->io_writes, ==, 1);
    g_assert_cmpuint(fake->io_reads, ==, 1);
    g_assert_cmpuint(cpu->r[3], ==, 77 + 8);
    g_assert_cmpuint(cpu->bus_errors, ==, 1);
    g_assert_cmphex(cpu->cause_pc, ==, 0x1008);
    fake_machine_free(fake);
}

static void test_fetch_fault_is_raised_at_the_instruction(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);

    fake_put(fake, 0x1ffc, FAKE_ADDI, 1, 1); /* falls into page 2 */
    cpu->map[0][2].rights = MEMORY_READ | MEMORY_WRITE;
    cpu->cpu.env.hot.pc = 0x1ffc;
    fake_run(fake);
    g_assert_cmpuint(cpu->r[1], ==, 1);
    g_assert_cmpuint(cpu->exceptions, ==, 1);
    g_assert_cmphex(cpu->fault_address, ==, 0x2000);
    fake_machine_free(fake);
}

static void test_straddling_instruction_follows_its_second_page(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x1ff6;

    /* r1 += (0x0101 or 0x0201): the second half of the immediate's instruction is in page 2 or 5 */
    at = fake_put(fake, at, FAKE_ADDI, 3, -1);
    at = fake_put(fake, at, FAKE_ADDI, 4, 1);
    g_assert_cmphex(at, ==, 0x1ffe);
    at = fake_put(fake, at, FAKE_ADDI, 1, 0x0101);
    at = fake_put(fake, at, FAKE_BNEZ, 3, 0x1ff6 - 0x2002);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    memcpy(fake->ram + 0x5000, fake->ram + 0x2000, 64);
    fake->ram[0x5001] = 2;
    cpu->r[3] = 100;
    cpu->cpu.env.hot.pc = 0x1ff6;
    fake_run(fake);
    g_assert_cmphex(cpu->r[1], ==, 100 * 0x0101);
    /* the same, after the mapping changed */
    at = fake_put(fake, 0x7000, FAKE_FLUSH, 8, 0);
    fake_put(fake, at, FAKE_JR, 9, 0);
    cpu->map[0][2].physical = 5;
    cpu->r[1] = 0;
    cpu->r[3] = 100;
    cpu->r[8] = 0x2000;
    cpu->r[9] = 0x1ff6;
    cpu->cpu.env.hot.pc = 0x7000;
    fake_run(fake);
    g_assert_cmphex(cpu->r[1], ==, 100 * 0x0201);
    fake_machine_free(fake);
}

static void test_store_into_the_next_instruction_takes_effect(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x1000;

    at = fake_put(fake, at, FAKE_STORE4, 1, 2);
    at = fake_put(fake, at, FAKE_ADDI, 3, 1); /* becomes += 5 */
    at = fake_put(fake, at, FAKE_ADDI, 4, 1);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    cpu->r[1] = FAKE_ADDI | 3 << 8 | 5 << 16;
    cpu->r[2] = 0x1004;
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(cpu->r[3], ==, 5);
    g_assert_cmpuint(cpu->r[4], ==, 1);
    fake_machine_free(fake);
}

static void test_store_into_other_code_takes_effect(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x1000;

    /* call r10 twice, the second time after its immediate grew */
    at = fake_put(fake, at, FAKE_JR, 10, 0);
    at = fake_put(fake, at, FAKE_STORE4, 1, 10);
    at = fake_put(fake, at, FAKE_ADDI, 11, 0x1000);
    at = fake_put(fake, at, FAKE_JR, 10, 0);
    fake_put(fake, 0x2004, FAKE_STOP, 0, 0);
    at = fake_put(fake, 0x3000, FAKE_ADDI, 3, 1);
    fake_put(fake, at, FAKE_JR, 11, 0);
    cpu->r[1] = FAKE_ADDI | 3 << 8 | 7 << 16;
    cpu->r[10] = 0x3000;
    cpu->r[11] = 0x1004;
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(cpu->r[3], ==, 8);
    fake_machine_free(fake);
}

static void test_data_beside_code_stays_correct(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x1000;

    at = fake_put(fake, at, FAKE_ADDI, 1, 1);
    at = fake_put(fake, at, FAKE_STORE, 1, 2);
    at = fake_put(fake, at, FAKE_ADDI, 3, -1);
    at = fake_put(fake, at, FAKE_BNEZ, 3, -12);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    cpu->r[2] = 0x1800;
    cpu->r[3] = 2000; /* past the point where the page becomes mixed */
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(ram64(fake, 0x1800), ==, 2000);
    /* and a mixed page still notices that its code changed */
    fake_put(fake, 0x1000, FAKE_ADDI, 1, 2);
    cpu->r[3] = 10;
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(ram64(fake, 0x1800), ==, 2020);
    fake_machine_free(fake);
}

static void test_dma_into_code_takes_effect(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint8_t bytes[4] = { FAKE_ADDI, 1, 9, 0 };
    uint64_t at = fake_put(fake, 0x1000, FAKE_ADDI, 1, 1);

    fake_put(fake, at, FAKE_STOP, 0, 0);
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    address_space_write(&fake->machine->memory, 0x1000, bytes, 4, (MemTxAttrs){ 0 });
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(cpu->r[1], ==, 10);
    fake_machine_free(fake);
}

static void test_address_spaces_keep_apart(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x1000;

    for (unsigned s = 0; s < FAKE_SPACES; s++) {
        cpu->map[s][4].physical = 10 + s; /* data */
        cpu->map[s][5].physical = 20 + s; /* code */
        cpu->map[s][1].global = true;
        set64(fake, (10 + s) << 12, 100 * s);
        at = fake_put(fake, (20 + s) << 12, FAKE_ADDI, 6, s + 1);
        fake_put(fake, at, FAKE_JR, 11, 0);
    }
    /* 40 rounds through all spaces: r1 += data, r6 += code */
    at = 0x1000;
    for (unsigned s = 0; s < FAKE_SPACES; s++) {
        at = fake_put(fake, at, FAKE_SPACE, 0, s);
        at = fake_put(fake, at, FAKE_LOAD, 12, 2);
        at = fake_put(fake, at, FAKE_ADDI, 12, 1);
        at = fake_put(fake, at, FAKE_STORE, 12, 2);
        at = fake_put(fake, at, FAKE_ADDI, 11, 4 * 6);
        at = fake_put(fake, at, FAKE_JR, 10, 0);
    }
    at = fake_put(fake, at, FAKE_ADDI, 11, -4 * 24);
    at = fake_put(fake, at, FAKE_ADDI, 3, -1);
    at = fake_put(fake, at, FAKE_BNEZ, 3, 0x1000 - at);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    cpu->r[2] = 0x4000;
    cpu->r[3] = 40;
    cpu->r[10] = 0x5000;
    cpu->r[11] = 0x1000;
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(cpu->r[6], ==, 40 * (1 + 2 + 3 + 4));
    for (unsigned s = 0; s < FAKE_SPACES; s++) {
        g_assert_cmpuint(ram64(fake, (10 + s) << 12), ==, 100 * s + 40);
    }
    fake_machine_free(fake);
}

static void test_page_flush_shows_the_new_mapping(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x1000;

    at = fake_put(fake, at, FAKE_LOAD, 3, 2);
    at = fake_put(fake, at, FAKE_FLUSH, 2, 0);
    at = fake_put(fake, at, FAKE_LOAD, 4, 2);
    fake_put(fake, at, FAKE_STOP, 0, 0);
    set64(fake, 0x4000, 44);
    set64(fake, 0x6000, 66);
    cpu->r[2] = 0x4000;
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    cpu->map[0][4].physical = 6;
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(cpu->r[4], ==, 66);
    fake_machine_free(fake);
}

static void test_atomic_needs_alignment(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = fake_put(fake, 0x1000, FAKE_ATOMIC, 3, 2 | 1 << 4);

    fake_put(fake, at, FAKE_ATOMIC, 3, 4 | 1 << 4);
    set64(fake, 0x4000, 40);
    cpu->r[1] = 2;
    cpu->r[2] = 0x4000;
    cpu->r[4] = 0x4004;
    cpu->cpu.env.hot.pc = 0x1000;
    fake_run(fake);
    g_assert_cmpuint(cpu->r[3], ==, 40);
    g_assert_cmpuint(ram64(fake, 0x4000), ==, 42);
    g_assert_cmpuint(cpu->unaligned, ==, 1);
    fake_machine_free(fake);
}

static void test_wait_ends_with_an_interrupt(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = fake_put(fake, 0x1000, FAKE_WAIT, 0, 0);

    fake_put(fake, at, FAKE_ADDI, 1, 1);
    cpu->cpu.env.hot.pc = 0x1000;
    __atomic_store_n(&cpu->interrupt, false, __ATOMIC_SEQ_CST);
    machine_lock();
    ((const AccelClass *)fake->accel->object.class)->resume_all(fake->accel);
    machine_unlock();
    while (!__atomic_load_n(&cpu->cpu.halted, __ATOMIC_SEQ_CST)) {
        g_usleep(100);
    }
    __atomic_store_n(&cpu->interrupt, true, __ATOMIC_SEQ_CST);
    cpu_interrupt_changed(&cpu->cpu);
    while (!__atomic_load_n(&cpu->done, __ATOMIC_SEQ_CST)) {
        g_usleep(100);
    }
    machine_lock();
    ((const AccelClass *)fake->accel->object.class)->pause_all(fake->accel);
    machine_unlock();
    g_assert_cmpuint(cpu->r[1], ==, 0);
    fake_machine_free(fake);
}

static void map_vector(void *opaque)
{
    FakeCpu *cpu = opaque;

    cpu->map[0][FAKE_VECTOR >> 12].rights = MEMORY_READ | MEMORY_WRITE | MEMORY_EXEC;
}

static void test_time_passes_in_a_loop_of_exceptions(void)
{
    FakeMachine *fake = fake_machine_new(1, options);
    FakeCpu *cpu = fake_cpu(fake, 0);
    Timer timer;

    if (strstr(options, "icount")) { /* else time is the host's */
        timer_init(&timer, fake->machine->clocks, CLOCK_KIND_VIRTUAL, map_vector, cpu);
        timer_set_ns(&timer, 50000);
        cpu->map[0][FAKE_VECTOR >> 12].rights = 0;
        cpu->cpu.env.hot.pc = FAKE_VECTOR;
        fake_run(fake);
        g_assert_cmpuint(cpu->exceptions, >=, 2);
        timer_cancel(&timer);
    }
    fake_machine_free(fake);
}

static void test_cache_smaller_than_the_code_is_reused(void)
{
    g_autofree char *more = g_strconcat(options, ",tb-size=1,chunk-size=64", NULL);
    FakeMachine *fake = fake_machine_new(1, more);
    FakeCpu *cpu = fake_cpu(fake, 0);
    uint64_t at = 0x8000;

    /* 48 pages of jumps: some thousand blocks, several times around */
    while (at < 0x38000) {
        at = fake_put(fake, at, FAKE_ADDI, 1, 1);
        at = fake_put(fake, at, FAKE_JUMP, 0, 4);
    }
    at = fake_put(fake, at, FAKE_ADDI, 3, -1);
    at = fake_put(fake, at, FAKE_BNEZ, 3, 8);
    at = fake_put(fake, at, FAKE_STOP, 0, 0);
    fake_put(fake, at, FAKE_JR, 4, 0);
    cpu->r[3] = 4;
    cpu->r[4] = 0x8000;
    cpu->cpu.env.hot.pc = 0x8000;
    fake_run(fake);
    g_assert_cmpuint(cpu->r[1], ==, 4 * (0x30000 / 8));
    fake_machine_free(fake);
}

typedef struct {
    const char *name;
    const char *options;
} Mode;

static const Mode modes[] = {
    { "interp", "interp=on" },
    { "one-entry-tlb", "interp=on,one-entry-tlb=on" },
    { "one-insn", "interp=on,one-insn=on,random-kicks=on" },
    { "flush", "interp=on,flush-every=3" },
    { "single", "interp=on,thread=single" },
    { "icount", "interp=on,icount=3,icount-sleep=off" },
    { "tier1", "interp=off" },
    { "tier1-unpinned", "pinned-int=0,pinned-fp=0,no-groups=on" },
    { "tier1-slow", "slow-memory=on,group-fail=on" },
    { "tier1-one-entry", "one-entry-tlb=on,random-kicks=on" },
    { "tier1-no-chain", "no-chain=on,one-insn=on" },
    { "tier1-flush", "flush-every=3" },
    { "lockstep", "lockstep=on" },
    { "tier1-icount", "icount=2,icount-sleep=off" },
};

typedef struct {
    const char *name;
    void (*fn)(void);
} Case;

static const Case cases[] = {
    { "loop", test_loop_counts },
    { "cross", test_load_and_store_cross_pages },
    { "cross-fault", test_store_that_faults_in_its_second_page_writes_nothing },
    { "device", test_device_sees_each_access_once },
    { "fetch-fault", test_fetch_fault_is_raised_at_the_instruction },
    { "straddle", test_straddling_instruction_follows_its_second_page },
    { "own-code", test_store_into_the_next_instruction_takes_effect },
    { "other-code", test_store_into_other_code_takes_effect },
    { "mixed", test_data_beside_code_stays_correct },
    { "dma", test_dma_into_code_takes_effect },
    { "spaces", test_address_spaces_keep_apart },
    { "page-flush", test_page_flush_shows_the_new_mapping },
    { "atomic", test_atomic_needs_alignment },
    { "wait", test_wait_ends_with_an_interrupt },
    { "evict", test_cache_smaller_than_the_code_is_reused },
    { "exceptions", test_time_passes_in_a_loop_of_exceptions },
};

typedef struct {
    const Mode *mode;
    const Case *one;
} Run;

static void run_case(gconstpointer data)
{
    const Run *run = data;

    options = run->mode->options;
    run->one->fn();
}

int main(int argc, char **argv)
{
    static Run runs[G_N_ELEMENTS(modes)][G_N_ELEMENTS(cases)];

    g_test_init(&argc, &argv, NULL);
    for (unsigned m = 0; m < G_N_ELEMENTS(modes); m++) {
        for (unsigned c = 0; c < G_N_ELEMENTS(cases); c++) {
            g_autofree char *path = g_strdup_printf("/tcg/%s/%s", modes[m].name, cases[c].name);
            runs[m][c] = (Run){ &modes[m], &cases[c] };
            g_test_add_data_func(path, &runs[m][c], run_case);
        }
    }
    return g_test_run();
}
