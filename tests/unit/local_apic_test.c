/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/intc/local_apic.h"

#include "tests/unit/device_fixture.h"

enum { PROCESSORS = 3, BUS = LOCAL_APIC_BASE };
enum { ID = 0x20, TPR = 0x80, PPR = 0xa0, EOI = 0xb0, LDR = 0xd0, DFR = 0xe0, SVR = 0xf0 };
enum { ISR = 0x100, TMR = 0x180, IRR = 0x200, ESR = 0x280, ICR = 0x300, ICR_HIGH = 0x310 };
enum { LVT_TIMER = 0x320, LINT0 = 0x350, LINT1 = 0x360, LVT_ERROR = 0x370 };
enum { INITIAL = 0x380, CURRENT = 0x390, DIVIDE = 0x3e0, MASKED = 1 << 16, BY_ONE = 0xb };

typedef struct {
    DeviceFixture f;
    Device *apic[PROCESSORS];
    bool intr[PROCESSORS];
    unsigned nmi[PROCESSORS], smi[PROCESSORS], init[PROCESSORS], sipi[PROCESSORS];
    unsigned deadlines_over;
    uint8_t eoi_vector;
    unsigned eois;
} Bench;

/* What each processor was asked; the index stands in the pointer. */
typedef struct {
    Bench *bench;
    unsigned index;
} Seat;
static Seat seats[PROCESSORS];

static void set_intr(void *opaque, bool level)
{
    Seat *seat = opaque;
    seat->bench->intr[seat->index] = level;
}
static void got_nmi(void *opaque)
{
    Seat *seat = opaque;
    seat->bench->nmi[seat->index]++;
}
static void got_smi(void *opaque)
{
    Seat *seat = opaque;
    seat->bench->smi[seat->index]++;
}
static void got_init(void *opaque)
{
    Seat *seat = opaque;
    seat->bench->init[seat->index]++;
}
static void got_sipi(void *opaque, uint8_t vector)
{
    Seat *seat = opaque;
    seat->bench->sipi[seat->index] = vector;
}
static int64_t tsc_to_ns(void *opaque, uint64_t tsc)
{
    return tsc / 2; /* 2 GHz */
}
static void deadline_over(void *opaque)
{
    ((Seat *)opaque)->bench->deadlines_over++;
}
static const LocalApicCpuOps cpu_ops = {
    .set_intr = set_intr,
    .nmi = got_nmi,
    .smi = got_smi,
    .init = got_init,
    .sipi = got_sipi,
    .tsc_to_ns = tsc_to_ns,
    .deadline_over = deadline_over,
};

static void on_eoi(void *opaque, uint8_t vector)
{
    Bench *b = opaque;
    b->eoi_vector = vector;
    b->eois++;
}

static int on_extint(void *opaque)
{
    return 0x77;
}

static void setup(Bench *b)
{
    *b = (Bench){ 0 };
    fixture_init(&b->f);
    Device *bus = fixture_add(&b->f, "apic-bus", NULL);
    g_assert_true(device_realize(bus, NULL, NULL));
    sysbus_map(container_of(bus, SysbusDevice, device), 0, &b->f.machine->system_memory, BUS);
    local_apic_bus_on_eoi(bus, on_eoi, b);
    local_apic_bus_on_extint(bus, on_extint, b);
    for (unsigned i = 0; i < PROCESSORS; i++) {
        g_autofree char *name = g_strdup_printf("apic%u", i);
        b->apic[i] = machine_add_device(b->f.machine, name, &local_apic_class);
        property_set_u64(&b->apic[i]->object, "id", i, NULL);
        seats[i] = (Seat){ b, i };
        local_apic_connect(b->apic[i], bus, i, &cpu_ops, &seats[i]);
        g_assert_true(device_realize(b->apic[i], NULL, NULL));
        g_ptr_array_add(b->f.machine->resettable, b->apic[i]);
    }
    g_assert_true(machine_reset(b->f.machine, NULL));
}

static void teardown(Bench *b)
{
    fixture_check_state(&b->f);
    fixture_cleanup(&b->f);
}

/* Registers of processor 0 in xAPIC mode: nobody else is there to ask. */
static uint32_t get(Bench *b, unsigned offset)
{
    return fixture_load(&b->f, BUS + offset, 4);
}
static void put(Bench *b, unsigned offset, uint32_t value)
{
    fixture_store(&b->f, BUS + offset, 4, value);
}
static void msi(Bench *b, unsigned destination, bool logical, uint32_t data)
{
    fixture_store(&b->f, BUS + (destination << 12) + (logical ? 4 : 0), 4, data);
}

static void enable_x2apic(Bench *b, unsigned index)
{
    g_assert_true(
        local_apic_set_base(b->apic[index], local_apic_get_base(b->apic[index]) | 1 << 10));
    g_assert_true(local_apic_write_msr(b->apic[index], 0xf, 0x1ff));
}

static uint64_t msr(Bench *b, unsigned index, unsigned reg)
{
    uint64_t value = 0;
    g_assert_true(local_apic_read_msr(b->apic[index], reg, &value));
    return value;
}

static void test_registers_after_reset(void)
{
    Bench b;
    setup(&b);
    g_assert_cmphex(get(&b, ID), ==, 0);
    g_assert_cmphex(get(&b, 0x30) & 0xff00ff, ==, 0x50014);
    g_assert_cmphex(get(&b, SVR), ==, 0xff);
    g_assert_cmphex(get(&b, DFR), ==, UINT32_MAX);
    g_assert_cmphex(get(&b, LVT_TIMER), ==, MASKED);
    g_assert_cmphex(get(&b, LINT0), ==, 0x700);
    g_assert_cmphex(local_apic_get_base(b.apic[0]), ==, 0xfee00900);
    g_assert_cmphex(local_apic_get_base(b.apic[1]), ==, 0xfee00800);
    teardown(&b);
}

static void test_priorities_when_nested(void)
{
    Bench b;
    setup(&b);
    put(&b, SVR, 0x1ff);
    msi(&b, 0, false, 0x41);
    g_assert_true(b.intr[0]);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x41);
    g_assert_false(b.intr[0]);
    g_assert_cmphex(get(&b, PPR), ==, 0x40);
    msi(&b, 0, false, 0x42); /* same class: waits */
    g_assert_false(b.intr[0]);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, -1);
    msi(&b, 0, false, 0x51);
    g_assert_true(b.intr[0]);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x51);
    g_assert_cmphex(get(&b, ISR + 0x20), ==, 0x00020002);
    put(&b, EOI, 0);
    g_assert_false(b.intr[0]);
    put(&b, EOI, 0);
    g_assert_true(b.intr[0]);
    put(&b, TPR, 0x4f);
    g_assert_false(b.intr[0]);
    local_apic_set_tpr(b.apic[0], 0x30);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x42);
    put(&b, EOI, 0);
    put(&b, EOI, 0); /* one too many is harmless */
    g_assert_cmpint(b.eois, ==, 0);
    teardown(&b);
}

static void test_disabled_takes_nothing(void)
{
    Bench b;
    setup(&b);
    msi(&b, 0, false, 0x41);
    g_assert_false(b.intr[0]);
    put(&b, LVT_ERROR, 0x33);
    g_assert_cmphex(get(&b, LVT_ERROR), ==, MASKED | 0x33);
    msi(&b, 0, false, 0x400);
    g_assert_cmpint(b.nmi[0], ==, 1);
    teardown(&b);
}

static void test_level_eoi_is_broadcast(void)
{
    Bench b;
    setup(&b);
    put(&b, SVR, 0x1ff);
    msi(&b, 0, false, 0xc061);
    g_assert_cmphex(get(&b, TMR + 0x30), ==, 2);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x61);
    put(&b, EOI, 0);
    g_assert_cmpint(b.eois, ==, 1);
    g_assert_cmphex(b.eoi_vector, ==, 0x61);
    put(&b, SVR, 0x11ff); /* suppressed */
    msi(&b, 0, false, 0xc061);
    local_apic_acknowledge(b.apic[0]);
    put(&b, EOI, 0);
    g_assert_cmpint(b.eois, ==, 1);
    teardown(&b);
}

static void test_timer_one_shot_and_periodic(void)
{
    Bench b;
    setup(&b);
    put(&b, SVR, 0x1ff);
    put(&b, DIVIDE, BY_ONE);
    put(&b, LVT_TIMER, 0x40);
    put(&b, INITIAL, 1000000);
    fixture_step(&b.f, 400000);
    g_assert_cmpuint(get(&b, CURRENT), ==, 600000);
    put(&b, DIVIDE, 0); /* by 2: the rest takes twice as long */
    g_assert_cmpuint(get(&b, CURRENT), ==, 600000);
    fixture_step(&b.f, 1199999);
    g_assert_false(b.intr[0]);
    fixture_step(&b.f, 1);
    g_assert_true(b.intr[0]);
    g_assert_cmpuint(get(&b, CURRENT), ==, 0);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x40);
    put(&b, EOI, 0);
    put(&b, LVT_TIMER, 0x20041);
    put(&b, INITIAL, 500000);
    for (int i = 0; i < 3; i++) {
        fixture_step(&b.f, 1000000);
        g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x41);
        put(&b, EOI, 0);
    }
    fixture_check_state(&b.f);
    put(&b, LVT_TIMER, 0x30041); /* masked: counts on in silence */
    fixture_step(&b.f, 1250000);
    g_assert_cmpuint(get(&b, CURRENT), ==, 375000);
    g_assert_false(b.intr[0]);
    put(&b, INITIAL, 1); /* as fast as it goes: bounded */
    put(&b, LVT_TIMER, 0x20041);
    fixture_step(&b.f, 1000000);
    put(&b, INITIAL, 0);
    g_assert_cmpuint(get(&b, CURRENT), ==, 0);
    teardown(&b);
}

static void test_timer_deadline(void)
{
    Bench b;
    setup(&b);
    put(&b, SVR, 0x1ff);
    put(&b, LVT_TIMER, 0x40040);
    put(&b, INITIAL, 100); /* ignored */
    local_apic_set_deadline(b.apic[0], 2000);
    fixture_step(&b.f, 999);
    g_assert_false(b.intr[0]);
    fixture_step(&b.f, 1);
    g_assert_true(b.intr[0]);
    g_assert_cmpint(b.deadlines_over, ==, 1);
    local_apic_acknowledge(b.apic[0]);
    put(&b, EOI, 0);
    local_apic_set_deadline(b.apic[0], 5); /* over: at once */
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x40);
    put(&b, EOI, 0);
    local_apic_set_deadline(b.apic[0], 1 << 20);
    put(&b, LVT_TIMER, 0x40); /* disarms */
    g_assert_cmpint(b.deadlines_over, ==, 3);
    fixture_step(&b.f, 1 << 20);
    g_assert_false(b.intr[0]);
    teardown(&b);
}

static void test_ipi_to_destinations(void)
{
    Bench b;
    setup(&b);
    put(&b, SVR, 0x1ff);
    put(&b, ICR_HIGH, 1 << 24);
    put(&b, ICR, 0x4500);
    g_assert_cmpint(b.init[1], ==, 1);
    put(&b, ICR, 0x8500); /* de-assert */
    g_assert_cmpint(b.init[1], ==, 1);
    put(&b, ICR, 0x469a);
    g_assert_cmphex(b.sipi[1], ==, 0x9a);
    put(&b, ICR, 0xc4400); /* NMI to all but itself */
    g_assert_cmpint(b.nmi[0] + 10 * b.nmi[1] + 100 * b.nmi[2], ==, 110);
    put(&b, ICR, 0x44030); /* self */
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x30);
    put(&b, EOI, 0);
    put(&b, LDR, 4u << 24);
    put(&b, ICR_HIGH, 6u << 24);
    put(&b, ICR, 0x4831);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x31);
    put(&b, DFR, 0); /* cluster: member 2 of cluster 3 */
    put(&b, LDR, 0x34000000);
    msi(&b, 0x2f, true, 0x60);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, -1);
    msi(&b, 0x36, true, 0x60);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x60);
    teardown(&b);
}

static void test_illegal_vectors_are_errors(void)
{
    Bench b;
    setup(&b);
    put(&b, SVR, 0x1ff);
    put(&b, LVT_ERROR, 0xfe);
    put(&b, ICR, 0x4405);
    put(&b, ICR, 0x44005);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0xfe);
    put(&b, ESR, 0);
    g_assert_cmphex(get(&b, ESR), ==, 0x20);
    msi(&b, 0, false, 3);
    put(&b, ESR, 0);
    g_assert_cmphex(get(&b, ESR), ==, 0x40);
    get(&b, 0x50);
    put(&b, ESR, 0);
    g_assert_cmphex(get(&b, ESR), ==, 0x80);
    teardown(&b);
}

static void test_pins(void)
{
    Bench b;
    setup(&b);
    Irq *lint0 = device_irq_input(b.apic[0], NULL, 0),
        *lint1 = device_irq_input(b.apic[0], NULL, 1);
    irq_raise(lint0); /* ExtINT even before the APIC is enabled */
    g_assert_true(b.intr[0]);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x77);
    irq_lower(lint0);
    g_assert_false(b.intr[0]);
    put(&b, SVR, 0x1ff);
    put(&b, LINT1, 0x400);
    irq_pulse(lint1);
    g_assert_cmpint(b.nmi[0], ==, 1);
    put(&b, LINT0, 0x8052); /* fixed, level */
    irq_raise(lint0);
    g_assert_cmphex(get(&b, LINT0), ==, 0xc052);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x52);
    put(&b, EOI, 0);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x52);
    irq_lower(lint0);
    put(&b, EOI, 0);
    g_assert_cmphex(get(&b, LINT0), ==, 0x8052);
    g_assert_true(local_apic_set_base(b.apic[0], BUS | 0x100)); /* off: the pins are INTR, NMI */
    irq_raise(lint0);
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x77);
    irq_pulse(lint1);
    g_assert_cmpint(b.nmi[0], ==, 2);
    g_assert_cmphex(get(&b, SVR), ==, UINT32_MAX);
    teardown(&b);
}

static void test_x2apic_rules(void)
{
    Bench b;
    uint64_t value;
    setup(&b);
    g_assert_false(local_apic_read_msr(b.apic[0], 2, &value)); /* not in xAPIC mode */
    g_assert_false(local_apic_set_base(b.apic[0], BUS | 0x400));
    enable_x2apic(&b, 0);
    g_assert_false(local_apic_set_base(b.apic[0], BUS | 0x900));
    g_assert_cmphex(get(&b, SVR), ==, UINT32_MAX);
    g_assert_cmphex(msr(&b, 0, 0xd), ==, 1);
    g_assert_false(local_apic_read_msr(b.apic[0], 0xe, &value));
    g_assert_false(local_apic_read_msr(b.apic[0], 0xb, &value));
    g_assert_false(local_apic_read_msr(b.apic[0], 0x3ff, &value));
    g_assert_false(local_apic_write_msr(b.apic[0], 0xb, 1));
    g_assert_false(local_apic_write_msr(b.apic[0], 8, 0x100));
    g_assert_false(local_apic_write_msr(b.apic[0], 2, 0));
    g_assert_true(local_apic_write_msr(b.apic[0], 0x3f, 0x91));
    g_assert_cmpint(local_apic_acknowledge(b.apic[0]), ==, 0x91);
    g_assert_true(local_apic_write_msr(b.apic[0], 0xb, 0));
    enable_x2apic(&b, 1);
    g_assert_true(local_apic_write_msr(b.apic[0], 0x30, 1ull << 32 | 0x4055));
    g_assert_cmpint(local_apic_acknowledge(b.apic[1]), ==, 0x55);
    g_assert_true(local_apic_write_msr(b.apic[0], 0x30, 2ull << 32 | 0x4856)); /* logical */
    local_apic_write_msr(b.apic[1], 0xb, 0);
    g_assert_cmpint(local_apic_acknowledge(b.apic[1]), ==, 0x56);
    local_apic_init(b.apic[1]);
    g_assert_cmphex(msr(&b, 1, 0xd), ==, 2);
    g_assert_cmphex(msr(&b, 1, 0xf), ==, 0xff);
    teardown(&b);
}

static void test_lowest_priority_takes_turns(void)
{
    Bench b;
    setup(&b);
    for (unsigned i = 0; i < PROCESSORS; i++) {
        enable_x2apic(&b, i);
    }
    local_apic_set_tpr(b.apic[1], 0x20);
    unsigned taken[PROCESSORS] = { 0 };
    for (unsigned i = 0; i < 4; i++) {
        msi(&b, 7, true, 0x181);
        for (unsigned j = 0; j < PROCESSORS; j++) {
            if (b.intr[j]) {
                taken[j]++;
                local_apic_acknowledge(b.apic[j]);
                local_apic_write_msr(b.apic[j], 0xb, 0);
            }
        }
    }
    g_assert_cmpuint(taken[0], ==, 2);
    g_assert_cmpuint(taken[1], ==, 0);
    g_assert_cmpuint(taken[2], ==, 2);
    teardown(&b);
}

static void test_hostile_values(void)
{
    Bench b;
    static const uint64_t values[] = { 0,     1,      0x10,    0x7f,       0xff,       0x100,
                                       0x1ff, 0x4500, 0xfffff, 0x80000000, 0xffffffff, UINT64_MAX };
    setup(&b);
    for (unsigned at = 0; at < 0x2000; at += 4) {
        for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
            for (unsigned size = 1; size <= 8; size *= 2) {
                fixture_store(&b.f, BUS + at, size, values[i]);
                fixture_load(&b.f, BUS + at, size);
            }
        }
    }
    fixture_step(&b.f, 1000000);
    fixture_check_state(&b.f);
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        local_apic_set_base(b.apic[0], values[i]);
    }
    enable_x2apic(&b, 1);
    for (unsigned reg = 0; reg < 0x400; reg++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
            uint64_t value;
            local_apic_write_msr(b.apic[1], reg, values[i]);
            local_apic_read_msr(b.apic[1], reg, &value);
        }
    }
    fixture_step(&b.f, 1000000);
    teardown(&b);
}

static void test_registers_move(void)
{
    enum { ELSEWHERE = 0x40000000, ON = 1 << 11, BSP = 1 << 8 };
    Bench b;
    setup(&b);
    uint64_t version = fixture_load(&b.f, BUS + 0x30, 4);
    g_assert_true(local_apic_set_base(b.apic[0], ELSEWHERE | ON | BSP));
    g_assert_cmphex(fixture_load(&b.f, ELSEWHERE + 0x30, 4), ==, version);
    g_assert_cmphex(fixture_load(&b.f, BUS + 0x30, 4), ==, UINT32_MAX);
    fixture_store(&b.f, ELSEWHERE + TPR, 4, 0x20);
    g_assert_cmphex(local_apic_get_tpr(b.apic[0]), ==, 0x20);
    g_assert_true(local_apic_set_base(b.apic[0], BUS | ON | BSP));
    g_assert_cmphex(fixture_load(&b.f, BUS + TPR, 4), ==, 0x20);
    g_assert_cmphex(fixture_load(&b.f, ELSEWHERE + 0x30, 4), !=, version);
    teardown(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/local-apic/reset", test_registers_after_reset);
    g_test_add_func("/local-apic/priorities", test_priorities_when_nested);
    g_test_add_func("/local-apic/disabled", test_disabled_takes_nothing);
    g_test_add_func("/local-apic/eoi", test_level_eoi_is_broadcast);
    g_test_add_func("/local-apic/timer", test_timer_one_shot_and_periodic);
    g_test_add_func("/local-apic/deadline", test_timer_deadline);
    g_test_add_func("/local-apic/ipi", test_ipi_to_destinations);
    g_test_add_func("/local-apic/errors", test_illegal_vectors_are_errors);
    g_test_add_func("/local-apic/pins", test_pins);
    g_test_add_func("/local-apic/x2apic", test_x2apic_rules);
    g_test_add_func("/local-apic/lowest-priority", test_lowest_priority_takes_turns);
    g_test_add_func("/local-apic/hostile", test_hostile_values);
    g_test_add_func("/local-apic/move", test_registers_move);
    return g_test_run();
}
