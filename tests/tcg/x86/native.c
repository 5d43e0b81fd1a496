/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's processor as oracle: a child process maps code and data where programs expect them.
 * A signal's handler exchanges the registers of the interrupted code for those of the program; the
 * signal that ends the program exchanges them back.
 */
#include "tests/tcg/x86/oracle.h"

#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static const int greg_of[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

/* The child's; one program at a time. */
static struct {
    OracleCase *running;
    gregset_t home;
    uint64_t pc;
} child;

static struct {
    pid_t pid;
    int to_child[2], from_child[2];
} pipes;

static void enter(int number, siginfo_t *info, void *context)
{
    greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
    const OracleState *before = &child.running->before;

    memcpy(child.home, g, sizeof(gregset_t));
    for (unsigned i = 0; i < 16; i++) {
        g[greg_of[i]] = before->r[i];
    }
    g[REG_EFL] = (before->flags & 0xcd5) | 0x202;
    g[REG_RIP] = child.pc;
    if (child.running->code32) {
        g[REG_CSGSFS] = (g[REG_CSGSFS] & ~0xffffll) | 0x23;
    }
}

static uint32_t vector_of(int number)
{
    switch (number) {
    case SIGFPE: return 0;
    case SIGILL: return 6;
    case SIGTRAP: return 3;
    case SIGBUS: return 17;
    default: return 14;
    }
}

static void leave(int number, siginfo_t *info, void *context)
{
    greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
    OracleState *after;

    if (!child.running) {
        signal(number, SIG_DFL);
        return;
    }
    after = &child.running->native;
    for (unsigned i = 0; i < 16; i++) {
        after->r[i] = g[greg_of[i]];
    }
    after->flags = g[REG_EFL];
    after->pc = g[REG_RIP];
    after->vector = vector_of(number);
    memcpy(g, child.home, sizeof(gregset_t));
    child.running = NULL;
}

static void catch_signals(void)
{
    static const int ends[] = { SIGILL, SIGSEGV, SIGFPE, SIGTRAP, SIGBUS, SIGALRM };
    stack_t stack = { .ss_sp = g_malloc(256 * 1024), .ss_size = 256 * 1024 };
    struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK };

    sigaltstack(&stack, NULL);
    action.sa_sigaction = enter;
    sigaction(SIGUSR1, &action, NULL);
    action.sa_sigaction = leave;
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        sigaddset(&action.sa_mask, ends[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        sigaction(ends[i], &action, NULL);
    }
}

static void *map_at(uintptr_t address, size_t bytes, int protection)
{
    void *at = mmap((void *)address, bytes, protection,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    return at == (void *)address ? at : NULL;
}

static void run_one(OracleCase *c, unsigned index, uint8_t *data)
{
    memcpy(data, c->data, ORACLE_DATA_BYTES);
    child.pc = oracle_pc(index);
    child.running = c;
    alarm(5);
    raise(SIGUSR1);
    alarm(0);
    memcpy(c->native_data, data, ORACLE_DATA_BYTES);
}

/* 32-bit programs need data segments; 64-bit ones do not look at them. */
static void load_segments(void)
{
    __asm__ volatile("movl $0x2b, %%eax; movl %%eax, %%ds; movl %%eax, %%es" ::: "eax");
}

static void child_main(OracleBatch *batch)
{
    size_t bytes = ORACLE_BATCH * ORACLE_CODE_BYTES;
    uint8_t *code = map_at(ORACLE_CODE, bytes, PROT_READ | PROT_WRITE);
    uint8_t *data = map_at(ORACLE_DATA, ORACLE_DATA_BYTES, PROT_READ | PROT_WRITE);
    char word;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    catch_signals();
    load_segments();
    while (code && data && read(pipes.to_child[0], &word, 1) == 1) {
        mprotect(code, bytes, PROT_READ | PROT_WRITE);
        for (unsigned i = 0; i < batch->count; i++) {
            memcpy(code + i * ORACLE_CODE_BYTES, batch->cases[i].code, ORACLE_CODE_BYTES);
        }
        mprotect(code, bytes, PROT_READ | PROT_EXEC);
        for (unsigned i = 0; i < batch->count; i++) {
            run_one(&batch->cases[i], i, data);
        }
        if (write(pipes.from_child[1], &word, 1) != 1) {
            break;
        }
    }
    _exit(0);
}

OracleBatch *native_new(void)
{
    OracleBatch *batch =
        mmap(NULL, sizeof(OracleBatch), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    g_assert_true(batch != MAP_FAILED);
    g_assert_true(pipe(pipes.to_child) == 0 && pipe(pipes.from_child) == 0);
    pipes.pid = fork();
    g_assert_cmpint(pipes.pid, >=, 0);
    if (pipes.pid == 0) {
        close(pipes.to_child[1]);
        close(pipes.from_child[0]);
        child_main(batch);
    }
    close(pipes.to_child[0]);
    close(pipes.from_child[1]);
    return batch;
}

bool native_run(OracleBatch *batch)
{
    char word = 'r';

    return write(pipes.to_child[1], &word, 1) == 1 && read(pipes.from_child[0], &word, 1) == 1;
}

void native_free(OracleBatch *batch)
{
    close(pipes.to_child[1]);
    close(pipes.from_child[0]);
    waitpid(pipes.pid, NULL, 0);
    munmap(batch, sizeof(OracleBatch));
}
