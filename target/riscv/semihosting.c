/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Semihosting: a program on the bare machine asks the host for files, the console, time, and to
 * exit. Switched on by the CPU property, because it gives the guest the user's files. Spec: RISC-V
 * semihosting 1.0; its operations are those of "Semihosting for AArch32 and AArch64" 2.0.
 */
#include "target/riscv/semihosting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "target/riscv/frontend_internal.h"
#include "target/riscv/trap.h"

typedef enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITEC = 0x03,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_READC = 0x07,
    SYS_ISERROR = 0x08,
    SYS_ISTTY = 0x09,
    SYS_SEEK = 0x0a,
    SYS_FLEN = 0x0c,
    SYS_TMPNAM = 0x0d,
    SYS_REMOVE = 0x0e,
    SYS_RENAME = 0x0f,
    SYS_CLOCK = 0x10,
    SYS_TIME = 0x11,
    SYS_SYSTEM = 0x12,
    SYS_ERRNO = 0x13,
    SYS_GET_CMDLINE = 0x15,
    SYS_HEAPINFO = 0x16,
    SYS_EXIT = 0x18,
    SYS_EXIT_EXTENDED = 0x20,
    SYS_ELAPSED = 0x30,
    SYS_TICKFREQ = 0x31,
} Operation;

enum { MAX_FILES = 32, MAX_NAME = 4096, CHUNK = 4096, MAX_ARGUMENTS = 4 };
enum { REG_A0 = 10, REG_A1 = 11 };
enum { ADP_STOPPED_APPLICATION_EXIT = 0x20026 };

/* Files that the harts of a machine have open; kept by the first hart. Guarded by the machine lock.
 */
struct RiscvSemihosting {
    int fd[MAX_FILES]; /* -1: free */
    int error;
};

typedef struct {
    RiscvCpu *cpu;
    RiscvSemihosting *host;
    uint64_t block; /* a1: address of the arguments, or the argument */
    uint64_t argument[MAX_ARGUMENTS];
} Call;

static RiscvSemihosting *host_of(RiscvCpu *cpu)
{
    RiscvCpu *first = riscv_cpu(g_ptr_array_index(cpu->cpu.machine->cpus, 0));

    if (!first->semihosting) {
        first->semihosting = g_new0(RiscvSemihosting, 1);
        for (unsigned i = 0; i < MAX_FILES; i++) {
            first->semihosting->fd[i] = -1;
        }
    }
    return first->semihosting;
}

void riscv_semihosting_free(RiscvSemihosting *host)
{
    for (unsigned i = 0; host && i < MAX_FILES; i++) {
        if (host->fd[i] > STDERR_FILENO) {
            close(host->fd[i]);
        }
    }
    g_free(host);
}

static int64_t fail(Call *call, int error)
{
    call->host->error = error;
    return -1;
}

static int64_t result_of(Call *call, int64_t result)
{
    return result < 0 ? fail(call, errno) : result;
}

/* Reads the arguments; words of XLEN bits. False: they lie nowhere. */
static bool get_arguments(Call *call, unsigned count)
{
    unsigned bytes = call->cpu->xlen / 8;

    for (unsigned i = 0; i < count; i++) {
        call->argument[i] = 0;
        if (!cpu_debug_read(&call->cpu->cpu, call->block + i * bytes, &call->argument[i], bytes)) {
            return false;
        }
    }
    return true;
}

/* A name of @length bytes at @address; NULL: unreadable, or too long. Caller frees. */
static char *get_name(Call *call, uint64_t address, uint64_t length)
{
    char *name;

    if (length >= MAX_NAME) {
        return NULL;
    }
    name = g_malloc0(length + 1);
    if (!cpu_debug_read(&call->cpu->cpu, address, name, length)) {
        g_free(name);
        return NULL;
    }
    return name;
}

static int fd_of(Call *call, uint64_t handle)
{
    int fd = handle >= 1 && handle <= MAX_FILES ? call->host->fd[handle - 1] : -1;

    if (fd < 0) {
        call->host->error = EBADF;
    }
    return fd;
}

/* Modes count through r, rb, r+, r+b, w..., a...; ":tt" is the console: input for r, output for w,
 * errors for a. */
static int open_file(const char *name, unsigned mode)
{
    static const int flags[] = {
        O_RDONLY,
        O_RDONLY,
        O_RDWR,
        O_RDWR,
        O_WRONLY | O_CREAT | O_TRUNC,
        O_WRONLY | O_CREAT | O_TRUNC,
        O_RDWR | O_CREAT | O_TRUNC,
        O_RDWR | O_CREAT | O_TRUNC,
        O_WRONLY | O_CREAT | O_APPEND,
        O_WRONLY | O_CREAT | O_APPEND,
        O_RDWR | O_CREAT | O_APPEND,
        O_RDWR | O_CREAT | O_APPEND,
    };

    if (!strcmp(name, ":tt")) {
        return mode < 4 ? STDIN_FILENO : mode < 8 ? STDOUT_FILENO : STDERR_FILENO;
    }
    return open(name, flags[mode] | O_CLOEXEC, 0644);
}

static int64_t sys_open(Call *call)
{
    enum { MODES = 12 };
    g_autofree char *name = get_name(call, call->argument[0], call->argument[2]);

    if (!name || call->argument[1] >= MODES) {
        return fail(call, EINVAL);
    }
    for (unsigned i = 0; i < MAX_FILES; i++) {
        if (call->host->fd[i] < 0) {
            call->host->fd[i] = open_file(name, call->argument[1]);
            return call->host->fd[i] < 0 ? fail(call, errno) : (int64_t)i + 1;
        }
    }
    return fail(call, EMFILE);
}

static int64_t sys_close(Call *call)
{
    int fd = fd_of(call, call->argument[0]);

    if (fd < 0) {
        return -1;
    }
    call->host->fd[call->argument[0] - 1] = -1;
    return fd <= STDERR_FILENO ? 0 : result_of(call, close(fd));
}

/* Returns the number of bytes not written. */
static int64_t sys_write(Call *call)
{
    int fd = fd_of(call, call->argument[0]);
    uint64_t at = call->argument[1], left = call->argument[2];
    uint8_t chunk[CHUNK];

    while (fd >= 0 && left) {
        size_t size = MIN(left, sizeof(chunk));
        ssize_t done;
        if (!cpu_debug_read(&call->cpu->cpu, at, chunk, size)) {
            break;
        }
        done = write(fd, chunk, size);
        if (done < 0) {
            call->host->error = errno;
            break;
        }
        at += done;
        left -= done;
    }
    return left;
}

/* Returns the number of bytes not read. */
static int64_t sys_read(Call *call)
{
    int fd = fd_of(call, call->argument[0]);
    uint64_t at = call->argument[1], left = call->argument[2];
    uint8_t chunk[CHUNK];

    while (fd >= 0 && left) {
        ssize_t done = read(fd, chunk, MIN(left, sizeof(chunk)));
        if (done <= 0 || !cpu_debug_write(&call->cpu->cpu, at, chunk, done)) {
            call->host->error = done < 0 ? errno : 0;
            break;
        }
        at += done;
        left -= done;
        if ((size_t)done < sizeof(chunk)) {
            break;
        }
    }
    return left;
}

static int64_t sys_write0(Call *call)
{
    uint8_t c;

    for (uint64_t at = call->block; cpu_debug_read(&call->cpu->cpu, at, &c, 1) && c; at++) {
        if (write(STDOUT_FILENO, &c, 1) != 1) {
            return fail(call, errno);
        }
    }
    return 0;
}

static int64_t sys_writec(Call *call)
{
    uint8_t c;

    return cpu_debug_read(&call->cpu->cpu, call->block, &c, 1)
               ? result_of(call, write(STDOUT_FILENO, &c, 1))
               : fail(call, EFAULT);
}

static int64_t sys_readc(Call *call)
{
    uint8_t c;

    return read(STDIN_FILENO, &c, 1) == 1 ? c : -1;
}

static int64_t sys_flen(Call *call)
{
    int fd = fd_of(call, call->argument[0]);
    struct stat status;

    return fd < 0 ? -1 : fstat(fd, &status) < 0 ? fail(call, errno) : status.st_size;
}

static int64_t sys_seek(Call *call)
{
    int fd = fd_of(call, call->argument[0]);

    return fd < 0 ? -1 : lseek(fd, call->argument[1], SEEK_SET) < 0 ? fail(call, errno) : 0;
}

static int64_t sys_tmpnam(Call *call)
{
    g_autofree char *name = g_strdup_printf("%s/rhea-%x-%02x", g_get_tmp_dir(), getpid(),
                                            (unsigned)call->argument[1] & 255);
    size_t length = strlen(name) + 1;

    return length <= call->argument[2] &&
                   cpu_debug_write(&call->cpu->cpu, call->argument[0], name, length)
               ? 0
               : -1;
}

static int64_t sys_remove(Call *call)
{
    g_autofree char *name = get_name(call, call->argument[0], call->argument[1]);

    return name ? result_of(call, remove(name)) : fail(call, EINVAL);
}

static int64_t sys_rename(Call *call)
{
    g_autofree char *from = get_name(call, call->argument[0], call->argument[1]);
    g_autofree char *to = get_name(call, call->argument[2], call->argument[3]);

    return from && to ? result_of(call, rename(from, to)) : fail(call, EINVAL);
}

/* The program's name and arguments; their length goes to the second argument. */
static int64_t sys_get_cmdline(Call *call)
{
    const MachineBoot *boot = &call->cpu->cpu.machine->boot;
    const char *given = call->cpu->config.semihosting_arguments;
    g_autofree char *text =
        given ? g_strdup(given)
              : g_strconcat(boot->kernel ? boot->kernel : "", boot->append ? " " : "",
                            boot->append ? boot->append : "", NULL);
    uint64_t length = strlen(text);

    if (length >= call->argument[1]) {
        return fail(call, E2BIG);
    }
    return cpu_debug_write(&call->cpu->cpu, call->argument[0], text, length + 1) &&
                   cpu_debug_write(&call->cpu->cpu, call->block + call->cpu->xlen / 8, &length,
                                   call->cpu->xlen / 8)
               ? 0
               : fail(call, EFAULT);
}

/* Bases and limits of heap and stack: zero where the program may decide itself. */
static int64_t sys_heapinfo(Call *call)
{
    const uint64_t unknown[4] = { 0 };

    return cpu_debug_write(&call->cpu->cpu, call->argument[0], unknown, call->cpu->xlen / 2)
               ? 0
               : fail(call, EFAULT);
}

static int64_t virtual_ns(Call *call)
{
    return clock_ns(call->cpu->cpu.machine->clocks, CLOCK_KIND_VIRTUAL);
}

static int64_t sys_elapsed(Call *call)
{
    int64_t ns = virtual_ns(call);

    return cpu_debug_write(&call->cpu->cpu, call->block, &ns, sizeof(ns)) ? 0 : -1;
}

static int64_t sys_clock(Call *call)
{
    enum { NS_PER_CENTISECOND = 10000000 };

    return virtual_ns(call) / NS_PER_CENTISECOND;
}

/* 32-bit harts pass the reason itself, the others and the extended form a block with a code behind
 * it. */
static int64_t sys_exit(Call *call, bool block)
{
    uint64_t reason = call->block, status = 0;

    if (block) {
        if (!get_arguments(call, 2)) {
            return fail(call, EFAULT);
        }
        reason = call->argument[0];
        status = call->argument[1];
    }
    if (reason != ADP_STOPPED_APPLICATION_EXIT && !status) {
        status = 1;
    }
    machine_request_shutdown(call->cpu->cpu.machine, SHUTDOWN_GUEST_EXIT, (int)(status & 255));
    return 0;
}

static int64_t sys_istty(Call *call)
{
    int fd = fd_of(call, call->argument[0]);

    return fd < 0 ? -1 : isatty(fd);
}

static int64_t sys_iserror(Call *call)
{
    return (int64_t)call->argument[0] < 0;
}

/* Operations with an argument block, and how many words it has. */
static const struct {
    Operation number;
    unsigned arguments;
    int64_t (*run)(Call *call);
} operations[] = {
    { SYS_OPEN, 3, sys_open },         { SYS_CLOSE, 1, sys_close },
    { SYS_WRITEC, 0, sys_writec },     { SYS_WRITE0, 0, sys_write0 },
    { SYS_WRITE, 3, sys_write },       { SYS_READ, 3, sys_read },
    { SYS_READC, 0, sys_readc },       { SYS_ISERROR, 1, sys_iserror },
    { SYS_ISTTY, 1, sys_istty },       { SYS_SEEK, 2, sys_seek },
    { SYS_FLEN, 1, sys_flen },         { SYS_TMPNAM, 3, sys_tmpnam },
    { SYS_REMOVE, 2, sys_remove },     { SYS_RENAME, 4, sys_rename },
    { SYS_CLOCK, 0, sys_clock },       { SYS_GET_CMDLINE, 2, sys_get_cmdline },
    { SYS_HEAPINFO, 1, sys_heapinfo }, { SYS_ELAPSED, 0, sys_elapsed },
};

static int64_t run(Call *call, uint64_t number)
{
    const int64_t ns_per_second = 1000000000;

    switch (number) {
    case SYS_TIME: return time(NULL);
    case SYS_TICKFREQ: return ns_per_second;
    case SYS_ERRNO: return call->host->error;
    case SYS_EXIT: return sys_exit(call, call->cpu->xlen == 64);
    case SYS_EXIT_EXTENDED: return sys_exit(call, true);
    case SYS_SYSTEM: return fail(call, EPERM); /* no commands on the host */
    default: break;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(operations); i++) {
        if (operations[i].number == number) {
            return get_arguments(call, operations[i].arguments) ? operations[i].run(call)
                                                                : fail(call, EFAULT);
        }
    }
    return fail(call, ENOSYS);
}

/* Chapter 2: the ebreak stands between slli x0,x0,31 and srai x0,x0,7, none of them compressed. */
static bool is_call(RiscvCpu *cpu, uint64_t pc)
{
    static const uint32_t sequence[3] = { 0x01f01013, 0x00100073, 0x40705013 };
    uint32_t found[3];

    return cpu_debug_read(&cpu->cpu, pc - 4, found, sizeof(found)) &&
           !memcmp(found, sequence, sizeof(found));
}

uint64_t riscv_helper_ebreak(void *c, uint64_t pc, uint64_t b, uint64_t unused, uint64_t d)
{
    RiscvCpu *cpu = riscv_cpu(c);
    Call call = { .cpu = cpu, .block = cpu->x[REG_A1] };
    uint64_t result;

    if ((cpu->priv == RISCV_PRIV_U && !cpu->config.semihosting_user) || !is_call(cpu, pc)) {
        riscv_raise(cpu, RISCV_CAUSE_BREAKPOINT, pc);
        return 0;
    }
    machine_lock();
    call.host = host_of(cpu);
    result = run(&call, cpu->x[REG_A0]);
    machine_unlock();
    cpu->x[REG_A0] = cpu->xlen == 32 ? (uint64_t)(int32_t)result : result;
    return 0;
}
