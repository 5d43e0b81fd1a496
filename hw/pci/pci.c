/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI devices: life cycle, configuration space, capabilities, bus mastering. */
#include "hw/pci/pci.h"

#include <string.h>

#include "hw/core/machine.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_internal.h"
#include "util/error.h"

/* Subsystem of devices whose class names none: what drivers of virtual hardware expect. */
enum { DEFAULT_SUBSYSTEM_VENDOR = PCI_VENDOR_QUMRANET, DEFAULT_SUBSYSTEM_ID = 0x1100 };

uint32_t pci_config_get(const PciDevice *dev, unsigned offset, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= (uint32_t)dev->config[offset + i] << 8 * i;
    }
    return value;
}

static void put(uint8_t *bytes, unsigned offset, unsigned size, uint32_t value)
{
    for (unsigned i = 0; i < size; i++) {
        bytes[offset + i] = value >> 8 * i;
    }
}

void pci_config_set(PciDevice *dev, unsigned offset, unsigned size, uint32_t value)
{
    put(dev->config, offset, size, value);
}

void pci_config_writable(PciDevice *dev, unsigned offset, unsigned size, uint32_t mask)
{
    put(dev->write_mask, offset, size, mask);
}

void pci_config_clearable(PciDevice *dev, unsigned offset, unsigned size, uint32_t mask)
{
    put(dev->clear_mask, offset, size, mask);
}

uint32_t pci_default_config_read(PciDevice *dev, unsigned offset, unsigned size)
{
    return pci_config_get(dev, offset, size);
}

/* 6.2.2: without it, the device reaches nothing. */
static void update_master(PciDevice *dev)
{
    memory_region_set_enabled(&dev->dma_memory,
                              pci_config_get(dev, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
}

/* What follows from configuration, after any of it changed. */
static void follow_config(PciDevice *dev)
{
    memory_transaction_begin();
    pci_bars_update(dev);
    update_master(dev);
    pci_bridge_update(dev);
    memory_transaction_commit();
    pci_intx_update(dev);
    pci_msi_update(dev);
    pci_msix_update(dev);
}

void pci_default_config_write(PciDevice *dev, unsigned offset, uint32_t value, unsigned size)
{
    bool changed = false;
    for (unsigned i = 0; i < size; i++) {
        unsigned at = offset + i;
        uint8_t byte = value >> 8 * i, old = dev->config[at], may = dev->write_mask[at];
        dev->config[at] = ((old & ~may) | (byte & may)) & ~(byte & dev->clear_mask[at]);
        changed |= dev->config[at] != old;
    }
    if (changed) {
        follow_config(dev);
    }
}

/* Capabilities */

static bool take_bytes(PciDevice *dev, unsigned offset, unsigned size, GError **errp)
{
    for (unsigned i = offset; i < offset + size; i++) {
        if (dev->used[i / 8] & 1 << i % 8) {
            error_set(errp, "%s: capabilities overlap at %#x", dev->device.object.class->name, i);
            return false;
        }
    }
    for (unsigned i = offset; i < offset + size; i++) {
        dev->used[i / 8] |= 1 << i % 8;
    }
    return true;
}

static unsigned find_room(const PciDevice *dev, unsigned size)
{
    unsigned free_from = PCI_HEADER_BYTES;
    for (unsigned at = free_from; at < PCI_CONFIG_BYTES; at++) {
        if (dev->used[at / 8] & 1 << at % 8) {
            free_from = (at + 4) & ~3u;
        } else if (at + 1 - free_from >= size) {
            return free_from;
        }
    }
    return 0;
}

unsigned pci_add_capability(PciDevice *dev, uint8_t id, unsigned offset, unsigned size,
                            GError **errp)
{
    offset = offset ? offset : find_room(dev, size);
    if (offset < PCI_HEADER_BYTES || offset % 4 || offset + size > PCI_CONFIG_BYTES) {
        error_set(errp, "%s: no room for a capability of %u bytes", dev->device.object.class->name,
                  size);
        return 0;
    }
    if (!take_bytes(dev, offset, size, errp)) {
        return 0;
    }
    dev->config[offset] = id;
    dev->config[offset + 1] = dev->config[PCI_CAPABILITIES];
    dev->config[PCI_CAPABILITIES] = offset;
    dev->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
    return offset;
}

unsigned pci_find_capability(const PciDevice *dev, uint8_t id)
{
    unsigned at = dev->config[PCI_CAPABILITIES] & ~3u;
    for (unsigned i = 0; at >= PCI_HEADER_BYTES && i < PCI_CONFIG_BYTES / 4; i++) {
        if (dev->config[at] == id) {
            return at;
        }
        at = dev->config[at + 1] & ~3u;
    }
    return 0;
}

bool pcie_add_extended(PciDevice *dev, uint16_t id, uint8_t version, unsigned offset, unsigned size,
                       GError **errp)
{
    if (offset < PCI_CONFIG_BYTES || offset % 4 || offset + size > dev->config_bytes) {
        error_set(errp, "%s: no place for extended capability %#x", dev->device.object.class->name,
                  id);
        return false;
    }
    if (!take_bytes(dev, offset, size, errp)) {
        return false;
    }
    unsigned last = PCI_CONFIG_BYTES; /* Base 3.1, 7.9.3: the list starts there */
    while (pci_config_get(dev, last, 4) >> 20) {
        last = pci_config_get(dev, last, 4) >> 20;
    }
    if (last != offset) {
        pci_config_set(dev, last, 4, pci_config_get(dev, last, 4) | offset << 20);
    }
    pci_config_set(dev, offset, 4, id | version << 16);
    return true;
}

/* Interrupts */

void pci_set_interrupt_pin(PciDevice *dev, unsigned pin)
{
    g_assert(pin <= PCI_PINS);
    dev->config[PCI_INTERRUPT_PIN] = pin;
}

bool pci_uses_intx(const PciDevice *dev)
{
    return !pci_msi_enabled(dev) && !pci_msix_enabled(dev);
}

void pci_intx_update(PciDevice *dev)
{
    bool disabled = pci_config_get(dev, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE;
    dev->config[PCI_STATUS] &= ~PCI_STATUS_INTERRUPT;
    dev->config[PCI_STATUS] |= dev->intx_level ? PCI_STATUS_INTERRUPT : 0;
    if (dev->config[PCI_INTERRUPT_PIN]) {
        pci_bus_intx(dev, dev->intx_level && !disabled && pci_uses_intx(dev));
    }
}

void pci_set_irq(PciDevice *dev, int level)
{
    dev->intx_level = level != 0;
    pci_intx_update(dev);
}

static void intx_changed(void *opaque, unsigned line, int level)
{
    pci_set_irq(opaque, level);
}

Irq *pci_irq(PciDevice *dev)
{
    if (!dev->intx) {
        dev->intx = irq_new(intx_changed, dev, 0);
    }
    return dev->intx;
}

/* Bus mastering */

MemTxAttrs pci_dma_attrs(const PciDevice *dev)
{
    return (MemTxAttrs){ .requester = pci_requester_id(dev) };
}

MemTxResult pci_dma_read(PciDevice *dev, hwaddr address, void *buffer, uint64_t length)
{
    return address_space_read(&dev->dma, address, buffer, length, pci_dma_attrs(dev));
}

MemTxResult pci_dma_write(PciDevice *dev, hwaddr address, const void *buffer, uint64_t length)
{
    return address_space_write(&dev->dma, address, buffer, length, pci_dma_attrs(dev));
}

static void init_dma(PciDevice *dev)
{
    Machine *machine = device_machine(&dev->device);
    memory_region_init(&dev->dma_root, &dev->device.object, "bus-master", UINT64_MAX);
    memory_region_init_alias(&dev->dma_memory, &dev->device.object, "bus-master-memory",
                             &machine->system_memory, 0, UINT64_MAX);
    memory_region_set_enabled(&dev->dma_memory, false);
    memory_region_add(&dev->dma_root, 0, &dev->dma_memory);
    address_space_init(&dev->dma, &dev->dma_root, dev->device.object.class->name);
    dev->dma_ready = true;
}

/* Life */

static void init_header(PciDevice *dev, const PciDeviceClass *class)
{
    uint16_t command = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
                       PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE;

    dev->config_bytes = class->express ? PCIE_CONFIG_BYTES : PCI_CONFIG_BYTES;
    pci_config_set(dev, PCI_VENDOR_ID, 2, class->vendor);
    pci_config_set(dev, PCI_DEVICE_ID, 2, class->id);
    pci_config_set(dev, PCI_REVISION, 1, class->revision);
    pci_config_set(dev, PCI_CLASS_PROG, 1, class->prog_interface);
    pci_config_set(dev, PCI_CLASS_DEVICE, 2, class->class);
    pci_config_set(dev, PCI_HEADER_TYPE, 1,
                   (class->bridge ? PCI_HEADER_BRIDGE : 0) |
                       (dev->multifunction ? PCI_HEADER_MULTIFUNCTION : 0));
    pci_config_writable(dev, PCI_COMMAND, 2, command);
    pci_config_clearable(dev, PCI_STATUS, 2, PCI_STATUS_ERRORS);
    pci_config_writable(dev, PCI_CACHE_LINE, 1, 0xff);
    pci_config_writable(dev, PCI_LATENCY, 1, class->express ? 0 : 0xf8);
    pci_config_writable(dev, PCI_INTERRUPT_LINE, 1, 0xff);
    if (!class->bridge) {
        bool own = class->subsystem_vendor || class->subsystem_id;
        pci_config_set(dev, PCI_SUBSYSTEM_VENDOR, 2,
                       own ? class->subsystem_vendor : DEFAULT_SUBSYSTEM_VENDOR);
        pci_config_set(dev, PCI_SUBSYSTEM_ID, 2, own ? class->subsystem_id : DEFAULT_SUBSYSTEM_ID);
    }
}

/* Undoes realize, whole or half done. What a handler that is about to run may look at stays until
 * the device is gone. */
static void clean_up(PciDevice *dev)
{
    if (dev->bus->devices[dev->devfn] == dev) {
        dev->intx_level = 0;
        pci_intx_update(dev);
        dev->bus->devices[dev->devfn] = NULL;
    }
    if (dev->dma_ready) {
        memory_region_set_enabled(&dev->dma_memory, false);
    }
    dev->bus = NULL;
}

static bool pci_realize(Device *device, GError **errp)
{
    PciDevice *dev = container_of(device, PciDevice, device);
    const PciDeviceClass *class = (const PciDeviceClass *)device->object.class;
    bool (*setup)(PciDevice *, GError **) =
        CLASS_METHOD(&device->object, pci_device_class, PciDeviceClass, setup);

    dev->bus = container_of(device->bus, PciBus, bus);
    init_header(dev, class);
    init_dma(dev);
    if (!pci_bars_load_rom(dev, errp) || (setup && !setup(dev, errp))) {
        clean_up(dev);
        return false;
    }
    memcpy(dev->first, dev->config, sizeof(dev->first));
    dev->bus->devices[dev->devfn] = dev;
    follow_config(dev);
    return true;
}

static void pci_unrealize(Device *device)
{
    PciDevice *dev = container_of(device, PciDevice, device);
    void (*cleanup)(PciDevice *) =
        CLASS_METHOD(&device->object, pci_device_class, PciDeviceClass, cleanup);
    if (cleanup) {
        cleanup(dev);
    }
    clean_up(dev);
}

static void pci_reset(Device *device)
{
    PciDevice *dev = container_of(device, PciDevice, device);
    void (*reset)(PciDevice *) =
        CLASS_METHOD(&device->object, pci_device_class, PciDeviceClass, reset);

    unsigned at = dev->stays_at, stays = device_machine(device)->waking ? dev->stays_bytes : 0;
    memcpy(dev->config, dev->first, at);
    memcpy(dev->config + at + stays, dev->first + at + stays, sizeof(dev->config) - at - stays);
    dev->intx_level = 0;
    pci_msix_reset(dev);
    follow_config(dev);
    if (reset) {
        reset(dev);
    }
}

/* State */

static bool pci_post_load(void *opaque, uint32_t version, GError **errp)
{
    PciDevice *dev = opaque;
    const uint8_t *first = dev->first;

    if (memcmp(dev->config, first, PCI_COMMAND) != 0 ||
        dev->config[PCI_HEADER_TYPE] != first[PCI_HEADER_TYPE]) {
        error_set(errp, "%s: saved by a different device", dev->device.object.class->name);
        return false;
    }
    for (unsigned i = 0; i < PCIE_CONFIG_BYTES; i++) {
        uint8_t changes = dev->write_mask[i] | dev->clear_mask[i] | dev->keep_mask[i];
        dev->config[i] = (dev->config[i] & changes) | (first[i] & ~changes);
    }
    dev->intx_level = dev->intx_level != 0;
    if (!pci_msix_post_load(dev, errp)) {
        return false;
    }
    follow_config(dev);
    return true;
}

static bool has_msix(void *opaque)
{
    return ((PciDevice *)opaque)->msix != NULL;
}

static const VmState pci_msix_vmstate = {
    .name = "msix",
    .version = 1,
    .needed = has_msix,
    .fields =
        (const VmField[]){
            VM_VBUFFER(PciDevice, msix_state, msix_bytes, PCI_MSIX_STATE_BYTES),
            {},
        },
};

static const VmState pci_vmstate = {
    .name = "pci-device",
    .version = 1,
    .post_load = pci_post_load,
    .fields =
        (const VmField[]){
            VM_BUFFER(PciDevice, config),
            VM_U8(PciDevice, intx_level),
            {},
        },
    .subsections = (const VmState *const[]){ &pci_msix_vmstate, NULL },
};

/* "5", "05.1": slot and function in hexadecimal. */
static bool set_address(Object *obj, const char *text, GError **errp)
{
    PciDevice *dev = container_of(obj, PciDevice, device.object);
    char *end;
    bool digit = g_ascii_isxdigit(text[0]);
    guint64 slot = g_ascii_strtoull(text, &end, 16), function = 0;

    if (digit && *end == '.' && g_ascii_isxdigit(end[1])) {
        function = g_ascii_strtoull(end + 1, &end, 16);
    }
    if (!digit || *end || slot >= PCI_SLOTS || function >= PCI_FUNCTIONS) {
        error_set(errp, "%s: addr '%s' is no PCI address: SLOT or SLOT.FUNCTION, to 1f.7",
                  obj->class->name, text);
        return false;
    }
    dev->wanted_devfn = PCI_DEVFN(slot, function);
    return true;
}

static char *get_address(Object *obj)
{
    const PciDevice *dev = container_of(obj, PciDevice, device.object);
    int devfn = dev->bus ? dev->devfn : dev->wanted_devfn;
    return devfn < 0 ? g_strdup("") : g_strdup_printf("%02x.%x", devfn >> 3, devfn & 7);
}

static const Property pci_properties[] = {
    PROPERTY_TEXT("addr", get_address, set_address,
                  .help = "slot and function in hexadecimal, such as 05.0"),
    PROPERTY_BOOL("multifunction", PciDevice, multifunction, false,
                  .help = "functions 1 to 7 of its slot may be used too"),
    PROPERTY_STRING("romfile", PciDevice, romfile, NULL,
                    .help = "option ROM; empty: none, not even the usual one"),
    PROPERTY_U32("rombar", PciDevice, rombar, 1, .max = UINT32_MAX,
                 .help = "0 hides the option ROM"),
    {},
};

static void pci_device_init(Object *obj)
{
    container_of(obj, PciDevice, device.object)->wanted_devfn = -1;
}

static void pci_device_finalize(Object *obj)
{
    PciDevice *dev = container_of(obj, PciDevice, device.object);
    if (dev->dma_ready) {
        address_space_cleanup(&dev->dma);
    }
    pci_msi_cleanup(dev);
    pci_msix_cleanup(dev);
    g_clear_pointer(&dev->intx, irq_free);
}

const PciDeviceClass pci_device_class = {
    .device = { .object = { .name = "pci-device",
                            .parent = &device_class.object,
                            .abstract = true,
                            .instance_size = sizeof(PciDevice),
                            .properties = pci_properties,
                            .init = pci_device_init,
                            .finalize = pci_device_finalize },
                .bus = &pci_bus_class.bus,
                .realize = pci_realize,
                .unrealize = pci_unrealize,
                .reset = pci_reset,
                .vmstate = &pci_vmstate },
};
CLASS_REGISTER(pci_device_class);
