/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What connects local APICs: who a message is for, MSIs, and the page in which each processor sees
 * its own APIC. Spec: SDM vol. 3, 11.6.2 (destinations), 11.11 (MSI), 11.12.10 (x2APIC logical).
 */
#include "hw/intc/local_apic_internal.h"
#include "target/cpu.h"
#include "util/atomic.h"
#include "util/log.h"

enum { REGION_BYTES = 1 << 20, PAGE_BYTES = 1 << 12, REGISTER_BYTES = 16 };
enum { BROADCAST_8 = 0xff };

static LocalApic *apic_at(LocalApicBus *bus, unsigned index)
{
    return atomic_load_acquire(&bus->apics[index]); /* pairs with the release in connect */
}

/* 11.6.2.2 and 11.12.10.2 */
static bool matches_logical(const LocalApic *apic, const ApicMessage *message)
{
    uint32_t destination = message->destination, ldr = atomic_read(&apic->ldr);
    if (local_apic_is_x2apic(apic)) {
        return (message->wide && destination == UINT32_MAX) ||
               (destination >> 16 == ldr >> 16 && (destination & ldr & 0xffff));
    }
    if (message->wide && destination == UINT32_MAX) {
        return true;
    }
    if (destination > 0xff) {
        return false;
    }
    ldr >>= 24;
    if (atomic_read(&apic->dfr) >> 28 == 0xf) {
        return ldr & destination;
    }
    return (destination >> 4 == 0xf || destination >> 4 == ldr >> 4) && (destination & ldr & 0xf);
}

static bool matches(LocalApic *apic, const LocalApic *from, const ApicMessage *message)
{
    if (!(atomic_read(&apic->base) & APIC_BASE_ENABLE)) {
        return false;
    }
    switch (message->shorthand) {
    case APIC_TO_ALL: return true;
    case APIC_TO_OTHERS: return apic != from;
    case APIC_TO_SELF: return apic == from;
    }
    if (message->logical) {
        return matches_logical(apic, message);
    }
    return message->destination == (message->wide ? UINT32_MAX : BROADCAST_8) ||
           message->destination == apic->id;
}

/* 11.6.2.4: the lowest priority takes it; among equals everybody in turn. */
static LocalApic *arbitrate(LocalApicBus *bus, const LocalApic *from, const ApicMessage *message)
{
    unsigned count = atomic_load_acquire(&bus->count), first = atomic_read(&bus->rotate);
    LocalApic *best = NULL;
    unsigned best_priority = 0x100;
    for (unsigned i = 0; i < count; i++) {
        LocalApic *apic = apic_at(bus, (first + i) % count);
        if (!apic || !(atomic_read(&apic->svr) & APIC_SVR_ENABLE) ||
            !matches(apic, from, message)) {
            continue;
        }
        unsigned priority = local_apic_priority(apic) >> 4;
        if (priority < best_priority) {
            best = apic;
            best_priority = priority;
        }
    }
    if (best) {
        atomic_set(&bus->rotate, best->index + 1);
    }
    return best;
}

void local_apic_bus_deliver(LocalApicBus *bus, LocalApic *from, const ApicMessage *message)
{
    unsigned count = atomic_load_acquire(&bus->count);
    if (message->mode == APIC_LOWEST_PRIORITY) {
        LocalApic *apic = arbitrate(bus, from, message);
        if (apic) {
            local_apic_accept(apic, message);
        }
        return;
    }
    uint32_t guess = message->destination;
    if (!message->shorthand && !message->logical && guess < count &&
        guess != (message->wide ? UINT32_MAX : BROADCAST_8)) {
        LocalApic *apic = apic_at(bus, guess); /* numbers and IDs mostly agree */
        if (apic && apic->id == guess) {
            if (matches(apic, from, message)) {
                local_apic_accept(apic, message);
            }
            return;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        LocalApic *apic = apic_at(bus, i);
        if (apic && matches(apic, from, message)) {
            local_apic_accept(apic, message);
        }
    }
}

void local_apic_bus_send_msi(void *opaque, hwaddr address, uint32_t data)
{
    LocalApicBus *bus = container_of((Device *)opaque, LocalApicBus, sysbus.device);
    ApicMessage message = {
        .destination = address >> 12 & 0xff,
        .vector = data & 0xff,
        .mode = data >> 8 & 7,
        .logical = address >> 2 & 1, /* guests rely on it without the redirection hint too */
        .level = data >> 15 & 1,
    };
    if (message.mode == APIC_RESERVED || message.mode == APIC_STARTUP) {
        log_guest_error("apic-bus: MSI %#x to %#llx has a reserved delivery mode\n", data,
                        (unsigned long long)address);
        return;
    }
    if (message.level && !(data >> 14 & 1)) {
        return; /* the end of a level is no event */
    }
    local_apic_bus_deliver(bus, NULL, &message);
}

void local_apic_bus_eoi(LocalApicBus *bus, uint8_t vector)
{
    if (!bus->eoi_count) {
        return;
    }
    bool locked = machine_lock_held();
    if (!locked) {
        machine_lock();
    }
    for (unsigned i = 0; i < bus->eoi_count; i++) {
        bus->eoi[i].fn(bus->eoi[i].opaque, vector);
    }
    if (!locked) {
        machine_unlock();
    }
}

int local_apic_bus_extint(LocalApicBus *bus)
{
    if (!bus->extint) {
        return -1;
    }
    bool locked = machine_lock_held();
    if (!locked) {
        machine_lock();
    }
    int vector = bus->extint(bus->extint_opaque);
    if (!locked) {
        machine_unlock();
    }
    return vector;
}

void local_apic_bus_nmi(Device *dev)
{
    LocalApicBus *bus = container_of(dev, LocalApicBus, sysbus.device);
    for (unsigned i = 0; i < bus->count; i++) {
        LocalApic *apic = apic_at(bus, i);
        if (apic) {
            irq_pulse(device_irq_input(&apic->sysbus.device, NULL, 1));
        }
    }
}

void local_apic_bus_on_eoi(Device *dev, void (*fn)(void *opaque, uint8_t vector), void *opaque)
{
    LocalApicBus *bus = container_of(dev, LocalApicBus, sysbus.device);
    g_assert(bus->eoi_count < G_N_ELEMENTS(bus->eoi));
    bus->eoi[bus->eoi_count].fn = fn;
    bus->eoi[bus->eoi_count++].opaque = opaque;
}

void local_apic_bus_on_extint(Device *dev, int (*acknowledge)(void *opaque), void *opaque)
{
    LocalApicBus *bus = container_of(dev, LocalApicBus, sysbus.device);
    bus->extint = acknowledge;
    bus->extint_opaque = opaque;
}

/* The APIC of whoever asks: of the first processor when it is no processor (a test, a debugger). */
static LocalApic *asker(LocalApicBus *bus)
{
    const Cpu *cpu = cpu_current();
    unsigned index = cpu ? cpu->index : 0;
    return index < atomic_load_acquire(&bus->count) ? apic_at(bus, index) : NULL;
}

/*
 * MSIs and registers share the region: an MSI to APIC 0 writes where no register is, and one to any
 * other ID lies behind the page of registers.
 */
static bool is_register(hwaddr offset)
{
    return offset >= REGISTER_BYTES && offset < PAGE_BYTES;
}

static uint64_t page_read(LocalApicBus *bus, hwaddr page, hwaddr offset)
{
    LocalApic *apic = asker(bus);
    if (offset % REGISTER_BYTES || !apic) {
        return 0;
    }
    bool here = local_apic_page(apic) == page;
    return here ? local_apic_mmio_read(apic, offset / REGISTER_BYTES) : UINT32_MAX;
}

static void page_write(LocalApicBus *bus, hwaddr page, hwaddr offset, uint32_t value)
{
    LocalApic *apic = asker(bus);
    if (apic && offset % REGISTER_BYTES == 0 && local_apic_page(apic) == page) {
        local_apic_mmio_write(apic, offset / REGISTER_BYTES, value);
    }
}

static uint64_t bus_read(void *opaque, hwaddr offset, unsigned size)
{
    return is_register(offset) ? page_read(opaque, LOCAL_APIC_BASE, offset) : 0;
}

static void bus_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    LocalApicBus *bus = opaque;
    if (!is_register(offset)) {
        local_apic_bus_send_msi(&bus->sysbus.device, LOCAL_APIC_BASE + offset, value);
        return;
    }
    page_write(bus, LOCAL_APIC_BASE, offset, value);
}

static uint64_t moved_read(void *opaque, hwaddr offset, unsigned size)
{
    const ApicPage *page = opaque;
    return page_read(page->bus, atomic_read(&page->at), offset);
}

static void moved_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    const ApicPage *page = opaque;
    page_write(page->bus, atomic_read(&page->at), offset, value);
}

static const MemoryOps moved_ops = {
    .read = moved_read,
    .write = moved_write,
    .min_access = 1,
    .max_access = 8,
    .impl_min = 4,
    .impl_max = 4,
    .lockless = true,
};

static bool is_wanted(LocalApicBus *bus, hwaddr at)
{
    for (unsigned i = 0; i < bus->count; i++) {
        const LocalApic *apic = apic_at(bus, i);
        if (apic && local_apic_page(apic) == at && (atomic_read(&apic->base) & APIC_BASE_ENABLE) &&
            !local_apic_is_x2apic(apic)) {
            return true;
        }
    }
    return false;
}

static void place_page(LocalApicBus *bus, hwaddr at)
{
    Machine *machine = device_machine(&bus->sysbus.device);
    ApicPage *empty = NULL;
    for (unsigned i = 0; i < APIC_PAGES; i++) {
        if (bus->pages[i].at == at) {
            return;
        }
        empty = bus->pages[i].at ? empty : &bus->pages[i];
    }
    if (!empty) {
        log_unimplemented("apic-bus: registers in more than %d pages\n", APIC_PAGES);
        return;
    }
    atomic_set(&empty->at, at);
    memory_region_add_overlap(&machine->system_memory, at, &empty->region, 2);
}

/* What else would be at a page is hidden for every processor while one has its registers there. */
void local_apic_bus_place_pages(LocalApicBus *bus)
{
    memory_transaction_begin();
    for (unsigned i = 0; i < APIC_PAGES; i++) {
        ApicPage *page = &bus->pages[i];
        if (page->at && !is_wanted(bus, page->at)) {
            memory_region_remove(page->region.container, &page->region);
            atomic_set(&page->at, 0);
        }
    }
    for (unsigned i = 0; i < bus->count; i++) {
        const LocalApic *apic = apic_at(bus, i);
        hwaddr at = apic ? local_apic_page(apic) : LOCAL_APIC_BASE;
        if (at && at != LOCAL_APIC_BASE && is_wanted(bus, at)) {
            place_page(bus, at);
        }
    }
    memory_transaction_commit();
}

static const MemoryOps bus_ops = {
    .read = bus_read,
    .write = bus_write,
    .min_access = 1,
    .max_access = 8,
    .impl_min = 4,
    .impl_max = 4,
    .lockless = true,
};

static bool bus_realize(Device *dev, GError **errp)
{
    LocalApicBus *bus = container_of(dev, LocalApicBus, sysbus.device);
    bus->apics = g_new0(LocalApic *, LOCAL_APIC_MAX);
    memory_region_init_io(&bus->mmio, &dev->object, &bus_ops, bus, "apic-msi", REGION_BYTES);
    sysbus_add_mmio(&bus->sysbus, &bus->mmio);
    for (unsigned i = 0; i < APIC_PAGES; i++) {
        bus->pages[i].bus = bus;
        memory_region_init_io(&bus->pages[i].region, &dev->object, &moved_ops, &bus->pages[i],
                              "apic-moved", PAGE_BYTES);
    }
    return true;
}

static void bus_finalize(Object *obj)
{
    g_free(container_of(obj, LocalApicBus, sysbus.device.object)->apics);
}

static void bus_reset(Device *dev)
{
    atomic_set(&container_of(dev, LocalApicBus, sysbus.device)->rotate, 0);
}

static const VmState bus_vmstate = {
    .version = 1,
    .fields = (const VmField[]){ VM_U32(LocalApicBus, rotate), {} },
};

static void print_vectors(GString *out, const char *name, const uint32_t *bits)
{
    g_string_append_printf(out, "%s\t", name);
    bool any = false;
    for (unsigned vector = 0; vector < 256; vector++) {
        if (bits[vector / 32] >> vector % 32 & 1) {
            g_string_append_printf(out, "%s%u", any ? " " : "", vector);
            any = true;
        }
    }
    g_string_append(out, any ? "\n" : "(none)\n");
}

void local_apic_describe(Device *dev, unsigned cpu, GString *out)
{
    static const char *const names[LVT_COUNT] = { "LVTT", "LVTTHMR", "LVTPC",
                                                  "LVT0", "LVT1",    "LVTERR" };
    static const char *const modes[] = { "Fixed", "Lowest", "SMI",  "3",
                                         "NMI",   "INIT",   "SIPI", "ExtINT" };
    LocalApicBus *bus = container_of(dev, LocalApicBus, sysbus.device);
    LocalApic *apic = cpu < bus->count ? bus->apics[cpu] : NULL;
    if (!apic) {
        return;
    }
    g_mutex_lock(&apic->lock);
    g_string_append_printf(
        out,
        "local APIC %u of CPU#%u, %s%s\nSPIV\t0x%08x\nICR\t0x%016" G_GINT64_MODIFIER
        "x\nESR\t0x%08x\nTPR\t0x%02x\nLDR\t0x%08x\nDFR\t0x%08x\n",
        apic->id, cpu, apic->base & APIC_BASE_ENABLE ? "enabled" : "disabled",
        local_apic_is_x2apic(apic) ? ", x2APIC" : "", apic->svr, apic->icr, apic->esr, apic->tpr,
        apic->ldr, apic->dfr);
    for (unsigned i = 0; i < LVT_COUNT; i++) {
        uint32_t lvt = apic->lvt[i];
        g_string_append_printf(out, "%s\t0x%08x %s%s%s vec %u\n", names[i], lvt,
                               i == LVT_TIMER ? (lvt & LVT_TIMER_DEADLINE   ? "deadline"
                                                 : lvt & LVT_TIMER_PERIODIC ? "periodic"
                                                                            : "one-shot")
                                              : modes[lvt >> LVT_MODE_SHIFT & 7],
                               lvt & LVT_MASKED ? " masked" : "", lvt & LVT_LEVEL ? " level" : "",
                               lvt & 0xff);
    }
    g_string_append_printf(out, "Timer\tDCR=0x%x initial count=%u\n", apic->count.divide,
                           apic->count.initial_count);
    print_vectors(out, "ISR", apic->isr);
    print_vectors(out, "IRR", apic->irr);
    g_mutex_unlock(&apic->lock);
}

const DeviceClass local_apic_bus_class = {
    .object = { .name = "apic-bus",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(LocalApicBus),
                .finalize = bus_finalize },
    .summary = "Connection of local APICs, target of MSIs",
    .category = DEVICE_CATEGORY_BRIDGE,
    .realize = bus_realize,
    .reset = bus_reset,
    .vmstate = &bus_vmstate,
};
CLASS_REGISTER(local_apic_bus_class);
