/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spec: Microsoft "Virtual Machine Generation ID" (2012). The board describes the number's place in
 * the ACPI tables; after a state was loaded there is a new one, which general purpose event 5
 * tells.
 */
#include "hw/misc/vmgenid.h"

#include <string.h>

#include "memory/address_space.h"
#include "util/error.h"

typedef struct {
    Device device;
    char *guid; /* property: a UUID, or "auto" */
    Irq *changed;
    hwaddr address; /* guest state; 0: nobody knows */
} Vmgenid;

static const DeviceClass vmgenid_class;

static Device *find(Object *parent)
{
    for (guint i = 0; parent->children && i < parent->children->len; i++) {
        Object *child = g_ptr_array_index(parent->children, i);
        if (object_class_is_a(child->class, &vmgenid_class.object)) {
            return container_of(child, Device, object);
        }
    }
    return NULL;
}

Device *vmgenid_find(Machine *machine)
{
    Device *dev = find(object_child(&machine->object, "peripheral"));
    return dev ? dev : find(object_child(&machine->object, "peripheral-anon"));
}

/* The first three fields are little endian. */
void vmgenid_bytes(Device *dev, uint8_t bytes[VMGENID_BYTES])
{
    static const uint8_t order[VMGENID_BYTES] = { 3, 2, 1,  0,  5,  4,  7,  6,
                                                  8, 9, 10, 11, 12, 13, 14, 15 };
    const char *text = container_of(dev, Vmgenid, device)->guid;
    for (unsigned i = 0; i < VMGENID_BYTES; i++) {
        text += *text == '-';
        bytes[order[i]] = g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]);
        text += 2;
    }
}

char *vmgenid_text(Device *dev)
{
    return g_strdup(container_of(dev, Vmgenid, device)->guid);
}

void vmgenid_placed(Device *dev, hwaddr address)
{
    container_of(dev, Vmgenid, device)->address = address;
}

static bool vmgenid_realize(Device *device, GError **errp)
{
    Vmgenid *dev = container_of(device, Vmgenid, device);
    if (vmgenid_find(device_machine(device)) != device) {
        error_set(errp, "vmgenid: the machine has one already");
        return false;
    }
    if (!dev->guid || strcmp(dev->guid, "auto") == 0) {
        g_free(dev->guid);
        dev->guid = g_uuid_string_random();
    }
    if (!g_uuid_string_is_valid(dev->guid)) {
        error_set(errp, "vmgenid: guid '%s' is neither a UUID nor 'auto'", dev->guid);
        return false;
    }
    device_add_irq_outputs(device, "changed", &dev->changed, 1);
    return true;
}

/* Another run of the same past: the number of this process is what the guest shall see. */
static bool vmgenid_post_load(void *opaque, uint32_t version, GError **errp)
{
    Vmgenid *dev = opaque;
    uint8_t bytes[VMGENID_BYTES];
    vmgenid_bytes(&dev->device, bytes);
    if (dev->address) {
        address_space_write(&device_machine(&dev->device)->memory, dev->address, bytes,
                            sizeof(bytes), (MemTxAttrs){ .memory_only = 1 });
        irq_pulse(dev->changed);
    }
    return true;
}

static const Property vmgenid_properties[] = {
    PROPERTY_STRING("guid", Vmgenid, guid, NULL, .help = "the number as a UUID; auto: a new one"),
    {},
};

static const VmState vmgenid_vmstate = {
    .version = 1,
    .post_load = vmgenid_post_load,
    .fields = (const VmField[]){ VM_U64(Vmgenid, address), {} },
};

static const DeviceClass vmgenid_class = {
    .object = { .name = "vmgenid",
                .parent = &device_class.object,
                .instance_size = sizeof(Vmgenid),
                .properties = vmgenid_properties },
    .summary = "Tells the guest when it was taken back or copied",
    .user_creatable = true,
    .realize = vmgenid_realize,
    .vmstate = &vmgenid_vmstate,
};
CLASS_REGISTER(vmgenid_class);
