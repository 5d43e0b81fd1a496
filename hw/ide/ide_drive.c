/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drives as devices: what -device and -drive make. */
#include <stdio.h>
#include <string.h>

#include "hw/ide/ide_bus.h"
#include "util/error.h"

typedef struct {
    Device device;
    AtaDrive ata;
    /* properties */
    char *drive;
    int32_t unit, bootindex;
    int on_read_error, on_write_error;
} IdeDrive;

typedef struct {
    DeviceClass device;
    enum { KIND_DISK, KIND_CD, KIND_OF_DRIVE } kind;
} IdeDriveClass;

unsigned ide_drive_unit(const Device *dev)
{
    return container_of(dev, IdeDrive, device)->ata.unit;
}

static char *describe(Bus *bus, Device *dev)
{
    return g_strdup_printf("unit = %u", container_of(dev, IdeDrive, device)->ata.unit);
}

static bool check_address(Bus *bus, Device *dev, GError **errp)
{
    const IdeBus *ide = container_of(bus, IdeBus, bus);
    IdeDrive *drive = container_of(dev, IdeDrive, device);
    unsigned unit = 0;

    if (drive->unit >= 0 && (unsigned)drive->unit >= ide->units) {
        error_set(errp, "unit=%d: bus '%s' has %u", drive->unit, bus->object.name, ide->units);
        return false;
    }
    while (drive->unit < 0 && unit < ide->units && ide->drives[unit]) {
        unit++;
    }
    unit = drive->unit >= 0 ? (unsigned)drive->unit : unit;
    if (unit >= ide->units || ide->drives[unit]) {
        error_set(errp, "unit %u of bus '%s' is in use", MIN(unit, ide->units - 1),
                  bus->object.name);
        return false;
    }
    drive->ata.unit = unit;
    return true;
}

const IdeBusClass ide_bus_class = {
    .bus = { .object = { .name = "IDE",
                         .parent = &bus_class.object,
                         .instance_size = sizeof(IdeBus) },
             .check_address = check_address,
             .describe = describe,
             .max_devices = IDE_MAX_UNITS },
};
CLASS_REGISTER(ide_bus_class);

/* A bus that can only have one drive. */
static const IdeBusClass ide_port_class = {
    .bus = { .object = { .name = "IDE-port", .parent = &ide_bus_class.bus.object },
             .check_address = check_address,
             .describe = describe,
             .max_devices = 1 },
};
CLASS_REGISTER(ide_port_class);

void ide_bus_init(IdeBus *bus, Device *owner, const char *name, unsigned units,
                  const AtaPortOps *ops, void *port)
{
    g_assert(units <= IDE_MAX_UNITS);
    bus_init(&bus->bus, units == 1 ? &ide_port_class.bus : &ide_bus_class.bus, owner, name);
    bus->units = units;
    bus->ops = ops;
    bus->port = port;
}

/* The host's hand on a CD drive */

static void medium_changed(void *opaque)
{
    cd_drive_medium_changed(&((IdeDrive *)opaque)->ata.cd);
}

static bool tray_is_open(void *opaque)
{
    return ((IdeDrive *)opaque)->ata.cd.tray_open;
}

static bool tray_is_locked(void *opaque)
{
    return ((IdeDrive *)opaque)->ata.cd.locked;
}

static void move_tray(void *opaque, bool open)
{
    cd_drive_move_tray(&((IdeDrive *)opaque)->ata.cd, open);
}

static void press_button(void *opaque)
{
    cd_drive_press_button(&((IdeDrive *)opaque)->ata.cd);
}

static const BlockUserOps cd_ops = {
    .removable = true,
    .medium_changed = medium_changed,
    .tray_is_open = tray_is_open,
    .tray_is_locked = tray_is_locked,
    .move_tray = move_tray,
    .press_button = press_button,
};
static const BlockUserOps disk_ops;

/* Life */

static bool check_identity(const IdeDrive *drive, GError **errp)
{
    const AtaIdentity *id = &drive->ata.id;
    uint32_t physical = id->physical_bytes;
    bool chs = id->cylinders || id->heads || id->sectors;

    if (id->logical_bytes != ATA_SECTOR_BYTES) {
        error_set(errp, "ide: logical_block_size must be %d", ATA_SECTOR_BYTES);
    } else if (physical < ATA_SECTOR_BYTES || physical > 32768 || physical & (physical - 1)) {
        error_set(errp, "ide: physical_block_size %u must be a power of two from 512 to 32768",
                  physical);
    } else if (strlen(id->serial) > 20 || strlen(id->model) > 40 || strlen(id->version) > 8) {
        error_set(errp, "ide: serial has 20 characters at most, model 40, ver 8");
    } else if (chs && (!id->cylinders || !id->heads || !id->sectors || id->cylinders > 65535 ||
                       id->heads > 16 || id->sectors > 255)) {
        error_set(errp, "ide: cyls=1..65535, heads=1..16 and secs=1..255 go together");
    } else {
        return true;
    }
    return false;
}

/* The first drive of all without a serial number is QM00001, and so on. */
static void set_names(IdeDrive *drive, unsigned number)
{
    AtaDrive *ata = &drive->ata;

    if (!*ata->id.serial) {
        g_free(ata->id.serial);
        ata->id.serial = g_strdup_printf("QM%05u", number);
    }
    if (!*ata->id.model) {
        g_free(ata->id.model);
        ata->id.model = g_strdup(ata->packet ? "RHEA DVD-ROM" : "RHEA HARDDISK");
    }
    g_strlcpy(ata->cd.vendor, "RHEA", sizeof(ata->cd.vendor));
    g_strlcpy(ata->cd.model, "CD-ROM", sizeof(ata->cd.model));
    g_strlcpy(ata->cd.version, ata->id.version, sizeof(ata->cd.version));
    g_strlcpy(ata->cd.serial, ata->id.serial, sizeof(ata->cd.serial));
}

/* A CD drive without drive= is empty, with a back end of its own. */
static BlockBackend *get_backend(IdeDrive *drive, bool packet, GError **errp)
{
    Object *obj = &drive->device.object;

    if (drive->drive && *drive->drive) {
        return block_backend_find(obj, drive->drive, errp);
    }
    if (!packet) {
        error_set(errp, "%s: property 'drive' is missing: the id of a -drive", obj->class->name);
        return NULL;
    }
    return block_backend_new_for(obj, drive->device.id, errp);
}

static unsigned bus_number(const Bus *bus)
{
    const char *dot = strrchr(bus->object.name, '.');

    return dot ? strtoul(dot + 1, NULL, 10) : 0;
}

static bool take(IdeDrive *drive, BlockBackend *backend, GError **errp)
{
    Object *user = &drive->device.object;
    bool packet = drive->ata.packet;

    if (!block_backend_take(backend, user, packet ? &cd_ops : &disk_ops, drive, errp)) {
        return false;
    }
    if (!packet && block_backend_size(backend) < ATA_SECTOR_BYTES) {
        error_set(errp, "drive '%s' is smaller than a sector", backend->id);
        block_backend_release(backend);
        return false;
    }
    block_backend_set_policy(backend, drive->on_read_error, drive->on_write_error);
    drive->ata.backend = backend;
    return true;
}

static bool ide_drive_realize(Device *dev, GError **errp)
{
    IdeDrive *drive = container_of(dev, IdeDrive, device);
    const IdeDriveClass *class = (const IdeDriveClass *)dev->object.class;
    IdeBus *bus = container_of(dev->bus, IdeBus, bus);
    AtaDrive *ata = &drive->ata;

    if (!check_identity(drive, errp)) {
        return false;
    }
    BlockBackend *backend = get_backend(drive, class->kind == KIND_CD, errp);
    if (!backend) {
        return false;
    }
    ata->packet = class->kind == KIND_CD || (class->kind == KIND_OF_DRIVE && backend->is_cdrom);
    if (!take(drive, backend, errp)) {
        block_backend_drop_unused(backend);
        return false;
    }
    ata->queued = bus->queued;
    ata->ops = bus->ops;
    ata->port = bus->port;
    set_names(drive, bus_number(dev->bus) * bus->units + ata->unit + 1);
    ata_init(ata);
    bus->drives[ata->unit] = ata;
    return true;
}

static void ide_drive_unrealize(Device *dev)
{
    IdeDrive *drive = container_of(dev, IdeDrive, device);
    IdeBus *bus = container_of(dev->bus, IdeBus, bus);

    bus->drives[drive->ata.unit] = NULL;
    ata_cleanup(&drive->ata);
    block_backend_release(drive->ata.backend);
    block_backend_drop_unused(drive->ata.backend);
}

static void ide_drive_reset(Device *dev)
{
    ata_power_on(&container_of(dev, IdeDrive, device)->ata);
}

#define COMMON_PROPERTIES                                                                          \
    PROPERTY_STRING("drive", IdeDrive, drive, NULL, .help = "id of the drive"),                    \
        PROPERTY_I32("unit", IdeDrive, unit, -1,                                                   \
                     .help = "0 or 1 on the cable; -1: the first free"),                           \
        PROPERTY_STRING("serial", IdeDrive, ata.id.serial, "",                                     \
                        .help = "serial number, up to 20 characters"),                             \
        PROPERTY_STRING("model", IdeDrive, ata.id.model, "", .help = "name, up to 40 characters"), \
        PROPERTY_STRING("ver", IdeDrive, ata.id.version, "1.0",                                    \
                        .help = "version, up to 8 characters"),                                    \
        PROPERTY_U64("wwn", IdeDrive, ata.id.wwn, 0, .help = "world wide name"),                   \
        PROPERTY_I32("bootindex", IdeDrive, bootindex, -1, .min = -1, .max = INT32_MAX,            \
                     .help = "place among what firmware tries to boot; -1: as it likes"),          \
        PROPERTY_ENUM("rerror", IdeDrive, on_read_error, block_policy_names, 0,                    \
                      .help = "when a read fails"),                                                \
        PROPERTY_ENUM("werror", IdeDrive, on_write_error, block_policy_names, 0,                   \
                      .help = "when a write fails"),                                               \
        PROPERTY_U32("logical_block_size", IdeDrive, ata.id.logical_bytes, 512,                    \
                     .help = "bytes a sector, always 512"),                                        \
        PROPERTY_U32("physical_block_size", IdeDrive, ata.id.physical_bytes, 512,                  \
                     .help = "piece that the guest should transfer, in bytes")

static const Property cd_properties[] = { COMMON_PROPERTIES, {} };

static const Property disk_properties[] = {
    COMMON_PROPERTIES,
    PROPERTY_U32("cyls", IdeDrive, ata.id.cylinders, 0, .help = "cylinders; 0: computed"),
    PROPERTY_U32("heads", IdeDrive, ata.id.heads, 0, .help = "heads; 0: computed"),
    PROPERTY_U32("secs", IdeDrive, ata.id.sectors, 0, .help = "sectors a track; 0: computed"),
    PROPERTY_U32("rotation_rate", IdeDrive, ata.id.rotation_rate, 0, .max = 0xfffe,
                 .help = "turns a minute; 1: a solid state disk, 0: not told"),
    PROPERTY_U32("discard_granularity", IdeDrive, ata.id.discard_bytes, 512,
                 .help = "piece that the guest should discard, in bytes; 0: it cannot"),
    PROPERTY_BOOL("write-cache", IdeDrive, ata.id.write_cache, true,
                  .help = "data are safe when the guest flushes, rather than at once"),
    {},
};

static const VmState ide_drive_vmstate = {
    .version = 1,
    .fields = (const VmField[]){ VM_STRUCT(IdeDrive, ata, ata_drive_vmstate), {} },
};

#define IDE_DRIVE(symbol, class_name, text, kind_of_it, table)     \
    static const IdeDriveClass symbol = {                          \
        .device = { .object = { .name = class_name,                \
                                .parent = &device_class.object,    \
                                .instance_size = sizeof(IdeDrive), \
                                .properties = table },             \
                    .summary = text,                               \
                    .category = DEVICE_CATEGORY_STORAGE,           \
                    .bus = &ide_bus_class.bus,                     \
                    .user_creatable = true,                        \
                    .realize = ide_drive_realize,                  \
                    .unrealize = ide_drive_unrealize,              \
                    .reset = ide_drive_reset,                      \
                    .vmstate = &ide_drive_vmstate },               \
        .kind = (kind_of_it),                                      \
    };                                                             \
    CLASS_REGISTER(symbol)

IDE_DRIVE(ide_hd_class, "ide-hd", "ATA disk", KIND_DISK, disk_properties);
IDE_DRIVE(ide_cd_class, "ide-cd", "ATAPI CD/DVD drive", KIND_CD, cd_properties);
IDE_DRIVE(ide_drive_class, "ide-drive", "ATA disk or CD drive, as the drive's media= says",
          KIND_OF_DRIVE, disk_properties);
