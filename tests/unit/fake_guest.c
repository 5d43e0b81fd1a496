/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/fake_guest.h"

#include <string.h>

#include "util/atomic.h"

#define SLOT(n)                                                                  \
    {                                                                            \
        "r" #n, offsetof(FakeCpu, r[n]) - sizeof(Cpu), IR_I64, n < 4 ? n + 1 : 0 \
    }

static const TcgSlot slots[] = {
    SLOT(0), SLOT(1), SLOT(2),  SLOT(3),  SLOT(4),  SLOT(5),  SLOT(6),  SLOT(7),
    SLOT(8), SLOT(9), SLOT(10), SLOT(11), SLOT(12), SLOT(13), SLOT(14), SLOT(15),
};

static FakeCpu *to_fake(void *object)
{
    return container_of((Cpu *)object, FakeCpu, cpu);
}

static uint64_t helper_stop(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    atomic_store_release(&to_fake(object)->done, true);
    tcg_halt(object);
    return 0;
}

static uint64_t helper_wait(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    tcg_halt(object);
    return 0;
}

static uint64_t helper_fence(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    tcg_flush_code(object);
    return 0;
}

static uint64_t helper_space(void *object, uint64_t space, uint64_t b, uint64_t c, uint64_t d)
{
    to_fake(object)->space = space;
    tcg_context_changed(object);
    return 0;
}

static uint64_t helper_flush(void *object, uint64_t address, uint64_t b, uint64_t c, uint64_t d)
{
    tcg_tlb_flush_page(object, address, 0, true);
    return 0;
}

static const IrHelper stop = { .name = "stop", .fn = helper_stop };
static const IrHelper wait_helper = { .name = "wait", .fn = helper_wait };
static const IrHelper fence = { .name = "fence", .fn = helper_fence };
static const IrHelper space = { .name = "space", .fn = helper_space, .arguments = 1 };
static const IrHelper flush = { .name = "flush", .fn = helper_flush, .arguments = 1 };

static void end_after(TcgTranslate *t, const IrHelper *helper, IrValue argument)
{
    ir_call(&t->ir, helper, argument, 0, 0, 0);
    ir_exit(&t->ir, ir_i64(&t->ir, t->pc + 4));
    t->done = true;
}

static void translate_one(TcgTranslate *t, unsigned op, unsigned d, int i)
{
    IrBuilder *b = &t->ir;
    IrMem m8 = { .size_log2 = 3 }, m4 = { .size_log2 = 2 };
    IrMem atomic = { .size_log2 = 3, .align = 1 }, big = { .size_log2 = 1, .big_endian = 1 };
    unsigned other = i & 15;

    switch (op) {
    case FAKE_ADDI: ir_put(b, d, ir_binary(b, IR_ADD, ir_get(b, d), ir_i64(b, i))); break;
    case FAKE_JUMP:
        ir_goto(b, t->pc + i);
        t->done = true;
        break;
    case FAKE_LOAD: ir_put(b, d, ir_load(b, IR_I64, m8, ir_get(b, other), 0)); break;
    case FAKE_LOADB: ir_put(b, d, ir_load(b, IR_I64, big, ir_get(b, other), 0)); break;
    case FAKE_STORE: ir_store(b, m8, ir_get(b, other), 0, ir_get(b, d)); break;
    case FAKE_STORE4: ir_store(b, m4, ir_get(b, other), 0, ir_get(b, d)); break;
    case FAKE_BNEZ: ir_exit_if(b, IR_NE, ir_get(b, d), ir_i64(b, 0), t->pc + i); break;
    case FAKE_ATOMIC:
        ir_put(
            b, d,
            ir_atomic(b, IR_I64, IR_ATOMIC_ADD, atomic, ir_get(b, other), ir_get(b, i >> 4 & 15)));
        break;
    case FAKE_ATOMICU:
        ir_put(b, d,
               ir_atomic(b, IR_I64, IR_ATOMIC_ADD, m8, ir_get(b, other), ir_get(b, i >> 4 & 15)));
        break;
    case FAKE_FENCE: end_after(t, &fence, 0); break;
    case FAKE_SPACE: end_after(t, &space, ir_i64(b, i)); break;
    case FAKE_FLUSH: end_after(t, &flush, ir_get(b, d)); break;
    case FAKE_WAIT: end_after(t, &wait_helper, 0); break;
    case FAKE_JR:
        ir_goto_indirect(b, ir_get(b, d));
        t->done = true;
        break;
    default: end_after(t, &stop, 0); break;
    }
}

static void translate(TcgTranslate *t)
{
    unsigned insns = 0;

    while (!t->done) {
        uint64_t word;
        if (insns == t->max_insns || ir_full(&t->ir) || !tcg_fetch(t, t->pc, 4, &word)) {
            ir_goto(&t->ir, t->pc);
            return;
        }
        ir_insn(&t->ir, t->pc, insns++);
        translate_one(t, word & 0xff, word >> 8 & 15, (int16_t)(word >> 16));
        t->pc += 4;
    }
}

static void raise_at(Cpu *cpu, vaddr address)
{
    to_fake(cpu)->fault_address = address;
    to_fake(cpu)->cause_pc = tcg_guest_pc(cpu, NULL);
    tcg_raise(cpu);
}

static bool walk(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank, bool probe, TcgPage *page)
{
    static const uint8_t need[] = { MEMORY_READ, MEMORY_WRITE, MEMORY_EXEC };
    FakeCpu *fake = to_fake(cpu);
    vaddr number = address >> 12;
    const FakeMapping *mapping = &fake->map[fake->space][number % FAKE_PAGES];

    fake->walks++;
    if (number >= FAKE_PAGES || !(mapping->rights & need[access])) {
        fake->exceptions++;
        raise_at(cpu, address);
        return false;
    }
    *page = (TcgPage){ .physical = (hwaddr)mapping->physical << 12,
                       .page_bits = 12,
                       .rights = mapping->rights,
                       .global = mapping->global };
    return true;
}

static void raise_unaligned(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank)
{
    to_fake(cpu)->unaligned++;
    raise_at(cpu, address);
}

static void raise_bus_error(Cpu *cpu, vaddr address, hwaddr physical, TcgAccess access,
                            MemTxResult result)
{
    to_fake(cpu)->bus_errors++;
    raise_at(cpu, address);
}

static void deliver_exception(Cpu *cpu)
{
    cpu->env.hot.pc = FAKE_VECTOR;
}

static bool deliver_interrupt(Cpu *cpu)
{
    if (!atomic_exchange(&to_fake(cpu)->interrupt, false)) {
        return false;
    }
    cpu->env.hot.pc = FAKE_VECTOR;
    return true;
}

static uint64_t context_key(Cpu *cpu)
{
    return 1;
}

static uint32_t address_space(Cpu *cpu)
{
    return to_fake(cpu)->space;
}

static uint8_t fetch_bank(Cpu *cpu)
{
    return 0;
}

static const TcgFrontend frontend = {
    .slots = slots,
    .slot_count = G_N_ELEMENTS(slots),
    .page_bits = 12,
    .banks = 1,
    .context_key = context_key,
    .address_space = address_space,
    .fetch_bank = fetch_bank,
    .translate = translate,
    .walk = walk,
    .raise_unaligned = raise_unaligned,
    .raise_bus_error = raise_bus_error,
    .deliver_exception = deliver_exception,
    .deliver_interrupt = deliver_interrupt,
};

static bool has_work(Cpu *cpu)
{
    return atomic_read(&to_fake(cpu)->interrupt);
}

static const CpuClass fake_cpu_class = {
    .device = { .object = { .name = "fake-cpu",
                            .parent = (const ObjectClass *)&cpu_class,
                            .instance_size = sizeof(FakeCpu) } },
    .frontend = &frontend,
    .has_work = has_work,
};
CLASS_REGISTER(fake_cpu_class);

static const MachineClass fake_machine_class = {
    .object = { .name = "fake-machine", .parent = &machine_class.object },
};
CLASS_REGISTER(fake_machine_class);

static uint64_t io_read(void *opaque, hwaddr offset, unsigned size)
{
    FakeMachine *fake = opaque;

    fake->io_reads++;
    return fake->io_last + offset;
}

static void io_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    FakeMachine *fake = opaque;

    fake->io_writes++;
    fake->io_last = value;
}

static const MemoryOps io_ops = { .read = io_read, .write = io_write };

static void add_memory(FakeMachine *fake)
{
    Machine *machine = fake->machine;
    GError *error = NULL;

    memory_region_init_ram(&machine->ram, &machine->object, "ram", FAKE_RAM_PAGES << 12, &error);
    g_assert_no_error(error);
    memory_region_add(&machine->system_memory, 0, &machine->ram);
    memory_region_init_io(&fake->io, &machine->object, &io_ops, fake, "io", 4096);
    memory_region_add(&machine->system_memory, FAKE_IO_PAGE << 12, &fake->io);
    fake->ram = memory_region_ram_pointer(&machine->ram);
}

static void add_cpu(FakeMachine *fake)
{
    GError *error = NULL;
    Cpu *cpu = cpu_new(fake->machine, (const ObjectClass *)&fake_cpu_class, NULL, &error);

    g_assert_no_error(error);
    for (unsigned s = 0; s < FAKE_SPACES; s++) {
        for (unsigned i = 0; i < FAKE_PAGES; i++) {
            to_fake(cpu)->map[s][i] =
                (FakeMapping){ i, MEMORY_READ | MEMORY_WRITE | MEMORY_EXEC, false };
        }
    }
    device_realize(&cpu->device, NULL, &error);
    g_assert_no_error(error);
}

FakeMachine *fake_machine_new(unsigned cpus, const char *options)
{
    FakeMachine *fake = g_new0(FakeMachine, 1);
    const AccelClass *class;
    GError *error = NULL;

    machine_lock();
    fake->context = g_main_context_new();
    fake->machine = (Machine *)object_new(&fake_machine_class.object);
    fake->machine->clocks = clock_set_new(fake->context);
    fake->machine->ram_bytes = FAKE_RAM_PAGES << 12;
    fake->machine->topology.max_cpus = fake->machine->topology.cpus = cpus;
    add_memory(fake);
    fake->accel = accel_create("tcg", options, &error);
    g_assert_no_error(error);
    fake->machine->accel = fake->accel;
    class = (const AccelClass *)fake->accel->object.class;
    class->setup(fake->accel, fake->machine, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < cpus; i++) {
        add_cpu(fake);
    }
    class->setup_done(fake->accel, &error);
    g_assert_no_error(error);
    fake_put(fake, FAKE_VECTOR, FAKE_STOP, 0, 0);
    clock_set_enable_virtual(fake->machine->clocks, true);
    machine_unlock();
    return fake;
}

void fake_machine_free(FakeMachine *fake)
{
    const AccelClass *class = (const AccelClass *)fake->accel->object.class;

    machine_lock();
    for (unsigned i = fake->machine->cpus->len; i-- > 0;) {
        device_unrealize(&fake_cpu(fake, i)->cpu.device);
    }
    class->cleanup(fake->accel);
    object_unref(&fake->accel->object);
    address_space_cleanup(&fake->machine->io);
    address_space_cleanup(&fake->machine->memory);
    memory_region_remove(&fake->machine->system_memory, &fake->io);
    memory_region_remove(&fake->machine->system_memory, &fake->machine->ram);
    clock_set_free(fake->machine->clocks);
    machine_unlock();
    rcu_drain();
    machine_lock();
    object_unref(&fake->machine->object);
    machine_unlock();
    rcu_drain();
    g_main_context_unref(fake->context);
    g_free(fake);
}

FakeCpu *fake_cpu(FakeMachine *fake, unsigned index)
{
    return to_fake(g_ptr_array_index(fake->machine->cpus, index));
}

uint64_t fake_put(FakeMachine *fake, uint64_t at, FakeOp op, unsigned d, int i)
{
    uint8_t bytes[] = { op, d, i & 0xff, i >> 8 & 0xff };

    memcpy(fake->ram + at, bytes, sizeof(bytes));
    return at + sizeof(bytes);
}

static bool all_done(FakeMachine *fake)
{
    for (unsigned i = 0; i < fake->machine->cpus->len; i++) {
        if (!atomic_load_acquire(&fake_cpu(fake, i)->done)) {
            return false;
        }
    }
    return true;
}

void fake_run(FakeMachine *fake)
{
#ifdef __SANITIZE_THREAD__
    enum { LIMIT_US = 300 * 1000 * 1000 };
#else
    enum { LIMIT_US = 30 * 1000 * 1000 };
#endif
    const AccelClass *class = (const AccelClass *)fake->accel->object.class;
    gint64 end = g_get_monotonic_time() + LIMIT_US;

    for (unsigned i = 0; i < fake->machine->cpus->len; i++) {
        fake_cpu(fake, i)->done = false;
        atomic_set(&fake_cpu(fake, i)->cpu.halted, false);
    }
    machine_lock();
    class->resume_all(fake->accel);
    machine_unlock();
    while (!all_done(fake)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_main_context_iteration(fake->context, false);
        g_usleep(200);
    }
    machine_lock();
    class->pause_all(fake->accel);
    machine_unlock();
}
