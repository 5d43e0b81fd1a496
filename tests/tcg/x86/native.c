/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's processor as oracle: a child process maps code and data where programs expect them.
 * A signal's handler exchanges the registers of the interrupted code for those of the program; the
 * signal that ends the program exchanges them back.
 */
#include "tests/tcg/x86/oracle.h"

#include <asm/ldt.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { LEFT_FLAGS = 0x244000 /* AC, NT, ID */, FSGSBASE = 2 /* AT_HWCAP2 */ };
/* The extended part of a signal's FP state, from its start (SDM vol. 1, 13.4) */
enum { XSTATE_BV = 512, MXCSR_AT = 24, XMM_AT = 160, YMM_AT = 576, MXCSR_RESET = 0x1f80 };
enum { HAS_SSE = 2, HAS_AVX = 4 };

static const int greg_of[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

/* The child's; one program at a time. */
static struct {
    OracleCase *running;
    gregset_t home;
    uint64_t pc, fs_base;
    bool has_segments;
} child;

static struct {
    pid_t pid;
    int to_child[2], from_child[2];
} pipes;

static void set_segment_registers(uint16_t ds, uint16_t es, uint16_t gs)
{
    __asm__ volatile("mov %w0, %%ds; mov %w1, %%es; mov %w2, %%gs"
                     :
                     : "r"((uint32_t)ds), "r"((uint32_t)es), "r"((uint32_t)gs));
}

/* The program begins with the FP state of FNINIT and with vector registers of 0. */
static void reset_fp(ucontext_t *context)
{
    uint8_t *fp = (uint8_t *)context->uc_mcontext.fpregs;
    uint32_t mxcsr = MXCSR_RESET;

    memset(fp + XSTATE_BV, 0, 8);
    memcpy(fp + MXCSR_AT, &mxcsr, 4);
}

static void enter(int number, siginfo_t *info, void *context)
{
    greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
    const OracleCase *c = child.running;
    const OracleState *before = &c->before;
    uint64_t cs = c->cs ? c->cs : c->code32 ? ORACLE_CS32 : ORACLE_CS64;
    uint64_t ss = c->cs ? c->ss : ORACLE_DS;

    memcpy(child.home, g, sizeof(gregset_t));
    for (unsigned i = 0; i < 16; i++) {
        g[greg_of[i]] = before->r[i];
    }
    g[REG_EFL] = (before->flags & 0xcd5) | 0x202 | (c->step ? 0x100 : 0);
    g[REG_RIP] = child.pc;
    g[REG_CSGSFS] = (g[REG_CSGSFS] & 0x0000ffffffff0000ll) | cs | ss << 48;
    if (c->exact) {
        reset_fp(context);
    }
    if (c->cs) {
        set_segment_registers(c->ds, c->es, c->gs);
    }
}

static void store_vectors(OracleState *after, const ucontext_t *context)
{
    const uint8_t *fp = (const uint8_t *)context->uc_mcontext.fpregs;
    uint64_t present;

    memset(after->v, 0, sizeof(after->v));
    memcpy(&present, fp + XSTATE_BV, 8);
    memcpy(&after->mxcsr, fp + MXCSR_AT, 4);
    for (unsigned i = 0; i < 16; i++) {
        if (present & HAS_SSE) {
            memcpy(after->v[i], fp + XMM_AT + 16 * i, 16);
        }
        if (present & HAS_AVX) {
            memcpy(after->v[i] + 2, fp + YMM_AT + 16 * i, 16);
        }
    }
}

/* What the program may have done to the processor that the handler cannot live with. */
static inline __attribute__((always_inline)) void make_sane(void)
{
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp; pushfq; andq %0, (%%rsp); popfq; lea 128(%%rsp), %%rsp"
        :
        : "i"(~(int64_t)LEFT_FLAGS)
        : "memory", "cc");
    if (child.has_segments) {
        __asm__ volatile("mov %w0, %%fs; wrfsbase %1" : : "r"(0), "r"(child.fs_base));
        set_segment_registers(ORACLE_DS, ORACLE_DS, 0);
    }
}

static void leave(int number, siginfo_t *info, void *context)
{
    greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
    OracleCase *c;
    OracleState *after;
    uint16_t ds, es, gs;

    __asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%gs, %2" : "=r"(ds), "=r"(es), "=r"(gs));
    make_sane();
    c = child.running;
    if (!c) {
        signal(number, SIG_DFL);
        return;
    }
    after = &c->native;
    for (unsigned i = 0; i < 16; i++) {
        after->r[i] = g[greg_of[i]];
    }
    if (number == SIGTRAP && g[REG_TRAPNO] == 1 && c->step &&
        oracle_note_step(c, after, g[REG_RIP], after->r)) {
        if (c->code32) {
            set_segment_registers(ds, es, gs);
        }
        return;
    }
    after->flags = g[REG_EFL];
    after->pc = g[REG_RIP];
    after->vector = g[REG_TRAPNO];
    after->code = g[REG_ERR];
    after->address = after->vector == 14 ? g[REG_CR2] : 0;
    c->endless = number == SIGALRM;
    store_vectors(after, context);
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
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);

    return at == (void *)address ? at : NULL;
}

static void run_one(OracleCase *c, unsigned index, uint8_t *data)
{
    const struct itimerval limit = { .it_value.tv_sec = 2 }, none = { 0 };

    memcpy(data, c->data, ORACLE_DATA_BYTES);
    child.pc = oracle_ip(c, index);
    c->native.steps = 0;
    child.running = c;
    setitimer(ITIMER_REAL, &limit, NULL);
    raise(SIGUSR1);
    setitimer(ITIMER_REAL, &none, NULL);
    memcpy(c->native_data, data, ORACLE_DATA_BYTES);
}

/* 32-bit programs need data segments; 64-bit ones do not look at them. */
static void load_segments(void)
{
    set_segment_registers(ORACLE_DS, ORACLE_DS, 0);
    if (native_has_segments()) {
        __asm__ volatile("rdfsbase %0" : "=r"(child.fs_base));
        child.has_segments = true;
    }
}

static bool load_table(void)
{
    for (unsigned i = 0; i < ORACLE_LDT_ENTRIES; i++) {
        const OracleSegment *s = &oracle_ldt[i];
        struct user_desc entry = {
            .entry_number = i,
            .base_addr = s->base,
            .limit = s->limit,
            .seg_32bit = s->is_32bit,
            .contents = s->contents,
            .read_exec_only = s->read_exec_only,
            .limit_in_pages = s->pages,
            .seg_not_present = s->not_present,
        };
        if (syscall(SYS_modify_ldt, 0x11, &entry, sizeof(entry))) {
            return false;
        }
    }
    return true;
}

bool native_has_segments(void)
{
    return getauxval(AT_HWCAP2) & FSGSBASE && load_table();
}

static void child_main(OracleBatch *batch)
{
    size_t bytes = ORACLE_BATCH * ORACLE_CODE_BYTES;
    uint8_t *code = map_at(ORACLE_CODE, bytes, PROT_READ | PROT_WRITE);
    uint8_t *data = map_at(ORACLE_DATA, ORACLE_DATA_BYTES, PROT_READ | PROT_WRITE);
    void *read_only = map_at(ORACLE_DATA + ORACLE_DATA_BYTES, ORACLE_READ_ONLY_BYTES, PROT_READ);
    char word;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    catch_signals();
    load_segments();
    while (code && data && read_only && read(pipes.to_child[0], &word, 1) == 1) {
        mprotect(code, bytes, PROT_READ | PROT_WRITE);
        for (unsigned i = 0; i < batch->count; i++) {
            memcpy(code + i * ORACLE_CODE_BYTES, batch->cases[i].code, ORACLE_CODE_BYTES);
        }
        mprotect(code, bytes, PROT_READ | PROT_EXEC | (batch->writable_code ? PROT_WRITE : 0));
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
