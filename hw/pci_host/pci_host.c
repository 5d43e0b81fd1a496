/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci_host/pci_host.h"

#include "hw/core/machine.h"
#include "util/error.h"

enum { PORT_CONFIG_ADDRESS = 0xcf8, PORT_CONFIG_DATA = 0xcfc };
enum { VIDEO_BASE = 0xa0000, VIDEO_BYTES = 0x20000 };
enum { PAM_BASE = 0xc0000, PAM_BYTES = 0x4000, PAM_BIOS_BASE = 0xf0000, PAM_BIOS_BYTES = 0x10000 };
enum { NOBODY_PRIORITY = -1000 };
enum { PAM_PCI, PAM_READ_RAM, PAM_WRITE_RAM, PAM_RAM, PAM_MODES };

static hwaddr segment_base(unsigned segment)
{
    return segment == 0 ? PAM_BIOS_BASE : PAM_BASE + (segment - 1) * PAM_BYTES;
}

static uint64_t segment_bytes(unsigned segment)
{
    return segment == 0 ? PAM_BIOS_BYTES : PAM_BYTES;
}

static uint64_t nobody_read(void *opaque, hwaddr offset, unsigned size)
{
    return UINT64_MAX;
}

static void nobody_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

const MemoryOps pci_host_nobody_ops = {
    .read = nobody_read,
    .write = nobody_write,
    .min_access = 1,
    .max_access = 8,
    .unaligned = true,
};

/* The mode in which firmware copies itself: reads come from PCI, writes go to RAM. */

static PciHost *segment_owner(void *opaque, hwaddr *base)
{
    MemoryRegion *mr = opaque;
    *base = mr->address;
    return container_of(mr->object.parent, PciHost, sysbus.device.object);
}

static uint64_t copy_mode_read(void *opaque, hwaddr offset, unsigned size)
{
    hwaddr base;
    PciHost *host = segment_owner(opaque, &base);
    uint64_t value;
    MemTxResult result = address_space_load(&host->memory_as, base + offset, size, ENDIAN_LITTLE,
                                            &value, (MemTxAttrs){ 0 });
    return result == MEMTX_OK ? value : UINT64_MAX;
}

static void copy_mode_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    hwaddr base;
    PciHost *host = segment_owner(opaque, &base);
    Machine *machine = device_machine(&host->sysbus.device);
    uint8_t *ram = memory_region_ram_pointer(&machine->ram);
    for (unsigned i = 0; i < size; i++) {
        ram[base + offset + i] = value >> 8 * i;
    }
    memory_region_set_dirty(&machine->ram, base + offset, size);
}

static const MemoryOps copy_mode_ops = {
    .read = copy_mode_read,
    .write = copy_mode_write,
    .min_access = 1,
    .max_access = 8,
};

static void init_segment(PciHost *host, unsigned i, Machine *machine)
{
    static const char *const names[PAM_MODES] = { "pam-pci", "pam-rom", "pam-copy", "pam-ram" };
    MemoryRegion *view = host->pam[i].view;
    Object *owner = &host->sysbus.device.object;
    hwaddr base = segment_base(i);
    uint64_t size = segment_bytes(i);

    memory_region_init_alias(&view[PAM_PCI], owner, names[PAM_PCI], &host->memory, base, size);
    memory_region_init_alias(&view[PAM_READ_RAM], owner, names[PAM_READ_RAM], &machine->ram, base,
                             size);
    memory_region_set_readonly(&view[PAM_READ_RAM], true);
    memory_region_init_io(&view[PAM_WRITE_RAM], owner, &copy_mode_ops, &view[PAM_WRITE_RAM],
                          names[PAM_WRITE_RAM], size);
    memory_region_init_alias(&view[PAM_RAM], owner, names[PAM_RAM], &machine->ram, base, size);
    for (unsigned mode = 0; mode < PAM_MODES; mode++) {
        memory_region_set_enabled(&view[mode], mode == PAM_PCI);
        memory_region_add_overlap(&machine->system_memory, base, &view[mode], 1);
    }
    host->pam[i].mode = PAM_PCI;
}

void pci_host_update_pam(PciHost *host, const uint8_t registers[PAM_REGISTERS])
{
    memory_transaction_begin();
    for (unsigned i = 0; i < PAM_SEGMENTS; i++) {
        PamSegment *segment = &host->pam[i];
        /* the BIOS area has the upper half of the first register */
        unsigned shift = (i + 1) % 2 ? 4 : 0;
        uint8_t mode = registers[(i + 1) / 2] >> shift & 3;
        if (mode != segment->mode) {
            memory_region_set_enabled(&segment->view[segment->mode], false);
            memory_region_set_enabled(&segment->view[mode], true);
            segment->mode = mode;
        }
    }
    memory_transaction_commit();
}

void pci_host_update_smram(PciHost *host, bool open, bool enabled)
{
    memory_transaction_begin();
    memory_region_set_enabled(&host->video_over_ram, !open);
    memory_region_set_enabled(&host->smram_video, enabled);
    memory_transaction_commit();
}

static void cleanup(PciHost *host)
{
    address_space_cleanup(&host->memory_as);
}

bool pci_host_setup(PciHost *host, const PciBusClass *kind, const char *bus_name,
                    const char *bridge, GError **errp)
{
    Device *dev = &host->sysbus.device;
    Machine *machine = device_machine(dev);
    Object *owner = &dev->object;

    if (!machine->ram.size || machine->ram.size < (1 << 20)) {
        error_set(errp, "%s: less than 1 MiB of RAM", owner->class->name);
        return false;
    }
    memory_transaction_begin();
    memory_region_init(&host->memory, owner, "pci", UINT64_MAX);
    memory_region_init_io(&host->nobody, owner, &pci_host_nobody_ops, host, "pci-nobody",
                          UINT64_MAX);
    memory_region_add_overlap(&host->memory, 0, &host->nobody, NOBODY_PRIORITY);
    address_space_init(&host->memory_as, &host->memory, "pci");
    memory_region_add_overlap(&machine->system_memory, 0, &host->memory, -1);
    memory_region_init_alias(&host->video_over_ram, owner, "video", &host->memory, VIDEO_BASE,
                             VIDEO_BYTES);
    memory_region_add_overlap(&machine->system_memory, VIDEO_BASE, &host->video_over_ram, 1);
    memory_region_init(&host->smram, owner, "smram", 1ull << 32);
    memory_region_init_alias(&host->smram_video, owner, "smram-video", &machine->ram, VIDEO_BASE,
                             VIDEO_BYTES);
    memory_region_set_enabled(&host->smram_video, false);
    memory_region_add(&host->smram, VIDEO_BASE, &host->smram_video);
    for (unsigned i = 0; i < PAM_SEGMENTS; i++) {
        init_segment(host, i, machine);
    }
    pci_bus_init(&host->bus, kind, dev, bus_name, &host->memory, &machine->system_io);
    pci_config_ports_init(&host->ports, owner, &host->bus);
    memory_region_add(&machine->system_io, PORT_CONFIG_ADDRESS, &host->ports.address_ports);
    memory_region_add(&machine->system_io, PORT_CONFIG_DATA, &host->ports.data_ports);
    memory_transaction_commit();
    host->bridge = pci_add(machine, &host->bus, bridge, 0, errp);
    if (!host->bridge) {
        cleanup(host);
    }
    return host->bridge != NULL;
}

static void pci_host_unrealize(Device *dev)
{
    cleanup(container_of(dev, PciHost, sysbus.device));
}

PciHost *pci_host_of(PciDevice *bridge)
{
    return container_of(bridge->bus->bus.owner, PciHost, sysbus.device);
}

PciHost *pci_host_find(Machine *machine)
{
    PciBus *bus = pci_bus_default(machine);
    Object *owner = bus && bus->bus.owner ? &bus->bus.owner->object : NULL;
    return object_cast(owner, &pci_host_class.device.object);
}

static void pci_host_reset(Device *dev)
{
    container_of(dev, PciHost, sysbus.device)->ports.address = 0;
}

const VmState pci_host_vmstate = {
    .name = "pci-host",
    .version = 1,
    .fields =
        (const VmField[]){
            VM_STRUCT(PciHost, ports, pci_config_ports_vmstate),
            {},
        },
};

static const Property pci_host_properties[] = {
    PROPERTY_SIZE("below-4g-mem-size", PciHost, below_4g, 0,
                  .help = "RAM from address 0 on, below the PCI hole"),
    {},
};

const SysbusDeviceClass pci_host_class = {
    .device = { .object = { .name = "pci-host-bridge",
                            .parent = &sysbus_device_class.device.object,
                            .abstract = true,
                            .instance_size = sizeof(PciHost),
                            .properties = pci_host_properties },
                .category = DEVICE_CATEGORY_BRIDGE,
                .unrealize = pci_host_unrealize,
                .reset = pci_host_reset,
                .vmstate = &pci_host_vmstate },
};
CLASS_REGISTER(pci_host_class);
