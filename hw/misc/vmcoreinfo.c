/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the guest's kernel says what a dump of its memory needs to be read: file "etc/vmcoreinfo"
 * of fw_cfg, which the guest writes. Spec: QEMU docs/specs/vmcoreinfo.rst.
 */
#include <string.h>

#include "hw/core/machine.h"
#include "hw/nvram/fw_cfg.h"
#include "util/error.h"
#include "util/log.h"

#define FILE_NAME "etc/vmcoreinfo"
enum { FORMAT_NONE, FORMAT_ELF };

/* As in the file, little endian. */
typedef struct {
    uint16_t host_format, guest_format;
    uint32_t length;
    uint64_t address;
} Info;

typedef struct {
    Device device;
    Device *fw_cfg;
    Info info; /* guest state */
} Vmcoreinfo;

static const Info first = { .host_format = FORMAT_ELF };

static void written(void *opaque)
{
    Vmcoreinfo *dev = opaque;
    uint32_t length;
    const void *bytes = fw_cfg_file(dev->fw_cfg, FILE_NAME, &length);
    memcpy(&dev->info, bytes, sizeof(dev->info));
    TRACE(vmcoreinfo_written, "format=%u length=%u address=%#llx",
          GUINT16_FROM_LE(dev->info.guest_format), GUINT32_FROM_LE(dev->info.length),
          (unsigned long long)GUINT64_FROM_LE(dev->info.address));
}

static bool vmcoreinfo_realize(Device *device, GError **errp)
{
    Vmcoreinfo *dev = container_of(device, Vmcoreinfo, device);
    Object *cfg = object_child(&device_machine(device)->object, "fw-cfg");
    if (!cfg) {
        error_set(errp, "vmcoreinfo: this machine has no fw_cfg");
        return false;
    }
    dev->fw_cfg = container_of(cfg, Device, object);
    if (!fw_cfg_add_file(dev->fw_cfg, FILE_NAME, &first, sizeof(first), errp)) {
        return false;
    }
    fw_cfg_on_write(dev->fw_cfg, FILE_NAME, written, dev);
    g_ptr_array_add(device_machine(device)->resettable, device);
    return true;
}

static void vmcoreinfo_unrealize(Device *device)
{
    g_ptr_array_remove(device_machine(device)->resettable, device);
}

static void vmcoreinfo_reset(Device *device)
{
    Vmcoreinfo *dev = container_of(device, Vmcoreinfo, device);
    if (device_machine(device)->waking) {
        return; /* the guest will not tell again */
    }
    dev->info = first;
    fw_cfg_update_file(dev->fw_cfg, FILE_NAME, &first, sizeof(first));
}

static bool vmcoreinfo_post_load(void *opaque, uint32_t version, GError **errp)
{
    Vmcoreinfo *dev = opaque;
    fw_cfg_update_file(dev->fw_cfg, FILE_NAME, &dev->info, sizeof(dev->info));
    return true;
}

static const VmState vmcoreinfo_vmstate = {
    .version = 1,
    .post_load = vmcoreinfo_post_load,
    .fields =
        (const VmField[]){
            VM_U16(Vmcoreinfo, info.host_format),
            VM_U16(Vmcoreinfo, info.guest_format),
            VM_U32(Vmcoreinfo, info.length),
            VM_U64(Vmcoreinfo, info.address),
            {},
        },
};

static const DeviceClass vmcoreinfo_class = {
    .object = { .name = "vmcoreinfo",
                .parent = &device_class.object,
                .instance_size = sizeof(Vmcoreinfo) },
    .summary = "Lets the guest say how to read a dump of its memory",
    .user_creatable = true,
    .realize = vmcoreinfo_realize,
    .unrealize = vmcoreinfo_unrealize,
    .reset = vmcoreinfo_reset,
    .vmstate = &vmcoreinfo_vmstate,
};
CLASS_REGISTER(vmcoreinfo_class);
