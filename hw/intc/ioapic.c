/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O APIC: routes 24 lines, edge or level, as messages in the form of MSIs.
 * Spec: Intel 82093AA data sheet (290566-001), section 3; ICH9 data sheet (316972), 13.5, for the
 * EOI register of version 0x20.
 */
#include "hw/intc/ioapic.h"

#include "hw/core/irq_info.h"
#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "util/error.h"
#include "util/log.h"

enum { IOREGSEL = 0x00, IOWIN = 0x10, EOI = 0x40, REGION_BYTES = 0x1000 };
enum { REG_ID = 0, REG_VERSION = 1, REG_ARBITRATION = 2, REG_TABLE = 0x10 };
enum { ID_MASK = 0x0f000000, VERSION_WITH_EOI = 0x20 };

/* Redirection table entry, 3.2.4 */
enum {
    RTE_MODE_SHIFT = 8,
    RTE_LOGICAL = 1 << 11,
    RTE_ACTIVE_LOW = 1 << 13,
    RTE_REMOTE_IRR = 1 << 14,
    RTE_LEVEL = 1 << 15,
    RTE_MASKED = 1 << 16,
    RTE_DESTINATION_SHIFT = 56,
};
static const uint64_t rte_writable = 0xff0000000001afff;
enum { MODE_FIXED, MODE_LOWEST, MODE_EXTINT = 7 };

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion mmio;
    AddressSpace *memory;
    void (*send)(void *opaque, hwaddr address, uint32_t data);
    void *send_opaque;
    uint8_t version; /* property */
    uint32_t id, select;
    uint32_t level; /* bit a pin, as devices drive it */
    uint64_t table[IOAPIC_PINS];
    uint64_t counts[IOAPIC_PINS]; /* messages sent, for people */
} Ioapic;

/* Address and data as the entry's fields stand in an MSI (SDM vol. 3, 11.11). */
static void send(Ioapic *ioapic, uint64_t rte)
{
    hwaddr address =
        0xfee00000 | (rte >> RTE_DESTINATION_SHIFT) << 12 | (rte & RTE_LOGICAL ? 4 : 0);
    uint32_t data = (rte & 0x7ff) | (rte & RTE_LEVEL ? 0xc000 : 0);
    if (ioapic->send) {
        ioapic->send(ioapic->send_opaque, address, data);
    } else {
        address_space_store(ioapic->memory, address, 4, ENDIAN_LITTLE, data, (MemTxAttrs){ 0 });
    }
}

/* Only fixed and lowest priority can be level-triggered and wait for an end. */
static bool is_level(uint64_t rte)
{
    return (rte & RTE_LEVEL) && (rte >> RTE_MODE_SHIFT & 7) <= MODE_LOWEST;
}

static void service_level(Ioapic *ioapic, unsigned pin)
{
    uint64_t *rte = &ioapic->table[pin];
    if (!is_level(*rte) || (*rte & (RTE_MASKED | RTE_REMOTE_IRR)) || !(ioapic->level >> pin & 1)) {
        return;
    }
    *rte |= RTE_REMOTE_IRR;
    ioapic->counts[pin]++;
    send(ioapic, *rte);
}

/* Lines are positive inside the machine: what the polarity bit says is the board's wiring. */
static void pin_changed(void *opaque, unsigned pin, int level)
{
    Ioapic *ioapic = opaque;
    bool rising = level && !(ioapic->level >> pin & 1);
    ioapic->level = level ? ioapic->level | 1u << pin : ioapic->level & ~(1u << pin);
    if (!rising) {
        return;
    }
    uint64_t rte = ioapic->table[pin];
    if (is_level(rte)) {
        service_level(ioapic, pin);
    } else if (!(rte & RTE_MASKED)) {
        ioapic->counts[pin]++;
        send(ioapic, rte & ~(uint64_t)RTE_LEVEL);
    }
}

void ioapic_eoi(void *opaque, uint8_t vector)
{
    Ioapic *ioapic = container_of((Device *)opaque, Ioapic, sysbus.device);
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        uint64_t rte = ioapic->table[pin];
        if ((rte & RTE_REMOTE_IRR) && (rte & 0xff) == vector) {
            ioapic->table[pin] &= ~(uint64_t)RTE_REMOTE_IRR;
            service_level(ioapic, pin);
        }
    }
}

/* The remote IRR is read-only, but a change to edge clears it (ICH9 13.5.7). */
static void write_entry(Ioapic *ioapic, unsigned pin, uint64_t value)
{
    uint64_t *rte = &ioapic->table[pin];
    uint64_t remote_irr = *rte & RTE_REMOTE_IRR;
    *rte = (value & rte_writable);
    if (is_level(*rte)) {
        *rte |= remote_irr;
        service_level(ioapic, pin);
    }
}

static uint32_t read_window(Ioapic *ioapic)
{
    switch (ioapic->select) {
    case REG_ID: return ioapic->id;
    case REG_VERSION: return (IOAPIC_PINS - 1) << 16 | ioapic->version;
    case REG_ARBITRATION: return ioapic->id;
    }
    unsigned half = ioapic->select - REG_TABLE;
    if (ioapic->select >= REG_TABLE && half < 2 * IOAPIC_PINS) {
        return ioapic->table[half / 2] >> (half % 2 * 32);
    }
    log_guest_error("ioapic: read of reserved register %#x\n", ioapic->select);
    return 0;
}

static void write_window(Ioapic *ioapic, uint32_t value)
{
    unsigned half = ioapic->select - REG_TABLE;
    if (ioapic->select == REG_ID) {
        ioapic->id = value & ID_MASK;
    } else if (ioapic->select >= REG_TABLE && half < 2 * IOAPIC_PINS) {
        uint64_t old = ioapic->table[half / 2];
        write_entry(ioapic, half / 2,
                    half % 2 ? (uint32_t)old | (uint64_t)value << 32
                             : (old & 0xffffffff00000000) | value);
    } else {
        log_guest_error("ioapic: write of %#x to read-only or reserved register %#x\n", value,
                        ioapic->select);
    }
}

static uint64_t ioapic_read(void *opaque, hwaddr offset, unsigned size)
{
    Ioapic *ioapic = opaque;
    switch (offset) {
    case IOREGSEL: return ioapic->select;
    case IOWIN: return read_window(ioapic);
    }
    log_guest_error("ioapic: read of reserved offset %#x\n", (unsigned)offset);
    return 0;
}

static void ioapic_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Ioapic *ioapic = opaque;
    if (offset == IOREGSEL) {
        ioapic->select = value & 0xff;
    } else if (offset == IOWIN) {
        write_window(ioapic, value);
    } else if (offset == EOI && ioapic->version >= VERSION_WITH_EOI) {
        ioapic_eoi(&ioapic->sysbus.device, value & 0xff);
    } else {
        log_guest_error("ioapic: write of reserved offset %#x\n", (unsigned)offset);
    }
}

static const MemoryOps ioapic_ops = {
    .read = ioapic_read,
    .write = ioapic_write,
    .min_access = 1,
    .max_access = 8,
    .impl_min = 4,
    .impl_max = 4,
};

void ioapic_set_target(Device *dev, void (*send_fn)(void *opaque, hwaddr address, uint32_t data),
                       void *opaque)
{
    Ioapic *ioapic = container_of(dev, Ioapic, sysbus.device);
    ioapic->send = send_fn;
    ioapic->send_opaque = opaque;
}

static bool ioapic_realize(Device *dev, GError **errp)
{
    Ioapic *ioapic = container_of(dev, Ioapic, sysbus.device);
    ioapic->memory = &device_machine(dev)->memory;
    device_add_irq_inputs(dev, NULL, pin_changed, ioapic, IOAPIC_PINS);
    memory_region_init_io(&ioapic->mmio, &dev->object, &ioapic_ops, ioapic, "ioapic", REGION_BYTES);
    sysbus_add_mmio(&ioapic->sysbus, &ioapic->mmio);
    return true;
}

/* Levels belong to the devices outside. */
static void ioapic_reset(Device *dev)
{
    Ioapic *ioapic = container_of(dev, Ioapic, sysbus.device);
    ioapic->id = ioapic->select = 0;
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        ioapic->table[pin] = RTE_MASKED;
    }
}

static bool ioapic_post_load(void *opaque, uint32_t version, GError **errp)
{
    Ioapic *ioapic = opaque;
    bool legal = !(ioapic->id & ~(uint32_t)ID_MASK) && ioapic->select <= 0xff &&
                 !(ioapic->level >> IOAPIC_PINS);
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        legal = legal && !(ioapic->table[pin] & ~(rte_writable | RTE_REMOTE_IRR));
    }
    if (!legal) {
        error_set(errp, "ioapic: a saved register has bits that do not exist");
    }
    return legal;
}

static const Property ioapic_properties[] = {
    PROPERTY_U8("version", Ioapic, version, 0x20, .min = 0x11, .max = 0x20,
                .help = "0x11: 82093AA, 0x20: with an EOI register"),
    {},
};

static const VmState ioapic_vmstate = {
    .version = 1,
    .post_load = ioapic_post_load,
    .fields =
        (const VmField[]){
            VM_U32(Ioapic, id),
            VM_U32(Ioapic, select),
            VM_U32(Ioapic, level),
            VM_U64_ARRAY(Ioapic, table),
            {},
        },
};

static void ioapic_describe(Object *obj, GString *out)
{
    static const char *const modes[] = {
        "fixed", "lowest", "smi", "3", "nmi", "init", "6", "extint"
    };
    const Ioapic *ioapic = container_of(obj, Ioapic, sysbus.device.object);
    g_string_append_printf(out, "ioapic: id=%u sel=0x%02x\n", ioapic->id >> 24 & 15,
                           ioapic->select);
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        uint64_t rte = ioapic->table[pin];
        g_string_append_printf(
            out, "  pin %-2u 0x%016" G_GINT64_MODIFIER "x dest=%u vec=%-3u %-6s %s%s%s%s%s\n", pin,
            rte, (unsigned)(rte >> RTE_DESTINATION_SHIFT), (unsigned)(rte & 0xff),
            modes[rte >> RTE_MODE_SHIFT & 7], rte & RTE_LOGICAL ? "logical" : "physical",
            rte & RTE_LEVEL ? " level" : " edge", rte & RTE_ACTIVE_LOW ? " active-lo" : "",
            rte & RTE_MASKED ? " masked" : "", rte & RTE_REMOTE_IRR ? " pending" : "");
    }
}

static const uint64_t *ioapic_counts(Object *obj, unsigned *inputs)
{
    *inputs = IOAPIC_PINS;
    return container_of(obj, Ioapic, sysbus.device.object)->counts;
}

static const IrqInfoOps ioapic_irq_info = { ioapic_describe, ioapic_counts };
static const InterfaceEntry ioapic_interfaces[] = { { &irq_info_interface, &ioapic_irq_info }, {} };

const DeviceClass ioapic_class = {
    .object = { .name = "ioapic",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(Ioapic),
                .properties = ioapic_properties,
                .interfaces = ioapic_interfaces },
    .summary = "I/O APIC with 24 inputs",
    .category = DEVICE_CATEGORY_MISC,
    .realize = ioapic_realize,
    .reset = ioapic_reset,
    .vmstate = &ioapic_vmstate,
};
CLASS_REGISTER(ioapic_class);
