/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine around one x86 processor, in a mode like that of a user's program under
 * Linux, with handlers that are UD2: what would deliver that stores the result and starts the next
 * program.
 */
#include "tests/tcg/x86/oracle.h"

#include <cpuid.h>
#include <string.h>

#include "accel/accel.h"
#include "target/x86/features.h"
#include "target/x86/flags.h"
#include "target/x86/frontend_internal.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/segment.h"
#include "util/atomic.h"

enum {
    CODE_AREA = ORACLE_BATCH * ORACLE_CODE_BYTES,
    DATA_AT = CODE_AREA,
    SYSTEM_AT = DATA_AT + ORACLE_DATA_BYTES + ORACLE_READ_ONLY_BYTES,
    PAGE = 4096,
};
/* Pages of the system's, from SYSTEM_AT on; those from the first table on are mapped */
enum {
    PML4,
    PDPT,
    PD,
    PT_CODE,
    PT_DATA,
    PDPT_SYSTEM,
    PD_SYSTEM,
    PT_SYSTEM,
    TABLES, /* GDT, LDT, TSS */
    IDT,
    STUBS,
    STACK,
    SYSTEM_PAGES,
    RAM_BYTES = SYSTEM_AT + SYSTEM_PAGES * PAGE
};
enum {
    SYSTEM = -0x10000000, /* linear address of page TABLES */
    STUB_BYTES = 16,
    LDT_OFFSET = 0x400,
    TSS_OFFSET = 0x800,
    TSS_BYTES = 0x68,
    GDT_LIMIT = 127,
};

static uint64_t system_address(unsigned page)
{
    return (int64_t)SYSTEM + (page - TABLES) * PAGE;
}

struct Guest {
    Machine *machine;
    Accel *accel;
    GMainContext *context;
    uint8_t *ram;
};

/* What the processor is at; its callbacks have no other way to know. */
static struct {
    OracleBatch *batch;
    unsigned index;
    uint8_t *ram, *data;
    bool done; /* atomic */
} work;

/* Tables ----------------------------------------------------------------------------------------
 */

static void put_word(uint8_t *ram, unsigned page, unsigned at, uint64_t value)
{
    memcpy(ram + SYSTEM_AT + page * PAGE + at, &value, 8);
}

static uint64_t page_at(unsigned page)
{
    return SYSTEM_AT + page * PAGE;
}

/* Programs are users: code they cannot write (unless @writable), data they cannot execute. */
static void map_pages(uint8_t *ram, bool writable)
{
    enum { P = 1, W = 2, U = 4, ALL = 7, ACCESSED = 0x60, ADDRESS_BITS = 21, INDEX = 511 };
    const uint64_t nx = 1ull << 63;

    put_word(ram, PML4, 0, page_at(PDPT) | ALL);
    put_word(ram, PDPT, 0, page_at(PD) | ALL);
    put_word(ram, PD, (ORACLE_CODE >> ADDRESS_BITS & INDEX) * 8, page_at(PT_CODE) | ALL);
    put_word(ram, PD, (ORACLE_DATA >> ADDRESS_BITS & INDEX) * 8, page_at(PT_DATA) | ALL);
    put_word(ram, PML4, 511 * 8, page_at(PDPT_SYSTEM) | ALL);
    put_word(ram, PDPT_SYSTEM, 511 * 8, page_at(PD_SYSTEM) | ALL);
    put_word(ram, PD_SYSTEM, ((unsigned)SYSTEM >> ADDRESS_BITS & INDEX) * 8,
             page_at(PT_SYSTEM) | ALL);
    for (unsigned i = 0; i < CODE_AREA / PAGE; i++) {
        put_word(ram, PT_CODE, 8 * i, i * PAGE | P | U | (writable ? W : 0) | ACCESSED);
    }
    for (unsigned i = 0; i < ORACLE_DATA_BYTES / PAGE; i++) {
        put_word(ram, PT_DATA, 8 * i, (DATA_AT + i * PAGE) | ALL | ACCESSED | nx);
    }
    put_word(ram, PT_DATA, 8 * (ORACLE_DATA_BYTES / PAGE),
             (DATA_AT + ORACLE_DATA_BYTES) | P | U | ACCESSED | nx);
    for (unsigned i = TABLES; i < SYSTEM_PAGES; i++) {
        put_word(ram, PT_SYSTEM, 8 * (i - TABLES), page_at(i) | P | W | ACCESSED);
    }
}

/* The GDT is Linux's. */
static void fill_tables(uint8_t *ram)
{
    static const uint64_t gdt[] = {
        [1] = 0x00cf9b000000ffff,  [2] = 0x00af9b000000ffff, [3] = 0x00cf93000000ffff,
        [4] = 0x00cffb000000ffff,  [5] = 0x00cff3000000ffff, [6] = 0x00affb000000ffff,
        [15] = 0x0040f50000000000,
    };
    const uint64_t gate = 0x8e0000100000;
    uint64_t stack = system_address(STACK + 1), tss = system_address(TABLES) + TSS_OFFSET;

    for (unsigned i = 0; i < G_N_ELEMENTS(gdt); i++) {
        put_word(ram, TABLES, 8 * i, gdt[i]);
    }
    put_word(ram, TABLES, 0x40,
             0x00008b0000000000 | (tss >> 24 & 255) << 56 | (tss & 0xffffff) << 16 |
                 (TSS_BYTES - 1));
    for (unsigned i = 0; i < ORACLE_LDT_ENTRIES; i++) {
        put_word(ram, TABLES, LDT_OFFSET + 8 * i, oracle_descriptor(&oracle_ldt[i]));
    }
    put_word(ram, TABLES, TSS_OFFSET + 4, stack);
    put_word(ram, TABLES, TSS_OFFSET + 96, (uint64_t)TSS_BYTES << 48); /* no I/O map */
    for (unsigned i = 0; i < 256; i++) {
        uint64_t to = system_address(STUBS) + i * STUB_BYTES,
                 dpl3 = i == 3 || i == 4 ? 3ull << 45 : 0;
        put_word(ram, IDT, 16 * i, gate | dpl3 | (to & 0xffff) | (to >> 16 & 0xffff) << 48);
        put_word(ram, IDT, 16 * i + 8, to >> 32);
        put_word(ram, STUBS, STUB_BYTES * i, 0x0b0f); /* ud2: to the hook below */
    }
}

/* The processor ---------------------------------------------------------------------------------
 */

static void set_segment(X86Cpu *cpu, X86SegmentNumber number, uint16_t selector)
{
    X86Descriptor d;
    uint64_t both;

    if (x86_is_null(selector)) {
        x86_segment_set_null(cpu, number, selector, 3);
        return;
    }
    if (selector & 4) {
        both = oracle_descriptor(&oracle_ldt[selector >> 3]);
    } else {
        memcpy(&both, work.ram + SYSTEM_AT + TABLES * PAGE + (selector & ~7), 8);
    }
    d.low = both;
    d.high = both >> 32;
    x86_segment_set(cpu, number, selector, &d);
}

static void set_mode(X86Cpu *cpu, const OracleCase *c)
{
    enum { LDT_ACCESS = 0x82, TSS_ACCESS = 0x8b };

    cpu->control.cr0 = CR0_PE | CR0_PG | CR0_NE | CR0_ET | CR0_WP | CR0_AM | CR0_MP;
    cpu->control.cr3 = page_at(PML4);
    cpu->control.cr4 =
        CR4_PAE | CR4_OSFXSR | CR4_OSXSAVE | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_UMIP;
    cpu->control.xcr0 = 7;
    cpu->msr.efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
    cpu->gdtr = (X86TableRegister){ system_address(TABLES), GDT_LIMIT };
    cpu->idtr = (X86TableRegister){ system_address(IDT), PAGE - 1 };
    cpu->segment[X86_LDTR] = (X86Segment){ .selector = 0x50,
                                           .base = system_address(TABLES) + LDT_OFFSET,
                                           .limit = 8 * ORACLE_LDT_ENTRIES - 1,
                                           .access = LDT_ACCESS };
    cpu->segment[X86_TR] = (X86Segment){ .selector = 0x40,
                                         .base = system_address(TABLES) + TSS_OFFSET,
                                         .limit = TSS_BYTES - 1,
                                         .access = TSS_ACCESS };
    set_segment(cpu, X86_CS, c && c->cs ? c->cs : c && c->code32 ? ORACLE_CS32 : ORACLE_CS64);
    set_segment(cpu, X86_SS, c && c->cs ? c->ss : ORACLE_DS);
    set_segment(cpu, X86_DS, c && c->cs ? c->ds : ORACLE_DS);
    set_segment(cpu, X86_ES, c && c->cs ? c->es : ORACLE_DS);
    set_segment(cpu, X86_FS, 0);
    set_segment(cpu, X86_GS, c && c->cs ? c->gs : 0);
    x86_mode_update(cpu);
}

static void start_case(X86Cpu *cpu)
{
    enum { MXCSR_RESET = 0x1f80, FPU_RESET = 0x37f };
    OracleCase *c = &work.batch->cases[work.index];

    memcpy(cpu->r, c->before.r, sizeof(cpu->r));
    memcpy(work.data, c->data, ORACLE_DATA_BYTES);
    if (c->exact) {
        memset(cpu->v, 0, sizeof(cpu->v));
        cpu->fpu = (X86Fpu){ .control = FPU_RESET, .empty = 0xff };
        cpu->cpu.env.mxcsr_guest = MXCSR_RESET;
    }
    c->guest.steps = 0;
    x86_flags_set(cpu,
                  (c->before.flags & 0xcd5) | RFLAGS_IF | RFLAGS_ONE | (c->step ? RFLAGS_TF : 0));
    cpu->shadow = 0;
    set_mode(cpu, c);
    cpu->cpu.env.hot.pc = oracle_pc(work.index);
    tcg_context_changed(&cpu->cpu);
}

/* What the processor pushed for the handler. */
typedef struct {
    uint64_t pc, cs, flags, sp, ss;
} Frame;

static void end_case(X86Cpu *cpu, unsigned vector, uint64_t code, const Frame *frame)
{
    OracleCase *c = &work.batch->cases[work.index];

    memcpy(c->guest.r, cpu->r, sizeof(cpu->r));
    c->guest.r[X86_RSP] = frame->sp;
    c->guest.flags = frame->flags;
    c->guest.pc = frame->pc;
    c->guest.vector = vector;
    c->guest.code = code;
    c->guest.address = vector == X86_PF ? cpu->control.cr2 : 0;
    memcpy(c->guest.v, cpu->v, sizeof(c->guest.v));
    c->guest.mxcsr = cpu->cpu.env.mxcsr_guest;
    memcpy(c->guest_data, work.data, ORACLE_DATA_BYTES);
}

/* Back to the program, as IRET would go. */
static void resume_case(X86Cpu *cpu, const Frame *frame)
{
    cpu->r[X86_RSP] = frame->sp;
    x86_flags_set(cpu, frame->flags);
    set_segment(cpu, X86_CS, frame->cs);
    set_segment(cpu, X86_SS, frame->ss);
    x86_mode_update(cpu);
    cpu->cpu.env.hot.pc = cpu->mode_base + frame->pc;
    tcg_context_changed(&cpu->cpu);
}

static void next_case(X86Cpu *cpu)
{
    do {
        work.index++;
    } while (work.index < work.batch->count && work.batch->cases[work.index].endless);
    if (work.index < work.batch->count) {
        start_case(cpu);
    } else {
        atomic_store_release(&work.done, true);
        tcg_halt(&cpu->cpu);
    }
}

static bool has_code(unsigned vector)
{
    return vector == X86_DF || (vector >= X86_TS && vector <= X86_PF) || vector == X86_AC;
}

/* Exceptions of programs are delivered; those of the stubs, which are UD2, come here. */
static void deliver_exception(Cpu *c)
{
    X86Cpu *cpu = x86_cpu(c);
    uint64_t pc = c->env.hot.pc, at = cpu->r[X86_RSP] - system_address(STACK);
    unsigned vector = (pc - system_address(STUBS)) / STUB_BYTES;
    OracleCase *running = &work.batch->cases[work.index];
    uint64_t code = 0, r[16];
    Frame frame;

    if (pc - system_address(STUBS) >= PAGE) {
        x86_deliver_exception(c);
        return;
    }
    c->env.hot.raise = 0;
    g_assert_cmpuint(at, <, PAGE);
    const uint8_t *top = work.ram + SYSTEM_AT + STACK * PAGE + at;
    if (has_code(vector)) {
        memcpy(&code, top, 8);
        top += 8;
    }
    memcpy(&frame, top, sizeof(frame));
    memcpy(r, cpu->r, sizeof(r));
    r[X86_RSP] = frame.sp;
    if (vector == X86_DB && running->step &&
        oracle_note_step(running, &running->guest, frame.pc, r)) {
        resume_case(cpu, &frame);
        return;
    }
    end_case(cpu, vector, code, &frame);
    next_case(cpu);
}

static bool deliver_interrupt(Cpu *cpu)
{
    return false;
}

static bool has_work(Cpu *cpu)
{
    return false;
}

static TcgFrontend frontend; /* x86_frontend with the functions above */

static const CpuClass oracle_cpu_class = {
    .device = { .object = { .name = "oracle-x86_64-cpu",
                            .parent = (const ObjectClass *)&cpu_class,
                            .instance_size = sizeof(X86Cpu) } },
    .frontend = &frontend,
    .has_work = has_work,
};
CLASS_REGISTER(oracle_cpu_class);

static const MachineClass oracle_machine_class = {
    .object = { .name = "oracle-machine", .parent = &machine_class.object },
};
CLASS_REGISTER(oracle_machine_class);

static void prepare_frontend(void)
{
    frontend = x86_frontend;
    frontend.deliver_exception = deliver_exception;
    frontend.deliver_interrupt = deliver_interrupt;
}

/* The host's, as far as the translator has them. */
static void set_features(X86Cpu *cpu)
{
    static char vendor[13];
    static const struct {
        uint32_t leaf, subleaf;
        uint8_t reg;
    } words[X86_WORDS] = {
        [X86_WORD_1_EDX] = { 1, 0, 3 },
        [X86_WORD_1_ECX] = { 1, 0, 2 },
        [X86_WORD_7_EBX] = { 7, 0, 1 },
        [X86_WORD_7_ECX] = { 7, 0, 2 },
        [X86_WORD_7_EDX] = { 7, 0, 3 },
        [X86_WORD_7_1_EAX] = { 7, 1, 0 },
        [X86_WORD_D_1_EAX] = { 0xd, 1, 0 },
        [X86_WORD_80000001_EDX] = { 0x80000001, 0, 3 },
        [X86_WORD_80000001_ECX] = { 0x80000001, 0, 2 },
        [X86_WORD_80000008_EBX] = { 0x80000008, 0, 1 },
    };
    uint32_t r[4] = { 0 };

    for (unsigned i = 0; i < X86_WORDS; i++) {
        if (words[i].leaf &&
            __get_cpuid_count(words[i].leaf, words[i].subleaf, &r[0], &r[1], &r[2], &r[3])) {
            cpu->config.features[i] = r[words[i].reg];
        }
    }
    __get_cpuid(0, &r[0], &r[1], &r[2], &r[3]);
    memcpy(vendor, &r[1], 4);
    memcpy(vendor + 4, &r[3], 4);
    memcpy(vendor + 8, &r[2], 4);
    cpu->config.vendor = vendor;
    cpu->config.physical_bits = 40;
}

static void add_cpu(Guest *guest)
{
    GError *error = NULL;
    Cpu *cpu = cpu_new(guest->machine, (const ObjectClass *)&oracle_cpu_class, NULL, &error);

    g_assert_no_error(error);
    set_features(x86_cpu(cpu));
    set_mode(x86_cpu(cpu), NULL);
    device_realize(&cpu->device, NULL, &error);
    g_assert_no_error(error);
}

Guest *guest_new(const char *accel_options)
{
    Guest *guest = g_new0(Guest, 1);
    const AccelClass *class;
    GError *error = NULL;
    Machine *machine;

    prepare_frontend();
    machine_lock();
    guest->context = g_main_context_new();
    guest->machine = machine = (Machine *)object_new(&oracle_machine_class.object);
    machine->clocks = clock_set_new(guest->context);
    machine->ram_bytes = RAM_BYTES;
    machine->topology.max_cpus = machine->topology.cpus = 1;
    memory_region_init_ram(&machine->ram, &machine->object, "ram", RAM_BYTES, &error);
    g_assert_no_error(error);
    memory_region_add(&machine->system_memory, 0, &machine->ram);
    guest->ram = work.ram = memory_region_ram_pointer(&machine->ram);
    map_pages(guest->ram, false);
    fill_tables(guest->ram);
    guest->accel = machine->accel = accel_create("tcg", accel_options, &error);
    g_assert_no_error(error);
    class = (const AccelClass *)guest->accel->object.class;
    class->setup(guest->accel, machine, &error);
    g_assert_no_error(error);
    add_cpu(guest);
    class->setup_done(guest->accel, &error);
    g_assert_no_error(error);
    clock_set_enable_virtual(machine->clocks, true);
    machine_unlock();
    return guest;
}

void guest_run(Guest *guest, OracleBatch *batch)
{
    const AccelClass *class = (const AccelClass *)guest->accel->object.class;
    X86Cpu *cpu = x86_cpu(g_ptr_array_index(guest->machine->cpus, 0));
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

    for (unsigned i = 0; i < batch->count; i++) {
        address_space_write(&guest->machine->memory, (hwaddr)i * ORACLE_CODE_BYTES,
                            batch->cases[i].code, ORACLE_CODE_BYTES, (MemTxAttrs){ 0 });
    }
    work.batch = batch;
    work.index = 0;
    work.data = guest->ram + DATA_AT;
    work.done = false;
    machine_lock();
    map_pages(guest->ram, batch->writable_code);
    tcg_tlb_flush_all(&cpu->cpu);
    work.index = -1u;
    next_case(cpu);
    if (work.done) {
        machine_unlock();
        return;
    }
    cpu->cpu.halted = false;
    class->resume_all(guest->accel);
    machine_unlock();
    while (!atomic_load_acquire(&work.done)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_main_context_iteration(guest->context, false);
        g_usleep(100);
    }
    machine_lock();
    class->pause_all(guest->accel);
    machine_unlock();
}

void guest_free(Guest *guest)
{
    const AccelClass *class = (const AccelClass *)guest->accel->object.class;
    Machine *machine = guest->machine;
    Cpu *cpu = g_ptr_array_index(machine->cpus, 0);

    machine_lock();
    device_unrealize(&cpu->device);
    class->cleanup(guest->accel);
    object_unref(&guest->accel->object);
    address_space_cleanup(&machine->io);
    address_space_cleanup(&machine->memory);
    memory_region_remove(&machine->system_memory, &machine->ram);
    clock_set_free(machine->clocks);
    machine_unlock();
    rcu_drain();
    machine_lock();
    object_unref(&machine->object);
    machine_unlock();
    rcu_drain();
    g_main_context_unref(guest->context);
    g_free(guest);
}
