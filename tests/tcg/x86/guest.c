/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine around one x86 processor, with the front end's page walk and exceptions replaced: the
 * exception that ends a program stores its result and starts the next one.
 */
#include "tests/tcg/x86/oracle.h"

#include <string.h>

#include "accel/accel.h"
#include "target/x86/features.h"
#include "target/x86/flags.h"
#include "target/x86/frontend_internal.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "util/atomic.h"

enum { CODE_AREA = ORACLE_BATCH * ORACLE_CODE_BYTES, RAM_BYTES = CODE_AREA + ORACLE_DATA_BYTES };

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
    uint8_t *data;
    bool done; /* atomic */
} work;

static bool walk(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank, bool probe, TcgPage *page)
{
    bool code = address - ORACLE_CODE < CODE_AREA;
    bool data = address - ORACLE_DATA < ORACLE_DATA_BYTES;

    if (!(code && access != TCG_ACCESS_STORE) && !(data && access != TCG_ACCESS_FETCH)) {
        if (!probe) {
            x86_cpu(cpu)->event.vector = 14;
            tcg_raise(cpu);
        }
        return false;
    }
    address = code ? address - ORACLE_CODE : address - ORACLE_DATA + CODE_AREA;
    *page = (TcgPage){ .physical = address & ~0xfffull,
                       .page_bits = 12,
                       .rights = code ? MEMORY_READ | MEMORY_EXEC : MEMORY_READ | MEMORY_WRITE };
    return true;
}

static uint32_t address_space(Cpu *cpu)
{
    return 0;
}

static uint8_t fetch_bank(Cpu *cpu)
{
    return X86_BANK_USER;
}

static void set_segment(X86Segment *s, uint16_t selector, uint16_t access)
{
    *s = (X86Segment){ .selector = selector, .access = access, .limit = UINT32_MAX };
}

/* User code: 64-bit, or 32-bit in compatibility mode */
static void set_mode(X86Cpu *cpu, bool code32)
{
    enum { DATA = 0xc0f3, CODE64 = 0xa0fb, CODE32 = 0xc0fb };

    cpu->control.cr0 = CR0_PE | CR0_PG | CR0_NE | CR0_ET | CR0_WP;
    cpu->control.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXSAVE | CR4_OSXMMEXCPT;
    cpu->control.xcr0 = 7;
    cpu->msr.efer = EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE;
    set_segment(&cpu->segment[X86_CS], code32 ? 0x23 : 0x33, code32 ? CODE32 : CODE64);
    for (unsigned i = 0; i < 6; i++) {
        if (i != X86_CS) {
            set_segment(&cpu->segment[i], 0x2b, DATA);
        }
    }
    x86_mode_update(cpu);
}

static void start_case(X86Cpu *cpu)
{
    const OracleCase *c = &work.batch->cases[work.index];

    memcpy(cpu->r, c->before.r, sizeof(cpu->r));
    memcpy(work.data, c->data, ORACLE_DATA_BYTES);
    x86_flags_set(cpu, (c->before.flags & 0xcd5) | RFLAGS_IF | RFLAGS_ONE);
    set_mode(cpu, c->code32);
    cpu->cpu.env.hot.pc = oracle_pc(work.index);
    tcg_context_changed(&cpu->cpu);
}

static void end_case(X86Cpu *cpu)
{
    OracleCase *c = &work.batch->cases[work.index];
    uint32_t vector = cpu->event.vector;

    memcpy(c->guest.r, cpu->r, sizeof(cpu->r));
    c->guest.flags = x86_flags_get(cpu);
    c->guest.pc = cpu->cpu.env.hot.pc;
    c->guest.vector = vector == 13 || vector == 12 ? 14 : vector;
    memcpy(c->guest_data, work.data, ORACLE_DATA_BYTES);
}

static void deliver_exception(Cpu *c)
{
    X86Cpu *cpu = x86_cpu(c);

    end_case(cpu);
    work.index++;
    if (work.index < work.batch->count) {
        start_case(cpu);
    } else {
        atomic_store_release(&work.done, true);
        tcg_halt(c);
    }
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
    .device = { .object = { .name = "oracle-x86-cpu",
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
    frontend.walk = walk;
    frontend.address_space = address_space;
    frontend.fetch_bank = fetch_bank;
    frontend.deliver_exception = deliver_exception;
    frontend.deliver_interrupt = deliver_interrupt;
}

static void add_cpu(Guest *guest)
{
    GError *error = NULL;
    Cpu *cpu = cpu_new(guest->machine, (const ObjectClass *)&oracle_cpu_class, NULL, &error);

    g_assert_no_error(error);
    memset(x86_cpu(cpu)->config.features, 0xff, sizeof(x86_cpu(cpu)->config.features));
    set_mode(x86_cpu(cpu), false);
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
    guest->ram = memory_region_ram_pointer(&machine->ram);
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
    work.data = guest->ram + CODE_AREA;
    work.done = false;
    machine_lock();
    start_case(cpu);
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
